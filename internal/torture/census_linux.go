package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"
	"time"
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
	if err != nil {
		return c, err
	}
	cpu, err := cpuOf(pid)
	return census{len(fds), len(threads), busy, pages * int64(os.Getpagesize()), cpu}, err
}

// cpuOf is how long a process has run, in its own code and in the kernel.
func cpuOf(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]) // from the third on: see proc(5)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat says %q", pid, stat)
	}
	var ticks int64 // of 10 ms
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}
