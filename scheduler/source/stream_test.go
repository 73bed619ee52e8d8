package source

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"braid/scheduler"
	"braid/segment"
)

// whole answers every request with the whole file.
func whole(_ int, r *http.Request) string { return message(200, file, `ETag: "a"`) }

// A server without ranges, but with a strong validator, gives any part of the
// file: one answer at a time, read from its beginning (cases 1 and 2).
func TestStream(t *testing.T) {
	o := serve(t, whole)
	s := mustOpen(t, o.url, Options{})
	if s.Ranges() {
		t.Fatal("it has no ranges")
	}
	b, err := s.Open(t.Context(), span(0, 100))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), span(500, 600)); !errors.Is(err, scheduler.ErrSequential) || scheduler.IsPermanent(err) {
		t.Fatalf("a second one at once: %v", err)
	}
	wantRest(t, b, span(0, 100))
	for _, next := range []segment.Range{span(100, 150), span(400, 600), span(600, 601)} {
		if !b.(scheduler.Continuer).Continue(next) {
			t.Fatalf("it does not go on with %v", next)
		}
		wantRest(t, b, next)
	}
	if b.(scheduler.Continuer).Continue(span(300, 400)) {
		t.Fatal("it goes back")
	}
	b.Close()
	if n := len(o.requests()); n != 1 {
		t.Fatalf("%d requests", n)
	}

	wantBytes(t, s, span(300, 400))
	wantBytes(t, s, span(999, 1000))
	for _, r := range o.requests()[1:] {
		if r.Header.Get("Range") == "" {
			t.Error("it was not given another chance")
		}
	}
}

func wantRest(t *testing.T, r io.Reader, want segment.Range) {
	t.Helper()
	if got, err := io.ReadAll(r); err != nil || string(got) != file[want.Off:want.End] {
		t.Fatalf("bytes %v: %q, %v", want, got, err)
	}
}

// Ranges that turn out to be lies in the middle of it.
func TestStreamAfterLies(t *testing.T) {
	for name, lie := range map[string]string{
		"case 1":  message(200, file, `ETag: "a"`),
		"case 3":  part(span(0, 100), `ETag: "a"`),
		"case 5":  message(206, file[500:600], `ETag: "a"`),
		"case 10": message(206, "--x", "Content-Type: multipart/byteranges; boundary=x", `ETag: "a"`),
	} {
		t.Run(name, func(t *testing.T) {
			o := serve(t, func(n int, r *http.Request) string {
				switch {
				case n == 0:
					return part(asked(r), `ETag: "a"`)
				case r.Header.Get("Range") == "":
					return message(200, file, `ETag: "a"`)
				}
				return lie
			})
			s := mustOpen(t, o.url, Options{})
			told := false
			for try := 0; ; try++ {
				got, err := read(t.Context(), s, span(500, 600))
				told = told || errors.Is(err, scheduler.ErrSequential)
				if err == nil {
					if got != file[500:600] {
						t.Fatalf("%q", got)
					}
					break
				}
				if scheduler.IsPermanent(err) || try == 5 {
					t.Fatal(err)
				}
			}
			if !told || s.Ranges() {
				t.Error("it never said that it is sequential")
			}
			wantBytes(t, s, span(200, 300))
		})
	}
	t.Run("without a strong validator", func(t *testing.T) {
		o := serve(t, afterProbe(same(message(200, file))))
		s := mustOpen(t, o.url, Options{})
		var err error
		for range 2 {
			_, err = s.Open(t.Context(), span(500, 600))
		}
		if !errors.Is(err, scheduler.ErrNoRanges) {
			t.Fatal(err)
		}
	})
}

// A body whose chunks are none is the server's fault, not the network's.
func TestMalformedBody(t *testing.T) {
	for chunks, permanent := range map[string]bool{
		"zz\r\n": false,
		"3e8\r\n" + file + "\r\n0\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n\r\n": true,
	} {
		o := serve(t, same("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+chunks))
		s := mustOpen(t, o.url, Options{})
		_, err := read(t.Context(), s, span(0, end))
		var p *ProtocolError
		if !errors.As(err, &p) || scheduler.IsPermanent(err) != permanent {
			t.Errorf("%.20q: %v", chunks, err)
		}
	}
}

// The first answer holds the whole rest, and goes on with it while it is asked
// to: it may be the only one there will be (case 36).
func TestContinue(t *testing.T) {
	o := serve(t, func(n int, r *http.Request) string {
		if n > 0 {
			return message(410, "")
		}
		return part(asked(r))
	})
	s := mustOpen(t, o.url, Options{})
	b, err := s.Open(t.Context(), span(0, 100))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	wantRest(t, b, span(0, 100))
	c := b.(scheduler.Continuer)
	if c.Continue(span(101, 200)) {
		t.Error("it skips bytes that nobody has")
	}
	if !c.Continue(span(100, 1000)) {
		t.Fatal("it does not go on")
	}
	if n, err := io.ReadFull(b, make([]byte, 50)); n != 50 || err != nil {
		t.Fatal(n, err)
	}
	if !c.Continue(span(150, 200)) { // as after a theft
		t.Fatal("it does not go on where it is")
	}
	wantRest(t, b, span(150, 200))
	if !c.Continue(span(200, 1000)) {
		t.Fatal("it does not go on")
	}
	wantRest(t, b, span(200, 1000))
	if c.Continue(span(1000, 1001)) {
		t.Error("it goes on past the end")
	}
}
