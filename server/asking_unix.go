//go:build unix

package server

import (
	"errors"
	"net"
	"syscall"
)

// asking waits until there is something to read on a connection, without a buffer to read it into. On one of which this
// cannot be known it returns at once.
func asking(c net.Conn) error {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return err
	}
	var one [1]byte
	return raw.Read(func(fd uintptr) bool {
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK)
		return !errors.Is(err, syscall.EAGAIN) // the end and other errors are for whoever reads
	})
}
