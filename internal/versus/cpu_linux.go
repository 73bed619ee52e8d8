package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// cpuOf is how much processor time a process that runs has had so far, with its children, as the scheduler keeps it, in
// nanoseconds; /proc/PID/stat has hundredths of a second. Threads that have ended are not in it: neither Go's runtime
// nor nginx ends any.
func cpuOf(pid int) (all time.Duration, err error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err != nil || len(threads) == 0 {
		return 0, errors.Join(err, fmt.Errorf("there is no process %d", pid))
	}
	for _, thread := range threads {
		stat, err := os.ReadFile(thread + "/schedstat")
		if errors.Is(err, fs.ErrNotExist) {
			continue // ended just now
		}
		if err != nil {
			return 0, err
		}
		first, _, _ := bytes.Cut(stat, []byte(" "))
		ran, err := strconv.ParseInt(string(first), 10, 64)
		if err != nil {
			return 0, err
		}
		all += time.Duration(ran)
		children, err := os.ReadFile(thread + "/children")
		if err != nil {
			return 0, err
		}
		for _, child := range strings.Fields(string(children)) {
			n, err := strconv.Atoi(child)
			if err != nil {
				return 0, err
			}
			more, err := cpuOf(n)
			if err != nil {
				return 0, err
			}
			all += more
		}
	}
	return all, nil
}
