package server

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A body that comes with a GET is not waited for, and one that was begun is not read to its end.
func TestBodiesAreNotRead(t *testing.T) {
	virtually(t, Options{Pattern: true}, func(t *testing.T, l *pipes, stop func() error) {
		for _, fields := range []string{"Content-Length: 1000", "Content-Length: 999999999999", "Transfer-Encoding: chunked", "Content-Length: 9\r\nExpect: 100-continue"} {
			begun := time.Now()
			c := l.dial(t, "GET /pattern/5 HTTP/1.1\r\nHost: x\r\n"+fields+"\r\n\r\n")
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatalf("%s: %v", fields, err)
			}
			body, err := io.ReadAll(resp.Body)
			if len(body) != 5 || err != nil || !resp.Close || time.Since(begun) > time.Second {
				t.Errorf("%s: %s, %d bytes, %v, close %v after %v", fields, resp.Status, len(body), err, resp.Close, time.Since(begun))
			}
			c.Close()
		}
	})
}

// A body that is announced and never comes holds no connection.
func TestBodiesThatNeverCome(t *testing.T) {
	users, err := ParseUsers([]byte("x:$2a$04$" + strings.Repeat("a", 53)))
	if err != nil {
		t.Fatal(err)
	}
	const chunked = "Transfer-Encoding: chunked\r\n\r\n"
	const preflight = "OPTIONS / HTTP/1.1\r\nHost: x\r\nOrigin: null\r\nAccess-Control-Request-Method: GET\r\n"
	for begin, o := range map[string]Options{
		"GET /pattern/5 HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n": {},
		"GET /pattern/5 HTTP/1.1\r\nHost: x\r\n" + chunked:                 {},
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n":         {},
		"POST /a HTTP/1.1\r\nHost: x\r\n" + chunked:                        {Users: users},
		preflight + chunked: {CORS: true},
	} {
		o.Pattern = true
		virtually(t, o, func(t *testing.T, l *pipes, stop func() error) {
			c := l.dial(t, begin)
			defer c.Close()
			begun := time.Now()
			_ = c.SetReadDeadline(begun.Add(time.Hour))
			if _, err := io.Copy(io.Discard, c); err != nil || time.Since(begun) > 2*headerTimeout {
				t.Errorf("%q: %v after %v", begin, err, time.Since(begun))
			}
		})
	}
}

// Nor if what answers is no origin.
func TestBodiesThatNeverComeToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- Serve(ctx, l, http.NotFoundHandler(), Options{}) }()
		c := l.dial(t, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
		defer c.Close()
		_ = c.SetReadDeadline(time.Now().Add(time.Hour))
		if _, err := io.Copy(io.Discard, c); err != nil {
			t.Error(err)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// Many requests at once are answered one after the other, and no further than the client takes the answers.
func TestPipelining(t *testing.T) {
	counts := new(Counts)
	virtually(t, Options{Pattern: true, Counts: counts}, func(t *testing.T, l *pipes, stop func() error) {
		c := l.dial(t, "")
		defer c.Close()
		go io.WriteString(c, strings.Repeat("GET /pattern/100000 HTTP/1.1\r\nHost: x\r\n\r\n", 1000))
		time.Sleep(time.Minute)
		if n := counts.Requests.Load(); n != 1 || counts.TooSlow.Load() != 1 || counts.Open.Load() != 0 {
			t.Errorf("%d requests were answered, %d dropped, %d are there", n, counts.TooSlow.Load(), counts.Open.Load())
		}
	})
}

// Rows 40 to 48: whatever the Range field, no more goes out than the file, and no more is allocated than for a plain
// request, but for the field itself.
func TestHostileRanges(t *testing.T) {
	const size = 100_000
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "f"), patterned(size))
	h, err := New(Options{Root: dir})
	if err != nil {
		t.Fatal(err)
	}
	list := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ","+format, i*10)
		}
		return "bytes=" + b.String()[1:]
	}
	ask := func(field string) (*discarded, float64) {
		r, err := http.NewRequest("GET", "/f", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Range", field)
		var w *discarded
		least := math.Inf(1) // pools forget, under the race detector on purpose
		for range 30 {
			least = min(least, testing.AllocsPerRun(1, func() {
				w = &discarded{header: make(http.Header)}
				h.ServeHTTP(w, r)
			}))
		}
		return w, least
	}
	_, plain := ask("none")
	for name, field := range map[string]string{
		"a megabyte":         list(100_000, "%d-"),
		"10,000 ranges":      list(10_000, "%d-%[1]d"),
		"1300 overlapping":   "bytes=0-" + strings.Repeat(",5-", 1300),
		"one, 100 times":     list(100, "0-"),
		"17 small ones":      list(17, "%d-%[1]d"),
		"16 of the whole":    list(16, "0-"),
		"700, 7000 digits":   "bytes=" + strings.Repeat("1234567-1234568,", 699) + "0-0",
		"a megabyte of dust": "bytes=" + strings.Repeat(",", 1<<20) + "0-1",
		"one long number":    "bytes=0-" + strings.Repeat("9", 1<<20),
	} {
		w, allocs := ask(field)
		if w.status != 200 || w.bytes != size {
			t.Errorf("%s: %d with %d bytes", name, w.status, w.bytes)
		}
		if allocs > plain+6 { // the list of spans, which doubles up to 16, and one for a pool
			t.Errorf("%s: %.0f allocations, %.0f without", name, allocs, plain)
		}
	}
}

// A discarded response is counted and forgotten.
type discarded struct {
	header http.Header
	status int
	bytes  int64
}

func (w *discarded) Header() http.Header    { return w.header }
func (w *discarded) WriteHeader(status int) { w.status = status }
func (w *discarded) Write(p []byte) (int, error) {
	w.bytes += int64(len(p))
	return len(p), nil
}

// A header section beyond 16 KiB is refused before it is read to its end, and so is one that never ends.
func TestEndlessHeader(t *testing.T) {
	virtually(t, Options{Pattern: true}, func(t *testing.T, l *pipes, stop func() error) {
		c := l.dial(t, "GET /pattern/5 HTTP/1.1\r\nHost: x\r\nRange: bytes=")
		defer c.Close()
		go io.Copy(c, strings.NewReader(strings.Repeat("0-1,", 1<<18)))
		got, _ := io.ReadAll(c)
		if !bytes.HasPrefix(got, []byte("HTTP/1.1 431 ")) {
			t.Errorf("%.100q", got)
		}

		slow := l.dial(t, "GET /pattern/5 HTTP/1.1\r\n")
		defer slow.Close()
		begun := time.Now()
		for err := error(nil); err == nil && time.Since(begun) < time.Hour; time.Sleep(time.Second) {
			_, err = io.WriteString(slow, "X-A: b\r\n")
		}
		if d := time.Since(begun); d > 2*headerTimeout {
			t.Errorf("a header may take %v", d)
		}
	})
}
