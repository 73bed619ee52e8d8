package server

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// start runs an origin on loopback until the test ends, sees to it that it ends well, and returns its address.
func start(t *testing.T, o Options) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h, err := New(o) // not later: what is served is what is there now
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, ln, h, o) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return ln.Addr().String()
}

// oldFile writes a file whose last change is long past, so that its tag is strong.
func oldFile(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	age(t, path, -time.Hour)
}

func age(t testing.TB, path string, d time.Duration) {
	t.Helper()
	then := time.Now().Add(d)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
}

// patterned is n bytes of which no two blocks are alike.
func patterned(n int) []byte {
	p := make([]byte, n)
	PatternAt(p, 1, 0)
	return p
}

// A wire is a bare connection to an origin, for requests that no client would send.
type wire struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, addr string) *wire {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(30 * time.Second)) // against hanging for ever, nothing else
	return &wire{t, c, bufio.NewReader(c)}
}

// ask sends a request line and fields, and reads the answer's header.
func (c *wire) ask(line string, fields ...string) *http.Response {
	c.t.Helper()
	if !strings.Contains(line, " HTTP/") {
		line += " HTTP/1.1"
	}
	raw := line + "\r\nHost: x\r\n" + strings.Join(append(fields, ""), "\r\n") + "\r\n"
	if _, err := io.WriteString(c, raw); err != nil {
		c.t.Fatal(err)
	}
	method, _, _ := strings.Cut(line, " ")
	resp, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		c.t.Fatalf("%.100q: %v", raw, err)
	}
	return resp
}

// get is ask and the whole content.
func (c *wire) get(line string, fields ...string) (*http.Response, []byte) {
	c.t.Helper()
	resp := c.ask(line, fields...)
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatalf("%s: %v", line, err)
	}
	return resp, content
}

