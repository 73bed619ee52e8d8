package source

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"braid/segment"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// What an answer may end in, for what happens after it. Without one of these
// the connection goes on to the next request.
const (
	hang  = "\x00hang"  // nothing more comes until the client hangs up
	bye   = "\x00bye"   // the connection is closed
	reset = "\x00reset" // the connection is reset
)

// An origin is a server that says to the letter what a test tells it to.
type origin struct {
	url   string
	conns atomic.Int32

	mu   sync.Mutex
	seen []*http.Request
}

// serve starts an origin. The answer to request n, counted from 0, is sent as
// it is.
func serve(t *testing.T, answer func(n int, r *http.Request) string) *origin {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &origin{url: "http://" + ln.Addr().String()}
	var open sync.Map
	var all sync.WaitGroup
	t.Cleanup(func() {
		ln.Close()
		open.Range(func(conn, _ any) bool { conn.(net.Conn).Close(); return true })
		all.Wait()
	})
	all.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			o.conns.Add(1)
			open.Store(conn, nil)
			all.Go(func() {
				defer conn.Close()
				o.talk(conn, answer)
			})
		}
	})
	return o
}

func (o *origin) talk(conn net.Conn, answer func(n int, r *http.Request) string) {
	for in := bufio.NewReader(conn); ; {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		o.mu.Lock()
		n := len(o.seen)
		o.seen = append(o.seen, r)
		o.mu.Unlock()
		text, then, _ := strings.Cut(answer(n, r), "\x00")
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
		switch then {
		case "hang":
			io.Copy(io.Discard, in)
			return
		case "bye":
			return
		case "reset":
			conn.(*net.TCPConn).SetLinger(0)
			return
		}
	}
}

// requests are those that came so far.
func (o *origin) requests() []*http.Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]*http.Request(nil), o.seen...)
}

// file is the content that origins serve: no two places in it look alike.
var file = func() string {
	var b strings.Builder
	for i := 0; b.Len() < 1000; i++ {
		fmt.Fprintf(&b, "%04d.", i)
	}
	return b.String()[:1000]
}()

// asked is the range that r asks for, within file.
func asked(r *http.Request) segment.Range {
	var a, b int64
	switch n, _ := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &a, &b); n {
	case 2:
		return segment.Range{Off: a, End: min(b+1, int64(len(file)))}
	case 1:
		return segment.Range{Off: a, End: int64(len(file))}
	}
	return segment.Range{Off: 0, End: int64(len(file))}
}

// message is a response with a Content-Length.
func message(status int, body string, headers ...string) string {
	headers = append(headers, fmt.Sprintf("Content-Length: %d", len(body)))
	return fmt.Sprintf("HTTP/1.1 %d %s\r\n%s\r\n\r\n%s", status, http.StatusText(status), strings.Join(headers, "\r\n"), body)
}

// part is the right answer to a request for r.
func part(r segment.Range, headers ...string) string {
	headers = append(headers, fmt.Sprintf("Content-Range: bytes %d-%d/%d", r.Off, r.End-1, len(file)))
	return message(206, file[r.Off:r.End], headers...)
}

// chunked is part in two chunks.
func chunked(r segment.Range) string {
	half := r.Len() / 2
	a, b := file[r.Off:r.Off+half], file[r.Off+half:r.End]
	return fmt.Sprintf("HTTP/1.1 206 Partial Content\r\nTransfer-Encoding: chunked\r\nContent-Range: bytes %d-%d/%d\r\n\r\n%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n",
		r.Off, r.End-1, len(file), len(a), a, len(b), b)
}

// ranges answers every request as it should be.
func ranges(_ int, r *http.Request) string { return part(asked(r)) }

// afterProbe answers the first request as it should be, the rest with answer.
func afterProbe(answer func(n int, r *http.Request) string) func(int, *http.Request) string {
	return func(n int, r *http.Request) string {
		if n == 0 {
			return ranges(n, r)
		}
		return answer(n-1, r)
	}
}

// same answers every request alike.
func same(answer string) func(int, *http.Request) string {
	return func(int, *http.Request) string { return answer }
}

// mustOpen opens url and closes it when the test ends.
func mustOpen(t *testing.T, url string, o Options) *HTTP {
	t.Helper()
	s, err := Open(t.Context(), nil, url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// read opens r and reads all of it.
func read(ctx context.Context, s *HTTP, r segment.Range) (string, error) {
	body, err := s.Open(ctx, r)
	if err != nil {
		return "", err
	}
	got, err := io.ReadAll(body)
	return string(got), errors.Join(err, body.Close())
}

// wantBytes reads r, which must give file's bytes.
func wantBytes(t *testing.T, s *HTTP, r segment.Range) {
	t.Helper()
	got, err := read(t.Context(), s, r)
	if want := file[r.Off:min(r.End, int64(len(file)))]; err != nil || got != want {
		t.Fatalf("bytes %v: %q, %v, want %q", r, got, err, want)
	}
}

// end is the End of a range whose size is not known.
const end = math.MaxInt64
