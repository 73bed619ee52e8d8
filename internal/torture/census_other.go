//go:build !linux

package main

import "errors"

// unreadable says why no process can be looked at here.
func unreadable() string { return "only Linux shows what a process has in /proc" }

func takeCensus(int) (census, error) { return census{}, errors.ErrUnsupported }
