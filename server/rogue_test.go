package server

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
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
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
		virtually(t, rogue(name), 0, func(t *testing.T, l *pipes, stop func() error) {
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
		o.Log = func(a Access) { log = append(log, a) }
		virtually(t, o, time.Minute, func(t *testing.T, l *pipes, stop func() error) {
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
	virtually(t, rogue("trickle"), 0, func(t *testing.T, l *pipes, stop func() error) {
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
		virtually(t, rogue(names...), time.Minute, func(t *testing.T, l *pipes, stop func() error) {
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
	virtually(t, rogue("length-and-chunked"), 5*time.Second, func(t *testing.T, l *pipes, stop func() error) {
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
	virtually(t, rogue("length-and-chunked"), 5*time.Second, func(t *testing.T, l *pipes, stop func() error) {
		c := l.dial(t, request) // and never reads
		defer c.Close()
		synctest.Wait()
		begun := time.Now()
		if err := stop(); !errors.Is(err, ErrCut) || time.Since(begun) != 5*time.Second {
			t.Errorf("Serve: %v after %v", err, time.Since(begun))
		}
	})
}

// An overheard connection keeps what came.
type overheard struct {
	net.Conn
	got bytes.Buffer
}

func (c *overheard) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.got.Write(p[:n])
	return n, err
}

const (
	recordAlert = 21
	recordData  = 23
)

// lastRecord is the type of the last TLS record of p.
func lastRecord(p []byte) (kind byte) {
	for len(p) >= 5 {
		kind = p[0]
		p = p[min(len(p), 5+int(p[3])<<8+int(p[4])):]
	}
	return kind
}

func TestFaultsOverTLS(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t, goleak.IgnoreCurrent()) })
	tlsOrigin := func(names ...string) (*httptest.Server, func(line string) (*http.Response, *tls.Conn)) {
		h, err := New(rogue(names...))
		if err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewTLSServer(h)
		t.Cleanup(srv.Close)
		return srv, func(line string) (*http.Response, *tls.Conn) {
			config := srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
			config.ServerName, config.MaxVersion = "example.com", tls.VersionTLS12
			c := tls.Client(&overheard{Conn: dial(t, srv.Listener.Addr().String()).Conn}, config)
			t.Cleanup(func() { c.Close() })
			fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: %s\r\n\r\n", line, srv.Listener.Addr())
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			return resp, c
		}
	}

	srv, ask := tlsOrigin("redirect-downgrade")
	if resp, _ := ask("GET " + target); resp.Header.Get("Location") != "http"+strings.TrimPrefix(srv.URL, "https")+target {
		t.Errorf("%s to %q", resp.Status, resp.Header.Get("Location"))
	}

	_, ask = tlsOrigin("redirect-cross-origin")
	if resp, _ := ask("GET " + target); !strings.HasPrefix(resp.Header.Get("Location"), "https://localhost:") {
		t.Errorf("%s to %q", resp.Status, resp.Header.Get("Location"))
	}

	// Go does not mind a missing close_notify between two records. In TLS 1.2 one can see that it is missing.
	for name, last := range map[string]byte{"close-delimited-cut": recordAlert, "tls-cut": recordData} {
		_, ask = tlsOrigin(name)
		resp, c := ask("GET " + target)
		body, err := io.ReadAll(resp.Body)
		if n := int64(len(body)); err != nil || n == 0 || n == patternSize || !bytes.Equal(body, bytesAt(0, n)) || resp.ContentLength >= 0 {
			t.Errorf("%s: %d bytes, length %d, %v", name, n, resp.ContentLength, err)
		}
		if got := lastRecord(c.NetConn().(*overheard).got.Bytes()); got != last {
			t.Errorf("%s: the last record is of type %d, want %d", name, got, last)
		}
	}

	_, ask = tlsOrigin("rst-midway")
	resp, _ := ask("GET " + target)
	if body, err := io.ReadAll(resp.Body); err == nil || len(body) == patternSize {
		t.Errorf("%d bytes, %v", len(body), err)
	}

	// Without TLS there is nothing to downgrade or to tear.
	perform(t, "redirect-downgrade", "tls-cut").get(top).is(206).holds(0, 2000)
}

// A reset reaches the client also where the connection is slowed down.
func TestResetOfALine(t *testing.T) {
	o := rogue("rst-midway")
	o.RatePerConnection = 10 << 20
	resp := dial(t, start(t, o)).ask("GET " + target)
	if n, err := io.Copy(io.Discard, resp.Body); err == nil || errors.Is(err, io.EOF) || n >= patternSize {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// Where the connection cannot be had, a fault that needs it ends the response, and others do not mind.
func TestFaultsWithoutConnection(t *testing.T) {
	for name, want := range map[string]bool{"http09": true, "wrong-start": false} {
		h, err := New(rogue(name))
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		func() {
			defer func() {
				if fault := recover(); (fault == http.ErrAbortHandler) != want || !want && w.Body.Len() != 5 {
					t.Errorf("%s: %v, %d bytes", name, fault, w.Body.Len())
				}
			}()
			h.ServeHTTP(w, httptest.NewRequest("GET", "/pattern/5", nil))
		}()
	}
}

// The draws are the same in every run and in every order.
func TestDrawIsRepeatable(t *testing.T) {
	draw := func(o Rogue, order []int) string {
		o.Faults = []string{"etag-weak", "chunked"}
		o.Probability = 0.3
		h, err := New(Options{Pattern: true, Rogue: o})
		if err != nil {
			t.Fatal(err)
		}
		got := make([]string, len(order))
		for _, i := range order {
			for range 3 { // the third time is another draw than the first
				r := httptest.NewRequest("GET", "/pattern/300000", nil)
				r.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", i*1000, i*1000+9))
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				got[i] += fmt.Sprint(strings.HasPrefix(w.Header()["ETag"][0], "W/"), w.Header().Get("Content-Length") == "", " ")
			}
		}
		return strings.Join(got, "\n")
	}
	forth, back := make([]int, 300), make([]int, 300)
	for i := range forth {
		forth[i], back[i] = i, len(back)-1-i
	}
	first := draw(Rogue{}, forth)
	if first != draw(Rogue{}, back) {
		t.Error("the order of the requests makes a difference")
	}
	if first == draw(Rogue{Seed: 1}, forth) {
		t.Error("the seed makes no difference")
	}
	if n := strings.Count(first, "true"); n < 1800*2/10 || n > 1800*4/10 {
		t.Errorf("of 1800 draws %d were played", n)
	}
}

func TestFaultQuery(t *testing.T) {
	asked := make(chan Access, 10)
	addr := start(t, Options{Pattern: true, Log: func(a Access) { asked <- a }, Rogue: Rogue{Faults: []string{"etag-weak"}, Query: true}})
	for _, tt := range []struct {
		query  string
		status int
		faults string
	}{
		{"", 206, "etag-weak"},
		{"?fault=", 206, ""},
		{"?fault=chunked,no-validators", 206, "no-validators,chunked"},
		{"?fault=chunked&fault=no-validators&p=1&fault-seed=7", 206, "no-validators,chunked"},
		{"?fault=chunked&p=0.000001", 206, ""},
		{"?fault=redirect-chain", 302, "redirect-chain"},
		{"?fault=nope", 400, ""},
		{"?fault=chunked&p=0", 400, ""},
		{"?fault=chunked&p=x", 400, ""},
		{"?fault=chunked&fault-seed=-1", 400, ""},
	} {
		resp, body := dial(t, addr).get("GET /pattern/5000"+tt.query, "Range: bytes=0-")
		if a := <-asked; resp.StatusCode != tt.status || a.Faults != tt.faults || a.Status != tt.status {
			t.Errorf("%s: %s, %+v: %.80q", tt.query, resp.Status, a, body)
		}
	}
	addr = start(t, rogue("etag-weak"))
	if resp, _ := dial(t, addr).get("GET /pattern/5000?fault=redirect-chain"); resp.StatusCode != 200 {
		t.Errorf("a request that may not choose: %s", resp.Status)
	}
	if resp, _ := dial(t, addr).get("OPTIONS /pattern/5000"); resp.StatusCode != 204 {
		t.Errorf("OPTIONS: %s", resp.Status)
	}
}

func TestRogueRefuses(t *testing.T) {
	for _, r := range []Rogue{
		{Faults: []string{"nope"}}, {Faults: []string{"chunked"}, Probability: -1}, {Faults: []string{"chunked"}, Probability: 1.1}, {Faults: []string{""}},
	} {
		if _, err := New(Options{Pattern: true, Rogue: r}); err == nil {
			t.Errorf("New has nothing to object to %+v", r)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m := newMemory()
	now := time.Now()
	for i := range 3 * maxGates {
		if m.pass(fmt.Sprint(i), 1, now, now) {
			t.Fatal("a gate is open at first")
		}
	}
	for i := range 2*maxCounts + 1 {
		m.count(fmt.Sprint(i))
	}
	if len(m.gates) > maxGates || len(m.counts) > maxCounts {
		t.Errorf("%d gates and %d counts are kept", len(m.gates), len(m.counts))
	}
	first := m.issue()
	for range maxTickets {
		m.issue()
	}
	if m.use(first, 1) || m.use(m.issued+1, 1) || !m.use(m.issued, 1) || m.use(m.issued, 1) {
		t.Error("tickets are not as good as they should be")
	}
}

// A believer is a careful client. It takes a part for what it says if everything in the answer agrees with what it knows
// of the file, and from then on nothing but the bytes themselves could tell it more.
func believe(raw []byte) (off int64, content []byte, ok bool) {
	r := bufio.NewReader(bytes.NewReader(raw))
	resp, err := http.ReadResponse(r, nil)
	for err == nil && resp.StatusCode < 200 {
		resp, err = http.ReadResponse(r, nil)
	}
	if err != nil || resp.Header.Get("ETag") != tagOf1 || resp.Header.Get("Content-Encoding") != "" {
		return 0, nil, false
	}
	content, _ = io.ReadAll(resp.Body) // a part that ends too early is one
	switch resp.StatusCode {
	case 200:
		if resp.ContentLength >= 0 && resp.ContentLength != patternSize {
			return 0, nil, false
		}
		return 0, content[:min(len(content), patternSize)], true
	case 206:
		var last, total int64
		if n, _ := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d/%d", &off, &last, &total); n != 3 ||
			total != patternSize || off < 0 || last < off || last >= total ||
			resp.Header.Get("Content-Range") != contentRange(span{off, last + 1}, total) {
			return 0, nil, false
		}
		return off, content[:min(int64(len(content)), last+1-off)], true
	}
	return 0, nil, false
}

// Whatever faults are mixed, no handler panics, none outlives its server, none holds the server up, and nothing wrong
// comes that a careful client would believe, unless a silent fault was played.
func TestMixes(t *testing.T) {
	var names, loud []string
	for _, f := range Faults() {
		names = append(names, f.Name)
		if !f.Silent {
			loud = append(loud, f.Name)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		pool := loud
		silent := rapid.IntRange(0, 9).Draw(r, "silent") == 0
		if silent {
			pool = names
		}
		o := Rogue{
			Faults:      rapid.SliceOfN(rapid.SampledFrom(pool), 1, 7).Draw(r, "faults"),
			Probability: rapid.SampledFrom([]float64{1, 0.7}).Draw(r, "probability"),
			Seed:        rapid.Uint64().Draw(r, "seed"),
		}
		var requests [][]string
		for range rapid.IntRange(1, 8).Draw(r, "requests") {
			off := rapid.Int64Range(0, patternSize).Draw(r, "off")
			n := rapid.Int64Range(1, patternSize).Draw(r, "n")
			requests = append(requests, rapid.SampledFrom([][]string{
				{"GET " + target, fmt.Sprintf("Range: bytes=%d-%d", off, off+n-1)},
				{"GET " + target, fmt.Sprintf("Range: bytes=%d-", off)},
				{"GET " + target, fmt.Sprintf("Range: bytes=%d-", off), "If-Range: " + tagOf1},
				{"GET " + target, "Range: bytes=-5"},
				{"GET " + target, "Range: bytes=0-1,5-9"},
				{"GET " + target},
				{"GET /", "Accept: application/json"},
				{"GET /nope"},
				{"HEAD " + target},
			}).Draw(r, "request"))
		}
		var mu sync.Mutex
		var problem string
		complain := func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			problem = fmt.Sprintf(format, args...)
		}
		synctest.Test(t, func(t *testing.T) { // ends only when every goroutine has
			inner, err := New(Options{Pattern: true, Rogue: o, Log: func(Access) {}})
			if err != nil {
				t.Fatal(err)
			}
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer func() {
					fault := recover()
					if fault != nil && fault != http.ErrAbortHandler {
						complain("%s: %v", r.URL, fault)
					} else if fault != nil {
						panic(fault)
					}
				}()
				inner.ServeHTTP(w, r)
			})
			l := newPipes()
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- Serve(ctx, l, h, time.Minute) }()
			var clients sync.WaitGroup
			for i, request := range requests {
				clients.Go(func() {
					time.Sleep(time.Duration(i%3) * time.Second)
					raw, _ := exchange(t, l, request[0], request[1:]...)
					off, content, ok := believe(raw)
					if ok && !silent && !bytes.Equal(content, bytesAt(off, off+int64(len(content)))) {
						complain("%s: wrong bytes from %d on: %.600q", request, off, raw)
					}
				})
			}
			clients.Wait()
			begun := time.Now()
			cancel()
			if err := <-ended; err != nil || time.Since(begun) > time.Second {
				complain("Serve: %v after %v", err, time.Since(begun))
			}
		})
		if problem != "" {
			r.Fatal(problem)
		}
	})
}
