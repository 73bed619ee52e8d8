package server

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func rogue(names ...string) Options {
	return Options{Pattern: true, Rogue: Rogue{Faults: names}}
}

// exchange sends a request down a new pipe and reads what comes until the connection ends or a client's patience does.
func exchange(t *testing.T, l *pipes, line string, fields ...string) (raw []byte, err error) {
	t.Helper()
	c := l.dial(t, line+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+strings.Join(append(fields, ""), "\r\n")+"\r\n")
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(2 * time.Minute))
	return io.ReadAll(io.LimitReader(c, 4<<20))
}

func statusOf(raw []byte) string {
	_, rest, _ := strings.Cut(string(raw[:min(len(raw), 100)]), " ")
	return rest[:min(len(rest), 3)]
}

// Both limits close for as long as they say, whatever comes meanwhile, and then let eight requests through.
func TestGates(t *testing.T) {
	for name, status := range map[string]string{"429-retry-after": "429", "503-retry-after": "503"} {
		virtually(t, rogue(name), func(t *testing.T, l *pipes, stop func() error) {
			ask := func() []byte { raw, _ := exchange(t, l, "GET "+target, top); return raw }
			for range 2 {
				raw := ask()
				resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), nil)
				if err != nil || statusOf(raw) != status {
					t.Fatalf("%s: %.100q, %v", name, raw, err)
				}
				wait := time.Second
				if after := resp.Header.Get("Retry-After"); after != "1" {
					until, err := http.ParseTime(after)
					date, _ := http.ParseTime(resp.Header.Get("Date"))
					if wait = until.Sub(date); err != nil || wait < time.Second || wait > 2*time.Second {
						t.Errorf("%s: Retry-After: %s after %v", name, after, date)
					}
				}
				time.Sleep(wait - time.Second/2)
				if raw := ask(); statusOf(raw) != status {
					t.Errorf("%s: too early: %.100q", name, raw)
				}
				time.Sleep(time.Second / 2)
				for i := range 8 {
					if raw := ask(); statusOf(raw) != "206" {
						t.Errorf("%s: request %d: %.100q", name, i, raw)
					}
				}
			}
		})
	}
}

// What hangs does so until the client leaves, or until the server is told to stop, which does not take the grace period;
// and not for ever.
func TestHanging(t *testing.T) {
	for name, request := range map[string]string{
		"stall": "GET " + target, "stall-header": "GET " + target, "head-hangs": "HEAD " + target, "stall,huge-trailers,idle-close": "GET " + target,
	} {
		var log []Access
		o := rogue(strings.Split(name, ",")...)
		o.Grace, o.Log = time.Minute, func(a Access) { log = append(log, a) }
		virtually(t, o, func(t *testing.T, l *pipes, stop func() error) {
			raw, err := exchange(t, l, request)
			if e := net.Error(nil); !errors.As(err, &e) || !e.Timeout() {
				t.Errorf("%s: %d bytes, %v", name, len(raw), err)
			}
			if begun := len(raw) > 0; begun != strings.HasPrefix(name, "stall,") && begun != (name == "stall") {
				t.Errorf("%s: %d bytes came", name, len(raw))
			}
			synctest.Wait()
			if len(log) != 1 || !log[0].Cut || !strings.Contains(log[0].Faults, strings.Split(name, ",")[0]) {
				t.Errorf("%s: %+v", name, log)
			}

			request := request + " HTTP/1.1\r\nHost: x\r\n\r\n"
			if name == "stall-header" {
				request = strings.Replace(request, target, "/pattern/5", 1) // the same would be let through
			}
			patient := l.dial(t, request)
			defer patient.Close()
			begun := time.Now()
			io.Copy(io.Discard, patient)
			if d := time.Since(begun); d != maxHang {
				t.Errorf("%s: it hangs for %v", name, d)
			}

			other := l.dial(t, strings.Replace(request, "/pattern/", "/pattern/1", 1))
			defer other.Close()
			go io.Copy(io.Discard, other)
			synctest.Wait()
			begun = time.Now()
			if err := stop(); err != nil || time.Since(begun) > time.Second {
				t.Errorf("%s: Serve: %v after %v", name, err, time.Since(begun))
			}
		})
	}
}

