//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// peakOf is the most resident memory a process that has ended had, in bytes.
// Linux counts from what its parent had when it was started.
func peakOf(p *os.ProcessState) int64 {
	u, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return peakBytes(u)
}

// ownPeak is that of this process so far.
func ownPeak() int64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return peakBytes(&u)
}

func peakBytes(u *syscall.Rusage) int64 {
	if runtime.GOOS == "darwin" {
		return int64(u.Maxrss)
	}
	return int64(u.Maxrss) << 10
}
