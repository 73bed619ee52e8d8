package source

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"braid/scheduler"
	"braid/segment"
)

// A Lane is one connection to where an HTTP's redirects led, for measuring. What
// it asks is asked once, by the goroutine that wants the answer, with the request
// that any other would send, and the answer passes the same gate; but no server
// is let off anything, and nothing that is short, long or beside the range is put
// right. It is not safe for use by several goroutines at once.
//
// net/http's transport has two goroutines of its own to every connection, and
// hands each answer from one to the other: at short ranges that is half of what a
// request costs, and it would be measured as if it were the server's. Here
// package http only reads the answer's header and frames its body.
type Lane struct {
	source    *HTTP
	transport *transport
	at        place
	known     fact
	patience  time.Duration
	req       *http.Request // which the answers belong to
	head      []byte        // of a request, up to the value of its Range
	tail      []byte        // and from there on
	out       []byte        // the request that is sent

	conn   net.Conn // nil if there is none
	end    func() bool
	meter  *meter
	in     *bufio.Reader
	answer pending
}

// Facts are what can be told of an answer besides its bytes.
type Facts struct {
	Status    int       // 0 if no answer came
	FirstByte time.Time // when the first byte of the answer came; zero if none did
	Connected bool      // a connection was made for it
	Handshake bool      // and TLS begun on it
	Again     bool      // it was sent twice: the server had closed the idle connection (RFC 9112, section 9.3.1)
}

// NewLane is a connection, not yet made, for asking s. The client must be one that
// Client made; its proxy is not used. A request that brings nothing for patience
// fails; 0 means 15 s.
func NewLane(c *http.Client, s *HTTP, patience time.Duration) *Lane {
	at, known := s.known()
	l := &Lane{source: s, transport: c.Transport.(*transport), at: at, known: known, patience: patience}
	if l.patience <= 0 {
		l.patience = 15 * time.Second
	}
	const mark = "bytes=?"
	l.req = s.web.request(at, mark, false)
	var b bytes.Buffer
	_ = l.req.Write(&b) // a buffer takes everything
	head, tail, _ := bytes.Cut(b.Bytes(), []byte("\r\nRange: "+mark))
	l.head, l.tail = append(head, "\r\nRange: bytes="...), tail
	return l
}

// Ask asks for ranges, which must lie inside the file, not be empty, and not
// touch. The answer is read with Part, to its end; else its connection is lost
// to the next. A single range that ends where the file does may be asked for by
// its length alone (RFC 9110, section 14.1.2: a suffix).
//
// The connection ends with the ctx it was made under, which therefore must be
// that of all that is asked. An error is as of HTTP.Open.
func (l *Lane) Ask(ctx context.Context, suffix bool, ranges ...segment.Range) (Facts, error) {
	if !l.answer.over() {
		l.Close()
	}
	l.out = append(l.out[:0], l.head...)
	l.out = appendRanges(l.out, suffix, ranges)
	l.out = append(l.out, l.tail...)
	f := Facts{}
	resp, err := l.exchange(ctx, &f)
	if err != nil {
		l.Close()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return f, err
	}
	f.Status = resp.StatusCode
	if err := l.answer.begin(l, resp, ranges); err != nil {
		l.Close()
		return f, err
	}
	return f, nil
}

// exchange sends the request and reads the answer's header. A connection that was
// kept may have been closed by the server meanwhile, which is not a fault; then
// the request goes over a new one.
func (l *Lane) exchange(ctx context.Context, f *Facts) (*http.Response, error) {
	kept := l.conn != nil
	resp, err := l.attempt(ctx, f)
	if err != nil && kept && l.meter.first.IsZero() && ctx.Err() == nil && hungUp(err) {
		l.Close()
		f.Again = true
		resp, err = l.attempt(ctx, f)
	}
	return resp, err
}

