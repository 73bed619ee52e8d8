package main

import (
	"net"
	"sync"
	"time"
)

const (
	slice    = 64 << 10              // bytes sent at once, at most
	perSlice = 10 * time.Millisecond // and the time for them, at most
	grain    = time.Millisecond      // what a line may be ahead: less cannot be slept
	idle     = 10 * time.Millisecond // what it may make up for
)

// A pace is a line that sends at a steady rate. Several connections may share
// it.
type pace struct {
	rate int64 // bytes a second

	mu   sync.Mutex
	free time.Time // when all that was given to it is through
}

// take gives n bytes to the line at now and returns how long it is busy.
func (p *pace) take(now time.Time, n int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if earliest := now.Add(-idle); p.free.Before(earliest) {
		p.free = earliest
	}
	p.free = p.free.Add(time.Duration(float64(n) / float64(p.rate) * float64(time.Second)))
	return p.free.Sub(now)
}

// A pacedConn sends no faster than its paces, and may fall ill.
type pacedConn struct {
	net.Conn
	paces []*pace
	ill   *illness // nil: it is well
	gone  func()   // called once, when it is closed

	once   sync.Once
	closed chan struct{}
}

// An illness befalls a connection once it has sent so many bytes.
type illness struct {
	silent bool // it sends nothing more, but stays; else it is reset
	left   int64
}

func (c *pacedConn) Write(p []byte) (sent int, err error) {
	most := slice
	for _, pc := range c.paces {
		most = max(1, min(most, int(float64(pc.rate)*perSlice.Seconds())))
	}
	for len(p) > 0 {
		k := min(len(p), most)
		if c.ill != nil {
			if c.ill.left <= 0 {
				return sent, c.fall()
			}
			k = int(min(int64(k), c.ill.left))
			c.ill.left -= int64(k)
		}
		wait := time.Duration(0)
		for _, pc := range c.paces {
			wait = max(wait, pc.take(time.Now(), k))
		}
		if wait > grain {
			select {
			case <-time.After(wait):
			case <-c.closed:
				return sent, net.ErrClosed
			}
		}
		n, err := c.Conn.Write(p[:k])
		sent += n
		if err != nil {
			return sent, err
		}
		p = p[k:]
	}
	return sent, nil
}

// fall is how it ends.
func (c *pacedConn) fall() error {
	if c.ill.silent {
		<-c.closed
		return net.ErrClosed
	}
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset
	}
	_ = c.Close()
	return net.ErrClosed
}

func (c *pacedConn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.gone()
	})
	return c.Conn.Close()
}

// SetWriteDeadline sets none: the pace is ours, and not the client's fault.
func (c *pacedConn) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline is for reads alone.
func (c *pacedConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// CloseWrite lets an answer end with a goodbye.
func (c *pacedConn) CloseWrite() error {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		return tcp.CloseWrite()
	}
	return nil
}
