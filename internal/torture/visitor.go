package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"

	"braid/server"
)

// A visitor is one client of a server that is soaked.
type visitor struct {
	*round
	site *site
	addr string
	rand *rand.Rand

	conn *net.TCPConn // one that was kept, or nil
	r    *bufio.Reader
	used bool // it has carried an answer
	left bool // the client has stopped reading, as it meant to
}

// A phase is how far a client goes before it breaks off.
type phase int

const (
	toEnd         phase = iota // it does not
	afterConnect               // it asks for nothing
	withinRequest              // in the middle of its request
	beforeAnswer               // before it reads anything
	withinHeader               // in the middle of the answer's header
	withinContent              // in the middle of the content
	phaseCount    = iota
)

var phaseNames = [phaseCount]string{"to the end", "after connecting", "within the request", "before the answer", "within the header", "within the content"}

// A manner is how a client goes about an errand.
type manner struct {
	until phase
	rst   bool  // it breaks off by RST, not by FIN
	after int64 // bytes of the content, if that is within it
	slow  bool  // it reads slowly
	leave bool  // it closes the connection even if all went well
}

// errBroken says that a client broke off as it meant to.
var errBroken = errors.New("broken off")

// visit runs errands until it is over.
func (v *visitor) visit(ctx context.Context, over <-chan struct{}) error {
	defer v.leave(false)
	for {
		select {
		case <-over:
			return nil
		case <-ctx.Done():
			return nil
		case <-time.After(time.Duration(v.rand.Int64N(int64(20 * time.Millisecond)))):
		}
		m := manner{leave: v.rand.IntN(3) == 0, slow: v.rand.IntN(20) == 0}
		if v.rand.IntN(3) == 0 {
			m.until, m.rst, m.after = phase(1+v.rand.IntN(phaseCount-1)), v.rand.IntN(2) == 0, v.rand.Int64N(1<<16)
		}
		if err := v.run(ctx, errands[v.rand.IntN(len(errands))], m); err != nil {
			return err
		}
	}
}

// leave closes the connection.
func (v *visitor) leave(rst bool) {
	if v.conn == nil {
		return
	}
	if rst {
		_ = v.conn.SetLinger(0)
	}
	v.conn.Close()
	v.conn, v.r = nil, nil
}

// run runs one errand. What is wrong with the answer is a violation.
func (v *visitor) run(ctx context.Context, e errand, m manner) error {
	w := e.want(v)
	kept := v.conn != nil
	err := v.attempt(ctx, w, m)
	if kept && !v.used && !errors.Is(err, errBroken) && err != nil {
		v.leave(false) // the server has closed it meanwhile, as it may
		err = v.attempt(ctx, w, m)
	}
	switch {
	case ctx.Err() != nil:
		v.leave(false)
		return nil
	case errors.Is(err, errBroken):
		v.leave(m.rst)
		v.tally.add("broken off", 1)
		v.tally.detail("broken off " + phaseNames[m.until])
		return nil
	case err != nil:
		v.leave(false)
		return violated("%s: %q: %v", e.name, w.request, err)
	}
	v.tally.add("answers", 1)
	v.tally.detail("answers: " + e.name)
	if m.leave {
		v.leave(m.rst)
	}
	return nil
}

// attempt makes the request and looks at the answer, as far as the manner goes.
func (v *visitor) attempt(ctx context.Context, w want, m manner) error {
	v.used, v.left = false, false
	if v.conn == nil {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", v.addr)
		if err != nil {
			return err
		}
		v.conn, v.r = c.(*net.TCPConn), bufio.NewReader(c)
	}
	if m.until == afterConnect {
		return errBroken
	}
	_ = v.conn.SetDeadline(time.Now().Add(time.Minute)) // against hanging
	request := w.request + "Host: x\r\n\r\n"
	if m.until == withinRequest {
		_, err := io.WriteString(v.conn, request[:v.rand.IntN(len(request))])
		return errors.Join(err, errBroken)
	}
	if _, err := io.WriteString(v.conn, request); err != nil {
		return err
	}
	switch m.until {
	case beforeAnswer:
		return errBroken
	case withinHeader:
		_, err := io.CopyN(io.Discard, v.r, 1+v.rand.Int64N(50))
		v.used = err == nil
		return errors.Join(err, errBroken)
	}
	method, _, _ := strings.Cut(w.request, " ")
	resp, err := http.ReadResponse(v.r, &http.Request{Method: method})
	if err != nil {
		return err
	}
	v.used = true
	body := io.Reader(resp.Body)
	if m.slow {
		body = &slowly{r: body, pause: time.Duration(1+v.rand.IntN(50)) * time.Millisecond}
	}
	if m.until == withinContent {
		body = io.MultiReader(io.LimitReader(body, m.after), breaking{v})
	}
	if resp.StatusCode != w.status {
		return fmt.Errorf("%s, not %d", resp.Status, w.status)
	}
	if err := w.check(resp.Header, body); err != nil {
		if v.left && !strings.Contains(err.Error(), wrongFile) {
			return errBroken // which a reader of headers may have taken for a malformed one
		}
		return err
	}
	if n, err := io.Copy(io.Discard, body); err != nil || n > 0 {
		return errors.Join(err, fmt.Errorf("%d bytes too many", n))
	}
	if resp.Close {
		v.leave(false)
	}
	return nil
}

// breaking is where a client stops reading.
type breaking struct{ v *visitor }

func (b breaking) Read([]byte) (int, error) {
	b.v.left = true
	return 0, errBroken
}

// slowly takes a little at a time, at first.
type slowly struct {
	r     io.Reader
	pause time.Duration
	reads int
}

func (s *slowly) Read(p []byte) (int, error) {
	if s.reads++; s.reads <= 30 {
		time.Sleep(s.pause)
		p = p[:min(len(p), 16<<10)]
	}
	return s.r.Read(p)
}

// same says what is wrong with n bytes that should be those of a pattern from off on.
func same(r io.Reader, seed uint64, off, n int64) error {
	got, want := make([]byte, 32<<10), make([]byte, 32<<10)
	for n > 0 {
		k, err := io.ReadFull(r, got[:min(n, int64(len(got)))])
		server.PatternAt(want[:k], seed, off)
		if !bytes.Equal(got[:k], want[:k]) {
			return fmt.Errorf("%s: other bytes between %d and %d", wrongFile, off, off+int64(k))
		}
		if err != nil {
			return fmt.Errorf("after %d bytes, with %d to come: %w", off, n-int64(k), err)
		}
		off, n = off+int64(k), n-int64(k)
	}
	return nil
}