func TestRequests(t *testing.T) {
	dir := t.TempDir()
	content := patterned(10000)
	oldFile(t, filepath.Join(dir, "f.bin"), content)
	oldFile(t, filepath.Join(dir, "empty"), nil)
	addr := start(t, Options{Root: dir, Pattern: true})

	first, _ := dial(t, addr).get("GET /f.bin")
	etag, modified := first.Header.Get("ETag"), first.Header.Get("Last-Modified")
	fresh := filepath.Join(dir, "fresh")
	if err := os.WriteFile(fresh, content, 0o644); err != nil {
		t.Fatal(err)
	}
	age(t, fresh, 0)

	const f = "GET /f.bin"
	all := content
	tests := []struct {
		row    int
		line   string
		fields []string
		status int
		ranged string // Content-Range
		body   []byte // nil: not looked at
	}{
		{1, f, nil, 200, "", all},
		{2, "HEAD /f.bin", nil, 200, "", []byte{}},
		{9, f, []string{"Range: bytes=0-499"}, 206, "bytes 0-499/10000", all[:500]},
		{10, f, []string{"Range: bytes=-500"}, 206, "bytes 9500-9999/10000", all[9500:]},
		{12, f, []string{"Range: bytes=9000-99999"}, 206, "bytes 9000-9999/10000", all[9000:]},
		{13, f, []string{"Range: bytes=0-"}, 206, "bytes 0-9999/10000", all},
		{15, f, []string{"Range: bytes=10000-"}, 416, "bytes */10000", nil},
		{16, f, []string{"Range: bytes=-0"}, 416, "bytes */10000", nil},
		{18, f, []string{"Range: items=0-5"}, 200, "", all},
		{29, f, []string{"Range: bytes=0-1", "Range: bytes=0-1"}, 200, "", all},
		{30, "GET /nope", []string{"Range: bytes=0-1"}, 404, "", nil},
		{31, f, []string{"Content-Range: bytes 0-1/10000"}, 200, "", all},
		{37, f, []string{"Range: bytes=100000-,0-9"}, 206, "bytes 0-9/10000", all[:10]},
		{38, f, []string{"Range: bytes=100000-,-0"}, 416, "bytes */10000", nil},
		{48, f, []string{"Range: bytes=0-1" + strings.Repeat(",", 1024)}, 200, "", all},
		{49, "GET /empty", []string{"Range: bytes=0-"}, 200, "", []byte{}},
		{50, "GET /empty", []string{"Range: bytes=-5"}, 200, "", []byte{}},
		{51, "HEAD /f.bin", []string{"Range: bytes=0-1"}, 200, "", []byte{}},
		{51, "HEAD /f.bin", []string{"Range: bytes=10000-"}, 200, "", []byte{}},
		{52, "HEAD /f.bin", []string{"Range: bytes=0-1", "If-Range: " + etag}, 200, "", []byte{}},
		{53, f + " HTTP/1.0", []string{"Range: bytes=0-1"}, 206, "bytes 0-1/10000", all[:2]},
		{55, f, []string{`If-Match: "y"`}, 412, "", nil},
		{55, "HEAD /f.bin", []string{`If-Match: "y"`}, 412, "", nil},
		{55, "GET /fresh", []string{"If-Match: *"}, 200, "", all},
		{56, f, []string{`If-Match: "y"`, "If-Match: " + etag}, 200, "", all},
		{57, "GET /nope", []string{`If-Match: "y"`}, 404, "", nil},
		{57, "GET /nope", []string{`If-None-Match: *`}, 404, "", nil},
		{58, f, []string{"If-Unmodified-Since: " + modified}, 200, "", all},
		{61, f, []string{`If-None-Match: "y"`, "If-None-Match: W/" + etag}, 304, "", []byte{}},
		{61, "HEAD /f.bin", []string{"If-None-Match: " + etag}, 304, "", []byte{}},
		{65, f, []string{"If-Modified-Since: " + modified}, 304, "", []byte{}},
		{68, f, []string{"If-None-Match: " + etag, "Range: bytes=0-1"}, 304, "", []byte{}},
		{68, f, []string{"If-None-Match: " + etag, "Range: bytes=10000-"}, 304, "", []byte{}},
		{69, f, []string{`If-Match: "y"`, "Range: bytes=10000-"}, 412, "", nil},
		{71, f, []string{"If-Range: " + etag, "Range: bytes=5-6"}, 206, "bytes 5-6/10000", all[5:7]},
		{72, f, []string{"If-Range: W/" + etag, "Range: bytes=5-6"}, 200, "", all},
		{73, f, []string{`If-Range: "y"`, "Range: bytes=5-6"}, 200, "", all},
		{74, f, []string{"If-Range: " + modified, "Range: bytes=5-6"}, 206, "bytes 5-6/10000", all[5:7]},
		{78, f, []string{"If-Range: " + etag}, 200, "", all},
		{79, f, []string{`If-Range: "y"`, "Range: bytes=10000-"}, 200, "", all},
		{80, f, []string{"If-Range: " + etag, "Range: bytes=10000-"}, 416, "bytes */10000", nil},
	}
	c := dial(t, addr)
	for _, tt := range tests {
		if strings.HasSuffix(tt.line, "/1.0") {
			c = dial(t, addr) // the one before would close after it
		}
		resp, body := c.get(tt.line, tt.fields...)
		if resp.StatusCode != tt.status || resp.Header.Get("Content-Range") != tt.ranged {
			t.Errorf("row %d: %s %q: %s, Content-Range %q; want %d, %q",
				tt.row, tt.line, tt.fields, resp.Status, resp.Header.Get("Content-Range"), tt.status, tt.ranged)
		}
		if tt.body != nil && !bytes.Equal(body, tt.body) {
			t.Errorf("row %d: %s %q: %d bytes, not the %d expected", tt.row, tt.line, tt.fields, len(body), len(tt.body))
		}
		checkFields(t, tt.line, resp)
		if resp.Close {
			c = dial(t, addr)
		}
	}
}

