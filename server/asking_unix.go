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
	return raw.Read(func(fd uintptr) bool {
		_, ready := peek(fd)
		return ready // the end and errors too: they are for whoever reads
	})
}

// pending says whether there is something to read on a connection at this moment.
func pending(c net.Conn) (some bool) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	_ = raw.Control(func(fd uintptr) { some, _ = peek(fd) }) // if it fails there is nothing
	return some
}

// peek says whether there is a byte to read, and whether a read would not wait, be it for that or because there is an end.
func peek(fd uintptr) (some, ready bool) {
	var one [1]byte
	n, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK)
	return err == nil && n > 0, !errors.Is(err, syscall.EAGAIN)
}
