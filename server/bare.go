package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// A bare outlet is a connection taken from net/http, for a response that is no HTTP, or ends as none should.
type bare struct {
	conn    net.Conn
	rw      *bufio.ReadWriter
	chunked bool
	sent    int64
	left    chan struct{}   // closed when the client has hung up, or the connection was closed
	more    chan struct{}   // closed when the client has asked for something more
	stop    <-chan struct{} // closed when the server is told to stop
	forget  func() bool     // gives up watching the context of the request
	closed  bool
}

// bareOutlet takes over the connection of a response. It is closed when the context of the request ends.
func bareOutlet(w http.ResponseWriter, r *http.Request) (*bare, error) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, err
	}
	b := &bare{conn: conn, rw: rw, stop: stopping(r.Context()).Done(), left: make(chan struct{}), more: make(chan struct{})}
	b.forget = context.AfterFunc(r.Context(), func() { conn.Close() })
	go b.listen()
	return b, nil
}

// listen finds out whether the client leaves or goes on. It ends with the connection, and close waits for it.
func (b *bare) listen() {
	defer close(b.left)
	if _, err := b.rw.ReadByte(); err != nil {
		return
	}
	close(b.more)
	_, _ = io.Copy(io.Discard, b.rw.Reader) // what it says does not matter, only when it ends
}

func (b *bare) begin(rep *reply) {
	b.chunked = rep.framing == chunked || rep.framing == both
	if rep.naked {
		return
	}
	for range rep.interim {
		b.print("HTTP/1.1 103 Early Hints\r\n")
		b.fields(misleading())
	}
	if rep.line != "" {
		b.print("%s\r\n", rep.line)
	} else {
		b.print("HTTP/1.1 %d %s\r\n", rep.status, http.StatusText(rep.status))
	}
	h := rep.header.Clone()
	if h.Get("Date") == "" {
		h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	if b.chunked {
		h.Set("Transfer-Encoding", "chunked")
	}
	if !rep.rest {
		h.Set("Connection", "close")
	}
	b.fields(h)
}

// print writes to the connection. Errors show when it is flushed.
func (b *bare) print(format string, args ...any) { fmt.Fprintf(b.rw, format, args...) }

func (b *bare) fields(h http.Header) {
	_ = h.Write(b.rw) // as with print
	b.print("\r\n")
}

func (b *bare) Write(p []byte) (int, error) {
	if b.chunked {
		b.print("%s\r\n", strconv.FormatInt(int64(len(p)), 16))
	}
	n, err := b.rw.Write(p)
	b.sent += int64(n)
	if b.chunked {
		b.print("\r\n")
	}
	return n, err
}

func (b *bare) flush() error { return b.rw.Flush() }

func (b *bare) gone() <-chan struct{} { return b.left }

// end ends the response. What the client says meanwhile has been read, so that closing resets nothing.
func (b *bare) end(rep *reply) {
	if b.chunked {
		b.print("0\r\n")
		if rep.trailer {
			_ = fillers().Write(b.rw)
		}
		b.print("\r\n")
	}
	if b.flush() != nil {
		abort()
	}
	if rep.rest {
		b.idle()
	}
}

// maxIdle is how long a connection waits for another request.
const maxIdle = time.Minute

// idle waits for another request, which is not going to be answered.
func (b *bare) idle() {
	timer := time.NewTimer(maxIdle)
	defer timer.Stop()
	select {
	case <-b.more:
	case <-b.left:
	case <-b.stop:
	case <-timer.C:
	}
}

// cut ends the connection in the given way. All that was written has been flushed.
func (b *bare) cut(how ending) {
	if how == reset || how == torn {
		c := innermost(b.conn)
		if l, ok := c.(interface{ SetLinger(sec int) error }); ok && how == reset {
			_ = l.SetLinger(0) // else it is closed as any other
		}
		c.Close()
	}
	b.close()
	abort()
}

// innermost is the connection to the client itself, without what lies around it.
func innermost(c net.Conn) net.Conn {
	for {
		switch outer := c.(type) {
		case *tls.Conn:
			c = outer.NetConn()
		case *line:
			c = outer.Conn
		case *conn:
			c = outer.Conn
		default:
			return c
		}
	}
}

func (b *bare) close() int64 {
	if !b.closed {
		b.closed = true
		b.forget()
		b.conn.Close()
		<-b.left
	}
	return b.sent
}
