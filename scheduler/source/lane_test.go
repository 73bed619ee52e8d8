package source

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"braid/scheduler"
	"braid/segment"
)

// laneTo opens url and makes a lane to it.
func laneTo(t *testing.T, url string, co ClientOptions, o Options) *Lane {
	t.Helper()
	c := Client(co)
	t.Cleanup(c.CloseIdleConnections)
	o.Taste = true
	s, err := Open(t.Context(), c, url, o)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	l := NewLane(c, s, time.Minute)
	t.Cleanup(l.Close)
	return l
}

// take asks for ranges and reads the answer to its end; it returns what came.
func (l *Lane) take(ctx context.Context, suffix bool, ranges ...segment.Range) (got string, f Facts, err error) {
	f, err = l.Ask(ctx, suffix, ranges...)
	for err == nil {
		var r segment.Range
		var body io.Reader
		if r, body, err = l.Part(); err == nil {
			var p []byte
			p, err = io.ReadAll(body)
			got += fmt.Sprintf("[%v %s]", r, p)
		}
	}
	if err == io.EOF {
		err = nil
	}
	return got, f, err
}

// shown is what take returns if all is well.
func shown(ranges ...segment.Range) (s string) {
	for _, r := range ranges {
		s += fmt.Sprintf("[%v %s]", r, file[r.Off:r.End])
	}
	return s
}

func TestLaneKeepsItsConnection(t *testing.T) {
	o := serve(t, func(n int, r *http.Request) string {
		if n == 2 {
			return chunked(asked(r))
		}
		return part(asked(r))
	})
	l := laneTo(t, o.url, ClientOptions{}, Options{UserAgent: "tester", Header: http.Header{"X-Key": {"k"}, "Range": {"bytes=7-8"}}})
	for i, r := range []segment.Range{span(0, 10), span(990, 1000), span(5, 6)} {
		got, f, err := l.take(t.Context(), false, r)
		if want := shown(r); got != want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
		if f.Connected != (i == 0) || f.Status != 206 || f.FirstByte.IsZero() || f.Handshake || f.Again {
			t.Errorf("request %d: %+v", i, f)
		}
	}
	if n := o.conns.Load(); n != 2 {
		t.Errorf("%d connections, want that of Open and one more", n)
	}
	for i, r := range o.requests() {
		want := []string{"bytes=0-0", "bytes=0-9", "bytes=990-999", "bytes=5-5"}[i]
		if len(r.Header["Range"]) != 1 || r.Header.Get("Range") != want || r.Header.Get("User-Agent") != "tester" ||
			r.Header.Get("X-Key") != "k" || r.Header.Get("Accept-Encoding") != "identity" || r.Host != strings.TrimPrefix(o.url, "http://") {
			t.Errorf("request %d: %s %v", i, r.Host, r.Header)
		}
	}
}

func TestLaneSuffixAndParts(t *testing.T) {
	multi := func(parts ...segment.Range) string {
		var b strings.Builder
		for _, r := range parts {
			fmt.Fprintf(&b, "--x\r\nContent-Range: bytes %v/1000\r\n\r\n%s\r\n", r, file[r.Off:r.End])
		}
		return message(206, b.String()+"--x--\r\n", "Content-Type: multipart/byteranges; boundary=x")
	}
	two := []segment.Range{span(10, 20), span(500, 510)}
	for _, row := range []struct {
		name   string
		suffix bool
		ask    []segment.Range
		answer string
		want   string // what comes
		header string // what was asked for
		wrong  string // what the error says
	}{
		{"suffix", true, []segment.Range{span(990, 1000)}, part(span(990, 1000)), shown(span(990, 1000)), "bytes=-10", ""},
		{"parts", false, two, multi(two...), shown(two...), "bytes=10-19,500-509", ""},
		{"parts, the other way round", false, two, multi(two[1], two[0]), shown(two[1], two[0]), "bytes=10-19,500-509", ""},
		{"one part that has them all", false, two, part(span(10, 510)), shown(span(10, 510)), "bytes=10-19,500-509", ""},
		{"parts made larger", false, two, multi(span(10, 510)), shown(span(10, 510)), "bytes=10-19,500-509", ""},
		{"a part left out", false, two, multi(two[0]), shown(two[0]), "bytes=10-19,500-509", "500-509 among others"},
		{"a part nobody wants", false, two, multi(two[0], span(30, 40)), shown(two[0]), "bytes=10-19,500-509", "nobody asked"},
		{"a part twice", false, two, multi(two[0], two[0], two[1]), shown(two[0]), "bytes=10-19,500-509", "nobody asked"},
		{"only the first", false, two, part(two[0]), "", "bytes=10-19,500-509", "asked for bytes 10-509"},
		{"another size", false, two, strings.ReplaceAll(multi(two...), "/1000", "/1001"), "", "bytes=10-19,500-509", "calls it"},
		{"parts past the end", false, two, strings.ReplaceAll(multi(two...), "10-19/1000", "10-1019/*"), "", "bytes=10-19,500-509", "calls it"},
		{"the whole", false, two, message(200, file), "", "bytes=10-19,500-509", "sends the whole file"},
	} {
		o := serve(t, afterProbe(same(row.answer)))
		l := laneTo(t, o.url, ClientOptions{}, Options{})
		got, _, err := l.take(t.Context(), row.suffix, row.ask...)
		if got != row.want || (err != nil) != (row.wrong != "") || err != nil && !strings.Contains(err.Error(), row.wrong) {
			t.Errorf("%s: got %q, %v, want %q, %q", row.name, got, err, row.want, row.wrong)
		}
		if header := o.requests()[1].Header.Get("Range"); header != row.header {
			t.Errorf("%s: asked for %q, want %q", row.name, header, row.header)
		}
	}
}

