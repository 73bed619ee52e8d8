//go:build unix

package bench

import (
	"syscall"
	"time"
)

// cpuTime is how much of the processors this process has used so far, by
// getrusage(2); ok is false where nobody can tell.
func cpuTime() (used time.Duration, ok bool) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, false
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), true
}
