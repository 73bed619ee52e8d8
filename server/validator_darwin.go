package server

import (
	"io/fs"
	"syscall"
)

// inodeOf gives the inode of a file; complete says whether the system told all of it.
func inodeOf(fi fs.FileInfo) (node inode, complete bool) {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return inode{}, false
	}
	return inode{uint64(st.Dev), st.Ino, st.Ctimespec.Nano()}, true
}
