package server

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A pollable pipe tells when there is something to read, as a socket does.
type pollable struct {
	net.Conn
	r    *bufio.Reader
	asks *atomic.Int32 // how often somebody has waited for that
}

func (c pollable) Read(p []byte) (int, error)            { return c.r.Read(p) }
func (c pollable) SyscallConn() (syscall.RawConn, error) { return pollablePipe{c}, nil }

type pollablePipe struct{ pollable }

func (c pollablePipe) Control(func(uintptr)) error    { return errors.ErrUnsupported }
func (c pollablePipe) Write(func(uintptr) bool) error { return errors.ErrUnsupported }
func (c pollablePipe) Read(ready func(uintptr) bool) error {
	c.asks.Add(1)
	_, err := c.r.Peek(1)
	if err == io.EOF {
		err = nil // there is an end to read
	}
	return err
}

// dialPollable is dial on a pollable pipe.
func (l *pipes) dialPollable() (net.Conn, *atomic.Int32) {
	client, server := net.Pipe()
	asks := new(atomic.Int32)
	l.conns <- pollable{server, bufio.NewReader(server), asks}
	return client, asks
}

func TestParking(t *testing.T) {
	counts := new(Counts)
	virtually(t, Options{Pattern: true, Counts: counts}, func(t *testing.T, l *pipes, stop func() error) {
		c, asks := l.dialPollable()
		defer c.Close()
		w := &wire{t, c, bufio.NewReader(c)}
		time.Sleep(59 * time.Second) // longer than a header may take
		for i, pause := range []time.Duration{0, parkAfter / 2, 2 * parkAfter, 59 * time.Second, 0} {
			time.Sleep(pause)
			if resp, body := w.get("GET /pattern/70000"); resp.StatusCode != 200 || len(body) != 70000 {
				t.Fatalf("request %d: %s, %d bytes", i, resp.Status, len(body))
			}
		}
		if n := asks.Load(); n != 3 { // before the first, and in the two long pauses
			t.Errorf("it waited outside of net/http %d times", n)
		}
		begun := time.Now()
		if _, err := w.r.ReadByte(); err != io.EOF || time.Since(begun) != idleTimeout {
			t.Errorf("after %v idle: %v", time.Since(begun), err)
		}
		synctest.Wait()
		if counts.Open.Load() != 0 || counts.Idle.Load() != 0 || counts.Accepted.Load() != 1 {
			t.Errorf("%d open, %d idle, %d accepted", counts.Open.Load(), counts.Idle.Load(), counts.Accepted.Load())
		}
	})
}

// What has come of a request is not lost with a connection that waits for the rest.
func TestNoParkingWithinARequest(t *testing.T) {
	const whole = "GET /pattern/5 HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, n := range []int{1, 3, 5, len(whole) - 1} {
		for _, together := range []bool{true, false} {
			virtually(t, Options{Pattern: true}, func(t *testing.T, l *pipes, stop func() error) {
				c, _ := l.dialPollable()
				defer c.Close()
				w := &wire{t, c, bufio.NewReader(c)}
				answered := func() {
					if resp, err := http.ReadResponse(w.r, nil); err != nil {
						t.Fatalf("%d bytes, together %v: %v", n, together, err)
					} else if body, err := io.ReadAll(resp.Body); err != nil || len(body) != 5 {
						t.Fatalf("%d bytes, together %v: %d bytes, %v", n, together, len(body), err)
					}
				}
				if together {
					go io.WriteString(c, whole+whole[:n])
					answered()
				} else {
					go io.WriteString(c, whole)
					answered()
					go io.WriteString(c, whole[:n])
				}
				time.Sleep(4 * time.Second)
				go io.WriteString(c, whole[n:])
				answered()
			})
		}
	}
}

// Who sends two requests at once, and then nothing more, waits like anybody else.
func TestIdlingAfterPipelining(t *testing.T) {
	counts := new(Counts)
	o := Options{Pattern: true, Counts: counts, Shape: Shape{Latency: time.Millisecond}} // net/http looks meanwhile whether the client leaves
	virtually(t, o, func(t *testing.T, l *pipes, stop func() error) {
		c, _ := l.dialPollable()
		defer c.Close()
		go io.WriteString(c, strings.Repeat("GET /pattern/5 HTTP/1.1\r\nHost: x\r\n\r\n", 2))
		r := bufio.NewReader(c)
		for range 2 {
			if resp, err := http.ReadResponse(r, nil); err != nil {
				t.Fatal(err)
			} else if body, err := io.ReadAll(resp.Body); err != nil || len(body) != 5 {
				t.Fatalf("%d bytes, %v", len(body), err)
			}
		}
		synctest.Wait()
		if n := counts.Idle.Load(); n != 1 {
			t.Errorf("%d idle", n)
		}
		begun := time.Now()
		_ = c.SetReadDeadline(begun.Add(2 * idleTimeout))
		if _, err := r.ReadByte(); err != io.EOF || time.Since(begun) != idleTimeout {
			t.Errorf("after %v idle: %v", time.Since(begun), err)
		}
	})
}

// A request whose beginning came with the one before may take its time, like any other.
func TestSlowAfterPipelining(t *testing.T) {
	const whole = "GET /pattern/5 HTTP/1.1\r\nHost: x\r\n\r\n"
	virtually(t, Options{Pattern: true}, func(t *testing.T, l *pipes, stop func() error) {
		c, _ := l.dialPollable()
		r, sent := bufio.NewReader(c), make(chan struct{})
		defer func() { c.Close(); <-sent }()
		go func() {
			defer close(sent)
			for _, part := range []string{whole + whole[:10], whole[10:20], whole[20:]} {
				_, _ = io.WriteString(c, part) // whether it came the answers tell
				time.Sleep(parkAfter * 2 / 3)
			}
		}()
		for i := range 2 {
			if resp, err := http.ReadResponse(r, nil); err != nil {
				t.Fatalf("answer %d: %v", i, err)
			} else if body, err := io.ReadAll(resp.Body); err != nil || len(body) != 5 {
				t.Fatalf("answer %d: %d bytes, %v", i, len(body), err)
			}
		}
	})
}

// Being told to stop ends those that wait, wherever they do.
func TestStopEndsTheParked(t *testing.T) {
	virtually(t, Options{Pattern: true}, func(t *testing.T, l *pipes, stop func() error) {
		never, _ := l.dialPollable()
		defer never.Close()
		after, asks := l.dialPollable()
		defer after.Close()
		(&wire{t, after, bufio.NewReader(after)}).get("GET /pattern/5")
		time.Sleep(time.Second)
		if asks.Load() != 2 {
			t.Error("it is not parked")
		}
		begun := time.Now()
		if err := stop(); err != nil || time.Since(begun) > 0 {
			t.Errorf("Serve: %v after %v", err, time.Since(begun))
		}
	})
}
