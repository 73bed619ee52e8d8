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
	url  string       // ends in a slash
	sent atomic.Int64 // bytes, headers included, as far as the kernel took them
}

// serving runs an origin while use does. wrap, if it is not nil, stands between
// the origin and the client.
func serving(ctx context.Context, o server.Options, wrap func(http.Handler) http.Handler, use func(*origin) error) error {
	o.Pattern = true
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
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- server.Serve(ctx, o.Listener(&metered{listener, &og.sent}), handler, time.Millisecond)
	}()
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
