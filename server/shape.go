package server

import (
	"net"
	"sync"
	"time"
)

// A Shape makes an origin as slow as one far away. The zero Shape changes nothing, and costs nothing.
type Shape struct {
	// Latency is waited before the first byte of every response; 0 means no wait. [New] sees to it.
	Latency time.Duration

	// RatePerConnection is the most bytes a second one connection sends, headers included; 0 means no limit. It is the
	// rate of a line and not of a request: a client that opens n connections gets n times as much. [Serve] sees to it,
	// and only there can it be had.
	RatePerConnection int64

	// RatePerClient is the most bytes of content a second that one client gets of one file, over however many
	// connections; they divide it about evenly. 0 means no limit. A client is an IPv4 address, or the /64 of an IPv6 address.
	// [New] sees to it. Sendfile is kept.
	RatePerClient int64
}

const (
	tick  = 20 * time.Millisecond // the most a shaped connection sends at once, in time at its rate
	burst = 50 * time.Millisecond // the most an idle or delayed one may make up for

	maxSlice = 256 << 10 // bytes; at very high rates a tick's worth would be too much to hold back and let go
)

// conn returns c if there is no rate to keep. Otherwise it returns a connection that sends steadily at the rate, in
// slices of at most 20 ms worth. Only the way to the client is shaped. Sendfile is lost on such a connection.
func (s Shape) conn(c net.Conn) net.Conn {
	if s.RatePerConnection <= 0 {
		return c
	}
	return newLine(c, s.RatePerConnection)
}

// A bucket measures out bytes at a steady rate: it knows when the line will have sent all it was given. The zero time
// stands for long ago, so a fresh bucket grants a whole burst.
type bucket struct {
	rate int64 // bytes a second
	free time.Time
}

// take gives n bytes to the line at now and returns how long the line is busy until the last of them is through.
func (b *bucket) take(now time.Time, n int) time.Duration {
	if earliest := now.Add(-burst); b.free.Before(earliest) {
		b.free = earliest
	}
	b.free = b.free.Add(time.Duration(float64(n) / float64(b.rate) * float64(time.Second)))
	return max(0, b.free.Sub(now))
}

// A line is a connection that sends at a steady rate.
type line struct {
	net.Conn
	slice int

	writing sync.Mutex // held by Write
	bucket  bucket

	once   sync.Once
	closed chan struct{} // closed by Close, which so ends a wait

	mu       sync.Mutex
	deadline time.Time // for writes
}

func newLine(c net.Conn, rate int64) *line {
	perTick := float64(rate) * tick.Seconds()
	return &line{
		Conn:   c,
		slice:  int(max(1, min(perTick, maxSlice))),
		bucket: bucket{rate: rate, free: time.Now()},
		closed: make(chan struct{}),
	}
}

// Write sends p slice by slice, each after the time the line takes for it.
func (l *line) Write(p []byte) (n int, err error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	for len(p) > 0 {
		k := min(len(p), l.slice)
		if err := l.wait(l.bucket.take(time.Now(), k)); err != nil {
			return n, err
		}
		m, err := l.Conn.Write(p[:k])
		n += m
		if err != nil {
			return n, err
		}
		p = p[k:]
	}
	return n, nil
}

// wait holds a write back for d. The client has no part in this delay, so it does not count toward the deadline.
func (l *line) wait(d time.Duration) error {
	if d == 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.closed:
		return net.ErrClosed
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.deadline.IsZero() {
		return nil
	}
	l.deadline = l.deadline.Add(d)
	return l.Conn.SetWriteDeadline(l.deadline)
}

func (l *line) SetWriteDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deadline = t
	return l.Conn.SetWriteDeadline(t)
}

func (l *line) SetDeadline(t time.Time) error {
	if err := l.SetWriteDeadline(t); err != nil {
		return err
	}
	return l.Conn.SetReadDeadline(t)
}

// CloseWrite lets net/http say goodbye before it hangs up, where the connection can.
func (l *line) CloseWrite() error {
	if c, ok := l.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}

func (l *line) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Conn.Close()
}
