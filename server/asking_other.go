//go:build !unix

package server

import (
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
	waited := false
	return raw.Read(func(uintptr) bool { // asked again when there is something
		ready := waited
		waited = true
		return ready
	})
}

// pending says whether there is something to read on a connection at this moment: not known here.
func pending(net.Conn) bool { return false }
