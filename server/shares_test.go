package server

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Users of a flow that are always a little late get the rate together, each its share.
func TestShares(t *testing.T) {
	for _, rate := range []int64{1 << 20, 20 << 20} {
		for _, users := range []int{1, 4, 16} {
			synctest.Test(t, func(t *testing.T) {
				s := newShares(rate)
				got := make([]int64, users)
				begun := time.Now()
				var all sync.WaitGroup
				for i := range users {
					all.Go(func() {
						f := s.join(flowKey{netip.Addr{}, "f"}, time.Now())
						defer s.leave(f)
						for time.Since(begun) < 5*time.Second {
							n, wait := s.take(f, time.Now(), 1<<40)
							time.Sleep(wait + time.Millisecond)
							got[i] += n
						}
					})
				}
				all.Wait()
				var sum int64
				for _, n := range got {
					sum += n
					if want := 5 * rate / int64(users); n < want*8/10 || n > want*12/10 {
						t.Errorf("%d bytes/s, %d users: one got %d, want %d", rate, users, n, want)
					}
				}
				if d := time.Since(begun).Seconds(); float64(sum) < 0.99*float64(rate)*d || float64(sum) > 1.02*float64(rate)*d {
					t.Errorf("%d bytes/s, %d users: %d in %.3f s", rate, users, sum, d)
				}
				if len(s.flows) != 0 {
					t.Error("a flow is left")
				}
			})
		}
	}
}

// The rate is one client's for one file. What a connection leaves goes to the others, and the bytes are the right ones.
func TestRatePerClient(t *testing.T) {
	const rate = 1 << 20
	o := Options{Pattern: true, Shape: Shape{RatePerClient: rate}}
	virtually(t, o, func(t *testing.T, l *pipes, stop func() error) {
		fetch := func(target string) time.Duration {
			c := l.dial(t, "GET "+target+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			defer c.Close()
			begun := time.Now()
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Error(err)
				return 0
			}
			if body, err := io.ReadAll(resp.Body); err != nil || target == "/pattern/4M" && !bytes.Equal(body, patternOf(4<<20)) {
				t.Errorf("%s: %d bytes, %v", target, len(body), err)
			}
			return time.Since(begun)
		}
		var took [4]time.Duration
		var all sync.WaitGroup
		for i, target := range []string{"/pattern/4M", "/pattern/4M", "/pattern/4M?seed=1", "/nope"} {
			all.Go(func() { took[i] = fetch(target) })
		}
		all.Go(func() { // leaves after a second
			c := l.dial(t, "GET /pattern/4M HTTP/1.1\r\nHost: x\r\n\r\n")
			go io.Copy(io.Discard, c)
			time.Sleep(time.Second)
			c.Close()
		})
		all.Wait()
		// Three share the first second; then two have the rest of 8 MiB to share.
		for i, want := range []time.Duration{8333 * time.Millisecond, 8333 * time.Millisecond, 4 * time.Second, 0} {
			if d := took[i] - want; d < -200*time.Millisecond || d > 200*time.Millisecond {
				t.Errorf("response %d took %v, want %v", i, took[i], want)
			}
		}
	})
}

func patternOf(n int) []byte {
	p := make([]byte, n)
	PatternAt(p, 0, 0)
	return p
}

// A rate so slow that a piece takes longer than the client may is no fault of the client's, in a server that is not ours.
func TestSharesMoveDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, err := New(Options{Pattern: true, Shape: Shape{RatePerClient: 2 << 10}})
		if err != nil {
			t.Fatal(err)
		}
		l := newPipes()
		srv := &http.Server{Handler: h}
		ended := make(chan error)
		go func() { ended <- srv.Serve(l) }()
		c := l.dial(t, "GET /pattern/5M HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != 5<<20 {
			t.Errorf("%d bytes, %v", n, err)
		}
		c.Close()
		srv.Close()
		<-ended
	})
}
