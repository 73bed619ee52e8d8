package source

import (
	"crypto/tls"
	"io"
	"net"
	"sync/atomic"
)

// A line is a connection that remembers whether the other end hung up. Under
// TLS that tells a body that was cut from one that ended: the end is announced by
// a close_notify (RFC 8446, section 6.1), before the line is closed. Package tls
// lets a missing one pass if it is missing between two records.
type line struct {
	net.Conn
	closed atomic.Bool
}

func (l *line) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if err == io.EOF {
		l.closed.Store(true)
	}
	return n, err
}

// below is the line that TLS runs over, nil if there is none.
func below(conn net.Conn) *line {
	t, ok := conn.(*tls.Conn)
	if !ok {
		return nil
	}
	l, _ := t.NetConn().(*line)
	return l
}

// cut says whether the line was closed without a word.
func (l *line) cut() bool { return l != nil && l.closed.Load() }
