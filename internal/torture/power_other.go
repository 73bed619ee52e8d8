//go:build !linux

package main

import (
	"context"
	"errors"
	"io"
)

// unpluggable says why no disk can lose its power here.
func unpluggable() string { return "power cuts need Linux" }

const insideEnv = "BRAID_TORTURE_INSIDE"

func inside(context.Context, []string, io.Writer, io.Writer) (int, error) {
	return exitUnable, errors.New(unpluggable())
}

func secluded() error { return nil }

func powerLane(context.Context, *campaign, <-chan *round) error { return errors.New(unpluggable()) }
func eioLane(context.Context, *campaign, <-chan *round) error   { return errors.New(unpluggable()) }