func TestTrickle(t *testing.T) {
	virtually(t, rogue("trickle"), func(t *testing.T, l *pipes, stop func() error) {
		for _, want := range []time.Duration{73 * time.Second, 0} { // 300000 bytes at 4 KiB/s, and the other try
			begun := time.Now()
			raw, err := exchange(t, l, "GET "+target)
			if d := time.Since(begun).Truncate(time.Second); err != nil || d != want || !bytes.HasSuffix(raw, bytesAt(0, patternSize)) {
				t.Errorf("%d bytes in %v, %v", len(raw), d, err)
			}
		}
		c := l.dial(t, "GET /pattern/64M HTTP/1.1\r\nHost: x\r\n\r\n")
		defer c.Close()
		go io.Copy(io.Discard, c)
		time.Sleep(time.Minute)
		begun := time.Now()
		if err := stop(); err != nil || time.Since(begun) > time.Second {
			t.Errorf("Serve: %v after %v", err, time.Since(begun))
		}
	})
}

// An endless answer that nobody takes holds nothing up.
func TestEndlessStops(t *testing.T) {
	for _, names := range [][]string{{"endless"}, {"endless", "http09"}, {"endless", "gzip"}} {
		virtually(t, graceful(rogue(names...), time.Minute), func(t *testing.T, l *pipes, stop func() error) {
			c := l.dial(t, "GET /pattern/5 HTTP/1.1\r\nHost: x\r\n\r\n")
			defer c.Close()
			io.ReadFull(c, make([]byte, 100000))
			synctest.Wait()
			begun := time.Now()
			if err := stop(); err != nil || time.Since(begun) > time.Second {
				t.Errorf("%v: Serve: %v after %v", names, err, time.Since(begun))
			}
		})
	}
}

// What has been taken from net/http gets its grace period like any other response, and is then cut like any other.
func TestStopWaitsForTheBare(t *testing.T) {
	virtually(t, graceful(rogue("length-and-chunked"), 5*time.Second), func(t *testing.T, l *pipes, stop func() error) {
		read := func(after time.Duration) error {
			c := l.dial(t, request)
			defer c.Close()
			synctest.Wait()
			stopped := make(chan error)
			go func() { stopped <- stop() }()
			time.Sleep(after)
			raw, err := io.ReadAll(c)
			if err == nil && !bytes.HasSuffix(raw, []byte("\r\n0\r\n\r\n")) {
				t.Errorf("%d bytes, not all", len(raw))
			}
			return <-stopped
		}
		if err := read(4 * time.Second); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	var ended atomic.Bool
	o := rogue("length-and-chunked")
	o.Grace, o.Log = 5*time.Second, func(Access) { ended.Store(true) }
	virtually(t, o, func(t *testing.T, l *pipes, stop func() error) {
		c := l.dial(t, request) // and never reads
		defer c.Close()
		synctest.Wait()
		begun := time.Now()
		if err := stop(); !errors.Is(err, ErrCut) || time.Since(begun) != 5*time.Second {
			t.Errorf("Serve: %v after %v", err, time.Since(begun))
		}
		if !ended.Load() {
			t.Error("Serve has not waited for the handler")
		}
	})
	virtually(t, graceful(rogue("idle-close"), time.Minute), func(t *testing.T, l *pipes, stop func() error) {
		c := l.dial(t, "GET /pattern/5 HTTP/1.1\r\nHost: x\r\n\r\n")
		defer c.Close()
		go io.Copy(io.Discard, c) // and asks for nothing more
		synctest.Wait()
		begun := time.Now()
		if err := stop(); err != nil || time.Since(begun) > time.Second {
			t.Errorf("Serve: %v after %v", err, time.Since(begun))
		}
	})
}

// graceful is o with so long a grace period.
func graceful(o Options, grace time.Duration) Options {
	o.Grace = grace
	return o
}
