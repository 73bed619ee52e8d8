package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

// unreadable says why no process can be looked at here, or "".
func unreadable() string {
	if _, err := takeCensus(os.Getpid()); err != nil {
		return err.Error()
	}
	return ""
}

// takeCensus looks at a process that runs.
func takeCensus(pid int) (c census, err error) {
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return c, err
	}
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return c, err
	}
	busy := 0
	for _, thread := range threads {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/stat", pid, thread.Name()))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // ended just now
		}
		if err != nil {
			return c, err
		}
		_, state, _ := bytes.Cut(stat, []byte(") ")) // after the name, which may hold anything but this
		if !bytes.HasPrefix(state, []byte("S")) {
			busy++
		}
	}
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return c, err
	}
	fields := bytes.Fields(statm) // of pages: the whole size, and what is resident
	if len(fields) < 2 {
		return c, fmt.Errorf("/proc/%d/statm says %q", pid, statm)
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return census{descriptors: len(fds), threads: len(threads), busy: busy, resident: pages * int64(os.Getpagesize())}, err
}