func (l *Lane) attempt(ctx context.Context, f *Facts) (*http.Response, error) {
	if l.conn == nil {
		f.Handshake = l.at.url.Scheme == "https"
		if err := l.connect(ctx); err != nil {
			return nil, broken(l.at.host(), err)
		}
		f.Connected = true
	}
	l.meter.begin()
	_, err := l.conn.Write(l.out)
	if err != nil {
		return nil, broken(l.at.host(), err)
	}
	resp, err := l.header()
	f.FirstByte = l.meter.first
	if err == io.ErrUnexpectedEOF && l.meter.first.IsZero() {
		err = io.EOF // package http calls any end one, but here nothing has begun
	}
	if err != nil {
		return nil, l.garbled(err, "it is not HTTP")
	}
	return resp, nil
}

// header reads the answer's, and those of the interim ones before it (RFC 9110,
// section 15.2).
func (l *Lane) header() (*http.Response, error) {
	for range 6 {
		resp, err := http.ReadResponse(l.in, l.req)
		if err != nil || resp.StatusCode >= 200 {
			l.meter.left = -1
			return resp, err
		}
	}
	return nil, errors.New("nothing but interim answers")
}

// garbled says what is wrong with what was read: the connection, or else text.
func (l *Lane) garbled(err error, text string) error {
	switch {
	case errors.Is(err, errHeader):
		text = "its headers are too large"
	case network(err):
		return &netError{host: l.at.host(), err: err}
	case errors.Is(err, scheduler.ErrStalled):
		return fmt.Errorf("%s: %w", l.at.host(), err)
	}
	return l.wrong("%s", text)
}

// broken says what is wrong with the framing of a body.
func (l *Lane) broken(err error) error {
	if network(err) || errors.Is(err, scheduler.ErrStalled) {
		return l.garbled(err, "")
	}
	return malformed(l.at.host(), err)
}

// connect makes the connection, at an address that the client may use.
func (l *Lane) connect(ctx context.Context) error {
	u := l.at.url
	conn, err := l.transport.dial(ctx, net.JoinHostPort(u.Hostname(), port(u)), func(netip.Addr) error { return nil })
	if err != nil {
		return err
	}
	if u.Scheme == "https" {
		config := l.transport.near.TLSClientConfig.Clone()
		config.ServerName = u.Hostname()
		config.NextProtos = []string{"http/1.1"}
		secure := tls.Client(conn, config)
		hello, cancel := context.WithTimeout(ctx, l.transport.timeout)
		defer cancel()
		if err := secure.HandshakeContext(hello); err != nil {
			conn.Close()
			return err
		}
		conn = secure
	}
	l.conn = conn
	l.end = context.AfterFunc(ctx, func() { conn.Close() })
	l.meter = &meter{conn: conn, patience: l.patience}
	if l.in == nil {
		l.in = bufio.NewReaderSize(l.meter, 16<<10)
	}
	l.in.Reset(l.meter)
	return nil
}

// Close gives the connection up; the next Ask makes another.
func (l *Lane) Close() {
	if l.conn != nil {
		l.end()
		l.conn.Close()
		l.conn = nil
	}
	l.answer = pending{}
}

// hungUp says whether err is how a connection fails that the other end closed.
func hungUp(err error) bool {
	n, ok := errors.AsType[net.Error](err)
	return network(err) && !(ok && n.Timeout())
}

var errHeader = errors.New("too large a header")

// A meter is what answers are read from.
type meter struct {
	conn     net.Conn
	patience time.Duration
	moved    time.Time // when the deadline was
	first    time.Time // when the first byte came
	left     int       // how long a header may still be; negative outside of one
}

func (m *meter) begin() { m.first, m.left = time.Time{}, 256<<10 }

func (m *meter) Read(p []byte) (int, error) {
	if m.left == 0 {
		return 0, errHeader
	}
	if m.left > 0 {
		p = p[:min(len(p), m.left)]
	}
	// A deadline costs more than looking at the clock, so it is moved only now and
	// then, and lies a little further on.
	if now := time.Now(); now.Sub(m.moved) > m.patience/16 {
		if err := m.conn.SetReadDeadline(now.Add(m.patience + m.patience/16)); err != nil {
			return 0, err
		}
		m.moved = now
	}
	n, err := m.conn.Read(p)
	if n > 0 && m.first.IsZero() {
		m.first = time.Now()
	}
	if m.left > 0 {
		m.left -= n
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		err = fmt.Errorf("%w for %v", scheduler.ErrStalled, m.patience)
	}
	return n, err
}