// checkFields holds every answer to what its status demands: rows 1, 2, 8, 32, 62, 81 and 111.
func checkFields(t *testing.T, line string, resp *http.Response) {
	t.Helper()
	h := resp.Header
	want := func(present bool, names ...string) {
		t.Helper()
		for _, name := range names {
			if (h.Get(name) != "") != present {
				t.Errorf("%s: %s: %s is %q", line, resp.Status, name, h.Get(name))
			}
		}
	}
	want(true, "Date", "X-Content-Type-Options")
	switch {
	case resp.StatusCode == 304:
		want(true, "ETag", "Cache-Control")
		want(false, "Last-Modified", "Content-Length", "Content-Type", "Content-Range", "Accept-Ranges", "Repr-Digest")
	case resp.StatusCode >= 400:
		want(true, "Content-Type", "Content-Length", "Content-Security-Policy")
		want(false, "ETag", "Last-Modified", "Content-Encoding", "Repr-Digest", "Accept-Ranges", "Content-Disposition")
	case resp.StatusCode < 300:
		want(true, "ETag", "Last-Modified", "Accept-Ranges", "Cache-Control", "Content-Length", "Content-Type")
		want(resp.StatusCode == 206 && !strings.HasPrefix(h.Get("Content-Type"), "multipart/"), "Content-Range")
	}
}

func TestHeadEqualsGet(t *testing.T) { // row 2
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "f"), patterned(5000))
	addr := start(t, Options{Root: dir, Pattern: true})
	for _, path := range []string{"/f", "/transfer/f", "/pattern/5000?seed=3", "/", "/nope", "/pattern/x"} {
		c := dial(t, addr)
		get, _ := c.get("GET " + path)
		head, _ := c.get("HEAD " + path)
		get.Header.Del("Date")
		head.Header.Del("Date")
		for name := range get.Header {
			if g, h := get.Header.Get(name), head.Header.Get(name); g != h {
				t.Errorf("%s: %s is %q on GET and %q on HEAD", path, name, g, h)
			}
		}
		if get.StatusCode != head.StatusCode || len(get.Header) != len(head.Header) {
			t.Errorf("%s: %v on GET, %v on HEAD", path, get.Header, head.Header)
		}
	}
}

func TestMethods(t *testing.T) { // row 7
	addr := start(t, Options{Pattern: true})
	for _, line := range []string{"OPTIONS /pattern/5", "OPTIONS *", "OPTIONS /nope"} {
		resp, body := dial(t, addr).get(line, "Range: bytes=0-1", "If-Match: x")
		if resp.StatusCode != 204 || resp.Header.Get("Allow") != "GET, HEAD, OPTIONS" || len(body) > 0 {
			t.Errorf("%s: %s, Allow %q", line, resp.Status, resp.Header.Get("Allow"))
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "get", "CONNECT"} {
		target := "/pattern/5"
		if method == "CONNECT" {
			target = "x:80"
		}
		resp := dial(t, addr).ask(method + " " + target)
		if resp.StatusCode != 405 || resp.Header.Get("Allow") != "GET, HEAD, OPTIONS" || !resp.Close {
			t.Errorf("%s: %s, Allow %q, close %v", method, resp.Status, resp.Header.Get("Allow"), resp.Close)
		}
	}
}

func TestHeaderSpelling(t *testing.T) { // row 1: ETag, not Etag
	addr := start(t, Options{Pattern: true})
	c := dial(t, addr)
	io.WriteString(c, "HEAD /pattern/5 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	raw, err := io.ReadAll(c)
	if err != nil || !bytes.Contains(raw, []byte("\r\nETag: \"")) {
		t.Errorf("%v, %s", err, raw)
	}
}

func TestHeaderTooLarge(t *testing.T) { // row 48
	addr := start(t, Options{Pattern: true})
	if resp := dial(t, addr).ask("GET /pattern/5", "X-Filler: "+strings.Repeat("x", 15<<10)); resp.StatusCode != 200 {
		t.Errorf("15 KiB of header: %s", resp.Status)
	}
	if resp := dial(t, addr).ask("GET /pattern/5", "X-Filler: "+strings.Repeat("x", 16<<10)); resp.StatusCode != 431 {
		t.Errorf("more than 16 KiB of header: %s", resp.Status)
	}
}

func TestNewRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	oldFile(t, file, nil)
	for _, o := range []Options{
		{}, {Root: file}, {Root: file + "-missing"},
		{Pattern: true, Shape: Shape{Latency: -1}}, {Pattern: true, Shape: Shape{RatePerConnection: -1}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("New(%+v) has nothing to object to", o)
		}
	}
}
