//go:build unix

package server

import "syscall"

// descriptors is how many the process may have open.
func descriptors() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil || uint64(limit.Cur) > 4*maxConnections {
		return 4 * maxConnections
	}
	return int(limit.Cur)
}
