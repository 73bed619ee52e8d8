package server

import (
	"os"

	"golang.org/x/sys/unix"
)

// readOnce says that a file is going to be read once. Linux 6.3 and later then drop what they read for it before anything
// that others have used; earlier ones do nothing. What others have read of the same file stays, unlike after
// FADV_DONTNEED. It is advice, so errors do not matter.
func readOnce(f *os.File) {
	raw, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { _ = unix.Fadvise(int(fd), 0, 0, unix.FADV_NOREUSE) })
}
