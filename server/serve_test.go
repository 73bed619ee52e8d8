package server

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A pipes is a listener without a network, for tests in virtual time.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// dial connects to the listener and sends a request; the answer is there to be read, or left.
func (l *pipes) dial(t *testing.T, request string) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	l.conns <- server
	if _, err := io.WriteString(client, request); err != nil {
		t.Fatal(err)
	}
	return client
}

// virtually runs an origin on pipes in virtual time. The bubble ends only if every goroutine of the server has.
func virtually(t *testing.T, o Options, test func(t *testing.T, l *pipes, stop func() error)) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- Run(ctx, l, o) }()
		stop := sync.OnceValue(func() error { cancel(); return <-ended })
		defer stop()
		test(t, l, stop)
	})
}

const request = "GET /pattern/64M HTTP/1.1\r\nHost: x\r\n\r\n"

func TestStopLetsTransfersFinish(t *testing.T) { // row 110
	virtually(t, Options{Pattern: true}, func(t *testing.T, l *pipes, stop func() error) {
		c := l.dial(t, request)
		defer c.Close()
		begun := time.Now()
		var n int64
		read := make(chan error)
		go func() {
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err == nil {
				time.Sleep(9 * time.Second) // within the grace period
				n, err = io.Copy(io.Discard, resp.Body)
			}
			read <- err
		}()
		synctest.Wait()
		stopped := make(chan error)
		go func() { stopped <- stop() }()
		if err := <-read; err != nil || n != 64<<20 {
			t.Errorf("%d bytes, %v", n, err)
		}
		if err := <-stopped; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if d := time.Since(begun); d < 9*time.Second || d > 10*time.Second {
			t.Errorf("it took %v", d)
		}
	})
}

func TestStopCutsTransfersAfterGrace(t *testing.T) {
	var cut Access
	o := Options{Pattern: true, Log: func(a Access) { cut = a }, Grace: 3 * time.Second}
	virtually(t, o, func(t *testing.T, l *pipes, stop func() error) {
		c := l.dial(t, request) // and never reads
		defer c.Close()
		synctest.Wait()
		begun := time.Now()
		if err := stop(); !errors.Is(err, ErrCut) {
			t.Errorf("Serve: %v", err)
		}
		if d := time.Since(begun); d != 3*time.Second {
			t.Errorf("it took %v", d)
		}
		if !cut.Cut || cut.Status != 200 {
			t.Errorf("logged %+v", cut)
		}
	})
}

func TestStopDoesNotWaitForTheIdle(t *testing.T) {
	virtually(t, Options{Pattern: true}, func(t *testing.T, l *pipes, stop func() error) {
		silent := l.dial(t, "")
		defer silent.Close()
		half := l.dial(t, "GET / HT")
		defer half.Close()
		synctest.Wait()
		begun := time.Now()
		if err := stop(); err != nil || time.Since(begun) > time.Second {
			t.Errorf("Serve: %v after %v", err, time.Since(begun))
		}
	})
}

func TestServeTellsOfABrokenListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		l.Close()
		if err := Serve(t.Context(), l, http.NotFoundHandler(), Options{}); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

// Row 109: a client that takes nothing is given up; one that is merely slow is not, however long it takes.
func TestProgressIsDemanded(t *testing.T) {
	var log []Access
	o := Options{Pattern: true, Log: func(a Access) { log = append(log, a) }}
	virtually(t, o, func(t *testing.T, l *pipes, stop func() error) {
		stalled := l.dial(t, request)
		defer stalled.Close()
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(log) != 1 || !log[0].Cut || log[0].Duration > 31*time.Second {
			t.Errorf("a stalled client: %+v", log)
		}

		slow := l.dial(t, request)
		defer slow.Close()
		resp, err := http.ReadResponse(bufio.NewReader(slow), nil)
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		var n int64
		for err == nil { // 16 KiB/s for more than an hour
			time.Sleep(16 * time.Second)
			var m int64
			m, err = io.CopyN(io.Discard, resp.Body, 256<<10)
			n += m
		}
		if err != io.EOF || n != 64<<20 || time.Since(begun) < time.Hour {
			t.Errorf("a slow client: %d bytes in %v, %v", n, time.Since(begun), err)
		}
	})
}

// The same for a page of ours, which is too short for progress.
func TestPagesMustBeTaken(t *testing.T) {
	virtually(t, Options{Pattern: true}, func(t *testing.T, l *pipes, stop func() error) {
		c := l.dial(t, "GET /nope HTTP/1.1\r\nHost: x\r\n\r\n")
		defer c.Close()
		time.Sleep(2 * patience)
		if got, err := io.ReadAll(c); err != nil || len(got) > 0 {
			t.Errorf("after a minute the server still has %d bytes to give, %v", len(got), err)
		}
	})
}

func TestHeaderTimeoutAndIdleTimeout(t *testing.T) {
	virtually(t, Options{Pattern: true}, func(t *testing.T, l *pipes, stop func() error) {
		for request, want := range map[string]time.Duration{
			"GET /patt": 5 * time.Second,
			"HEAD /pattern/1 HTTP/1.1\r\nHost: x\r\n\r\n": 60 * time.Second,
		} {
			begun := time.Now()
			c := l.dial(t, request)
			io.Copy(io.Discard, c)
			c.Close()
			if d := time.Since(begun); d != want {
				t.Errorf("after %.10q the server waits %v, want %v", request, d, want)
			}
		}
	})
}

func TestLatency(t *testing.T) {
	o := Options{Pattern: true, Shape: Shape{Latency: 200 * time.Millisecond}}
	virtually(t, o, func(t *testing.T, l *pipes, stop func() error) {
		for _, target := range []string{"/pattern/5", "/nope"} {
			begun := time.Now()
			c := l.dial(t, "GET "+target+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if _, err := c.Read(make([]byte, 1)); err != nil || time.Since(begun) != o.Latency {
				t.Errorf("%s: the first byte after %v, %v", target, time.Since(begun), err)
			}
			io.Copy(io.Discard, c)
			c.Close()
		}
	})
}
