package server

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestBucket(t *testing.T) {
	begin := time.Unix(0, 0)
	for _, rate := range []int64{1, 1000, 1e6, 1e9, 50e9} {
		b := bucket{rate: rate, free: begin}
		now, sent := begin, int64(0)
		slice := int(max(1, rate/50))
		for sent < 5*rate { // a writer that is always a little late
			now = now.Add(b.take(now, slice)).Add(300 * time.Microsecond)
			sent += int64(slice)
		}
		got := float64(sent) / now.Sub(begin).Seconds()
		if got < 0.999*float64(rate) || got > 1.001*float64(rate) {
			t.Errorf("%d bytes/s: measured out %.0f", rate, got)
		}
	}
	b := bucket{rate: 1000, free: begin}
	if d := b.take(begin.Add(time.Hour), 50); d != 0 {
		t.Errorf("after an hour the line is busy with 50 ms worth for %v", d)
	}
	if d := b.take(begin.Add(time.Hour), 20); d != 20*time.Millisecond {
		t.Errorf("after the burst, 20 ms worth take %v", d)
	}
}

// The line as a client sees it, in virtual time: within 3 % over 5 s, and steady throughout.
func TestRatePerConnection(t *testing.T) {
	const rate = 1e6
	o := Options{Pattern: true, Shape: Shape{RatePerConnection: rate}}
	virtually(t, o, func(t *testing.T, l *pipes, stop func() error) {
		c := l.dial(t, "GET /pattern/1G HTTP/1.1\r\nHost: x\r\n\r\n")
		defer c.Close()
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		for range 50 {
			before := time.Now()
			if _, err := io.CopyN(io.Discard, resp.Body, rate/10); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(before); d < 75*time.Millisecond || d > 125*time.Millisecond {
				t.Errorf("at %v a tenth of a second's bytes took %v", before.Sub(begun), d)
			}
		}
		if d := time.Since(begun); d < 4850*time.Millisecond || d > 5150*time.Millisecond {
			t.Errorf("5 s worth of bytes took %v", d)
		}
	})
}

// A line slower than the progress demanded of clients is no fault of theirs.
func TestSlowLineOutlivesDeadlines(t *testing.T) {
	o := Options{Pattern: true, Shape: Shape{RatePerConnection: 4 << 10}}
	virtually(t, o, func(t *testing.T, l *pipes, stop func() error) {
		c := l.dial(t, "GET /pattern/5M HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		defer c.Close()
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != 5<<20 {
			t.Errorf("%d bytes, %v", n, err)
		}
	})
}

func TestCloseEndsAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer client.Close()
		go io.Copy(io.Discard, client)
		l := newLine(server, 1) // one byte a second
		wrote := make(chan error)
		go func() {
			_, err := l.Write(make([]byte, 1000))
			wrote <- err
		}()
		time.Sleep(1500 * time.Millisecond)
		begun := time.Now()
		l.Close()
		if err := <-wrote; !errors.Is(err, net.ErrClosed) || time.Since(begun) != 0 {
			t.Errorf("%v, %v after Close", err, time.Since(begun))
		}
	})
}