// What a download lets a server get away with is a failure here.
func TestLaneLetsNothingOff(t *testing.T) {
	r := span(100, 200)
	right := part(r, `ETag: "a"`)
	for _, row := range []struct{ name, answer, want string }{
		{"another range", part(span(101, 201), `ETag: "a"`), "asked for byte 100, it sends bytes 101-200"},
		{"more before it", part(span(90, 200), `ETag: "a"`), "it sends bytes 90-199"},
		{"less", part(span(100, 199), `ETag: "a"`), "it sends bytes 100-198"},
		{"more", part(span(100, 201), `ETag: "a"`), "it sends bytes 100-200"},
		{"a length that is not the range's", strings.Replace(right, "Content-Length: 100", "Content-Length: 99", 1), "and that these are 99"},
		{"another version", part(r, `ETag: "b"`), "its ETag was"},
		{"no version", part(r), "which version"},
		{"another size", strings.Replace(right, "/1000", "/1001", 1), "1001"},
		{"the whole", message(200, file, `ETag: "a"`), "the whole file"},
		{"no Content-Range", message(206, file[100:200], `ETag: "a"`), "does not say which"},
		{"compressed", part(r, `ETag: "a"`, "Content-Encoding: gzip"), "content coding"},
		{"an error", message(503, "busy"), "answered 503"},
		{"a redirect", message(302, "", "Location: /there"), "302"},
		{"cut off", right[:len(right)-1] + bye, "before the answer was complete"},
		{"reset", reset, "connection reset"},
		{"another answer behind it", right + right, "more than it said"},
		{"no HTTP", "hello\r\n\r\n" + bye, "it is not HTTP"},
		{"chunks without end", strings.Replace(strings.TrimSuffix(chunked(r), "0\r\n\r\n"), "\r\n", "\r\nETag: \"a\"\r\n", 1) + bye, "before the answer was complete"},
		{"a header without end", "HTTP/1.1 206 Partial Content\r\n" + strings.Repeat("X-Pad: "+strings.Repeat("x", 1000)+"\r\n", 300), "headers are too large"},
		{"nothing but interim answers", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 9), "it is not HTTP"},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := serve(t, func(n int, r *http.Request) string {
				if n == 0 {
					return part(asked(r), `ETag: "a"`)
				}
				if n == 1 {
					return row.answer
				}
				return part(asked(r), `ETag: "a"`)
			})
			l := laneTo(t, o.url, ClientOptions{}, Options{})
			got, _, err := l.take(t.Context(), false, r)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Fatalf("got %q, %v, want %q", got, err, row.want)
			}
			checkText(t, err)
			if got, _, err := l.take(t.Context(), false, r); err != nil || got != shown(r) {
				t.Errorf("the next: %q, %v", got, err)
			}
		})
	}
}

