package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"braid/server"
)

// An origin serves one round, so that what is sent can be told from all else.
type origin struct {
	url       string       // ends in a slash
	authority string       // a file that vouches for it; "" without TLS
	sent      atomic.Int64 // bytes, headers included, as far as the kernel took them
}

// A servingFunc runs an origin while use does. wrap, if it is not nil, stands
// between the client and the origin.
type servingFunc func(ctx context.Context, o server.Options, wrap func(http.Handler) http.Handler, use func(*origin) error) error

// serving is the usual one.
func serving(ctx context.Context, o server.Options, wrap func(http.Handler) http.Handler, use func(*origin) error) error {
	o.Pattern, o.Grace = true, time.Millisecond
	handler, err := server.New(o)
	if err != nil {
		return err
	}
	if wrap != nil {
		handler = wrap(handler)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	og := &origin{url: "http://" + listener.Addr().String() + "/"}
	listener = &metered{listener, &og.sent}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener, handler, o) }()
	err = use(og)
	stop()
	if served := <-ended; err == nil && !errors.Is(served, server.ErrCut) {
		err = served
	}
	return err
}

// metered counts what is sent over its connections.
type metered struct {
	net.Listener
	sent *atomic.Int64
}

// inFlight is the most that the kernel holds back for a connection. What a
// killed client never saw counts as sent, so it should be little.
const inFlight = 64 << 10

func (l *metered) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(inFlight) // only the count is less exact without
	}
	return &meteredConn{c, l.sent}, nil
}

type meteredConn struct {
	net.Conn
	sent *atomic.Int64
}

func (c *meteredConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent.Add(int64(n))
	return n, err
}

// CloseWrite lets a response end with a goodbye.
func (c *meteredConn) CloseWrite() error {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		return tcp.CloseWrite()
	}
	return nil
}

// SetLinger lets it end without one: with 0 closing is a reset.
func (c *meteredConn) SetLinger(seconds int) error {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		return tcp.SetLinger(seconds)
	}
	return nil
}
