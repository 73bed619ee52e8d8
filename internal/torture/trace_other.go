//go:build !linux

package main

import (
	"context"
	"errors"
	"os"
)

// watchable says why the calls of a process cannot be watched here.
func watchable(context.Context, string, string) string { return "points need Linux" }

func traced(context.Context, string, []string, string, *os.File, harm) (outcome, error) {
	return outcome{}, errors.New("points need Linux")
}