// A server may close an idle connection at any time; that is not its failure. But
// one that closes a new connection fails.
func TestLaneAsksAgainOnlyIfIdle(t *testing.T) {
	r := span(0, 10)
	t.Run("idle", func(t *testing.T) {
		// The connection of the second request is closed behind its answer, which
		// the client finds out at the third.
		o := serve(t, func(n int, r *http.Request) string {
			if n == 1 {
				return part(asked(r)) + bye
			}
			return part(asked(r))
		})
		l := laneTo(t, o.url, ClientOptions{}, Options{})
		for i := range 3 {
			got, f, err := l.take(t.Context(), false, r)
			if got != shown(r) || err != nil || f.Again != (i == 1) || f.Connected != (i < 2) {
				t.Errorf("request %d: %q, %+v, %v", i, got, f, err)
			}
		}
	})
	t.Run("new", func(t *testing.T) {
		o := serve(t, afterProbe(same(bye)))
		l := laneTo(t, o.url, ClientOptions{}, Options{})
		if _, f, err := l.take(t.Context(), false, r); !errors.Is(err, io.EOF) || f.Again {
			t.Errorf("%+v, %v", f, err)
		}
		if n := len(o.requests()); n != 2 {
			t.Errorf("%d requests, want 2", n)
		}
	})
	t.Run("said so", func(t *testing.T) {
		o := serve(t, func(_ int, r *http.Request) string { return part(asked(r), "Connection: close") + bye })
		l := laneTo(t, o.url, ClientOptions{}, Options{})
		for range 2 {
			if got, f, err := l.take(t.Context(), false, r); got != shown(r) || err != nil || !f.Connected || f.Again {
				t.Errorf("%q, %+v, %v", got, f, err)
			}
		}
	})
}

func TestLaneWaitsNoLonger(t *testing.T) {
	o := serve(t, afterProbe(same(hang)))
	l := laneTo(t, o.url, ClientOptions{}, Options{})
	l.patience = time.Millisecond
	if _, _, err := l.take(t.Context(), false, span(0, 10)); !errors.Is(err, scheduler.ErrStalled) {
		t.Errorf("a server that hangs: %v", err)
	}
	l.patience = time.Minute
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	time.AfterFunc(time.Millisecond, func() { cancel(enough) })
	if _, _, err := l.take(ctx, false, span(0, 10)); !errors.Is(err, enough) {
		t.Errorf("an ended context: %v", err)
	}
}

func TestLaneTLS(t *testing.T) {
	server := secure(t, nil)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	l := laneTo(t, server.URL, ClientOptions{RootCAs: pool}, Options{})
	for i := range 2 {
		got, f, err := l.take(t.Context(), false, span(10, 20))
		if got != shown(span(10, 20)) || err != nil || f.Handshake != (i == 0) {
			t.Errorf("%q, %+v, %v", got, f, err)
		}
	}
	l.transport.near.TLSClientConfig.RootCAs = x509.NewCertPool()
	l.Close()
	if _, f, err := l.take(t.Context(), false, span(10, 20)); err == nil || !f.Handshake {
		t.Errorf("a stranger's certificate: %+v, %v", f, err)
	}
}

func TestAllow(t *testing.T) {
	no := errors.New("not there")
	allow := ClientOptions{Allow: func(addr netip.Addr) error {
		if special(addr) == "" {
			return no
		}
		return nil
	}}
	here := serve(t, ranges)
	w := newWorld(t, allow, map[string]string{"both": "93.184.216.34 10.1.2.3", "public": "93.184.216.34", "private": "10.1.2.3"},
		map[string]*origin{"10.1.2.3": here, "93.184.216.34": here})
	for _, row := range []struct {
		url  string
		want error
	}{{"http://both/f", nil}, {"http://private/f", nil}, {"http://public/f", no}, {"http://93.184.216.34/f", no}} {
		s, err := w.open(t, row.url)
		if !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", row.url, err, row.want)
		}
		if err == nil {
			l := NewLane(w.client, s, 0)
			if _, _, err := l.take(t.Context(), false, span(0, 1)); err != nil {
				t.Errorf("%s: a lane: %v", row.url, err)
			}
			l.Close()
		}
	}
	for _, addr := range w.visited() {
		if addr != "10.1.2.3" {
			t.Errorf("it went to %s", addr)
		}
	}
}

func TestDirect(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // http.ProxyFromEnvironment may have read the environment before
	c := Client(ClientOptions{Direct: true})
	req, _ := http.NewRequest("GET", "http://example.com/", nil)
	if by, err := c.Transport.(*transport).proxy(req); by != nil || err != nil {
		t.Errorf("by %v, %v", by, err)
	}
}
