package main

import (
	"errors"
	"os"
	"syscall"
)

// reserve takes the room for size bytes, where the file system can.
func reserve(file *os.File, size int64) error {
	err := syscall.Fallocate(int(file.Fd()), 0, 0, size)
	if errors.Is(err, syscall.EOPNOTSUPP) {
		return file.Truncate(size)
	}
	return err
}
