package server

import (
	"net"
	"syscall"
	"unsafe"
)

// unsent is how many bytes written to a connection its peer has not acknowledged: SIOCOUTQ in tcp(7). Without an answer
// it is 0.
func unsent(c net.Conn) int64 {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0
	}
	var n int32
	_ = raw.Control(func(fd uintptr) { // if it fails n is still 0
		_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCOUTQ, uintptr(unsafe.Pointer(&n)))
	})
	return int64(n)
}
