package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"
)

// A visit is a connection from when it is accepted until it is closed. The guard's lock guards what is not constant.
type visit struct {
	net.Conn // as it was accepted
	from     netip.Addr
	who      *client
	parks    bool      // not with TLS, of which net/http has the state, nor where nothing tells when there is more to read
	excess   bool      // it is there only to be told that there is no room
	expires  time.Time // when its first request must have begun

	gone          bool
	in            *queue    // that holds it; nil: none
	since         time.Time // that it has been coming
	before, after *visit
}

// parkAfter is how long a connection may wait for another request in net/http, which spends some 25 KiB on it. One that
// waits longer is taken out of there and parked, which costs an eighth.
const parkAfter = 250 * time.Millisecond

// A conn is a visit's stay in net/http: from when it asks for something until it is closed, or has not asked for anything
// more for a while. In that case Read ends the stay with an error, and the Close that follows parks the visit.
type conn struct {
	*outflow
	visit *visit
	guard *guard
	bare  bool // what net/http writes goes out as it is, without TLS or a rate
	stay  atomic.Int32

	// Of the goroutine that serves the connection alone, or of one that it waits for.
	waiting bool      // no byte of another request has come
	until   time.Time // the read deadline that was set while waiting
	tail    [4]byte   // the last that was read
}

// What becomes of a stay.
const (
	staying int32 = iota
	leaving       // to be parked
	over
)

// errParked makes net/http let go of a connection.
var errParked = errors.New("the connection waits elsewhere")

func (c *conn) Read(p []byte) (int, error) {
	waited := c.waiting
	if waited {
		c.waiting = false
		if err := c.Conn.SetReadDeadline(soonest(c.until, time.Now().Add(parkAfter))); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Read(p)
	if waited && n == 0 && isTimeout(err) {
		if time.Now().Before(c.until) && c.between() && c.stay.CompareAndSwap(staying, leaving) {
			return 0, errParked
		}
		if err := c.Conn.SetReadDeadline(c.until); err != nil {
			return 0, err
		}
		n, err = c.Conn.Read(p)
	} else if waited && n < len(c.tail) { // net/http reads on before it sets another deadline
		if err := c.Conn.SetReadDeadline(c.until); err != nil {
			return n, err
		}
	}
	if n >= len(c.tail) {
		copy(c.tail[:], p[n-len(c.tail):n])
	} else {
		copy(c.tail[:], c.tail[n:])
		copy(c.tail[len(c.tail)-n:], p[:n])
	}
	return n, err
}

// between says that what was read last was the end of a request, so that net/http has nothing of another in its buffer.
func (c *conn) between() bool { return bytes.Equal(c.tail[:], []byte("\r\n\r\n")) }

// wait is called when net/http has answered a request and begins to wait for another.
func (c *conn) wait() { c.waiting, c.until = true, time.Time{} }

// SetReadDeadline is put off while a connection waits, because Read sets one itself. But the first only: with another one
// net/http says that it has gone on without Read, with a request that had come together with the one before.
func (c *conn) SetReadDeadline(t time.Time) error {
	if c.waiting {
		if c.until.IsZero() {
			c.until = t
			return nil
		}
		c.waiting = false
	}
	return c.Conn.SetReadDeadline(t)
}

// CloseWrite lets net/http say goodbye before it hangs up, where the connection can.
func (c *conn) CloseWrite() error {
	if half, ok := c.visit.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

func (c *conn) Close() error {
	switch c.stay.Swap(over) {
	case leaving:
		c.guard.park(c.visit)
		return nil
	case over:
		return nil
	}
	return c.guard.dismiss(c.visit)
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

func soonest(a, b time.Time) time.Time {
	if !a.IsZero() && a.Before(b) {
		return a
	}
	return b
}

// connKey is where the requests that Serve answers keep their connection.
type connKey struct{}

// connFrom is the connection of a request that Serve answers; nil for any other.
func connFrom(r *http.Request) *conn {
	c, _ := r.Context().Value(connKey{}).(*conn)
	return c
}

// bareConn is connFrom where neither TLS nor a rate lies between an answer and its connection, nor a stage, which decides
// itself what leaves when.
func bareConn(w http.ResponseWriter, r *http.Request) *conn {
	c := connFrom(r)
	if _, staged := w.(*stage); staged || c == nil || !c.bare {
		return nil
	}
	return c
}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, connOf(c))
}

// connOf is the conn within what net/http has of a connection.
func connOf(c net.Conn) *conn {
	for {
		switch outer := c.(type) {
		case *tls.Conn:
			c = outer.NetConn()
		case *line:
			c = outer.Conn
		case *conn:
			return outer
		default:
			return nil
		}
	}
}
