package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"braid/scheduler"
	"braid/segment"
)

func TestProbeIsTheFirstRequest(t *testing.T) {
	o := serve(t, ranges)
	s := mustOpen(t, o.url+"/dir/a%20b.zip?x=y", Options{})
	if !s.Ranges() || s.Identity().Size != 1000 || s.Name() != "a b.zip" || s.Proto() != "HTTP/1.1" || "http://"+s.Host() != o.url || s.Unproven() {
		t.Errorf("%v %+v %q %q %q", s.Ranges(), s.Identity(), s.Name(), s.Proto(), s.Host())
	}
	wantBytes(t, s, span(0, 1000))
	seen := o.requests()
	if len(seen) != 1 {
		t.Fatalf("%d requests, want 1", len(seen))
	}
	r := seen[0]
	want := http.Header{"Range": {"bytes=0-"}, "Accept-Encoding": {"identity"}, "User-Agent": {"braid"}}
	if r.Method != "GET" || r.RequestURI != "/dir/a%20b.zip?x=y" || fmt.Sprint(r.Header) != fmt.Sprint(want) {
		t.Errorf("%s %s %v", r.Method, r.RequestURI, r.Header)
	}
	wantBytes(t, s, span(0, 10)) // the kept body is gone
	if n := len(o.requests()); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
}

func TestKeptBody(t *testing.T) {
	t.Run("from the first gap", func(t *testing.T) {
		o := serve(t, func(_ int, r *http.Request) string { return part(asked(r), `ETag: "a"`) })
		s := mustOpen(t, o.url, Options{From: 300})
		wantBytes(t, s, span(0, 10))
		wantBytes(t, s, span(301, 310))
		if n := len(o.requests()); n != 3 {
			t.Errorf("%d requests: the kept body does not begin there", n)
		}
		wantBytes(t, s, span(300, 400))
		if n := len(o.requests()); n != 3 {
			t.Errorf("%d requests, want the kept body", n)
		}
	})
	t.Run("to one taker", func(t *testing.T) {
		o := serve(t, ranges)
		s := mustOpen(t, o.url, Options{})
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if got, err := read(t.Context(), s, span(0, 1000)); err != nil || got != file {
					t.Errorf("%q, %v", got, err)
				}
			})
		}
		all.Wait()
		if n := len(o.requests()); n != 8 {
			t.Errorf("%d requests, want 8", n)
		}
	})
	t.Run("outlives the context of the probe", func(t *testing.T) {
		canceled := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, file[:500])
			w.(http.Flusher).Flush()
			<-canceled
			select {
			case <-r.Context().Done(): // it should not hang up, and has some time to do it
			case <-time.After(20 * time.Millisecond):
			}
			io.WriteString(w, file[500:])
		}))
		defer server.Close()
		ctx, cancel := context.WithCancel(t.Context())
		s, err := Open(ctx, nil, server.URL, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		cancel()
		close(canceled)
		wantBytes(t, s, span(0, 1000))
	})
	t.Run("ends with the context of its taker", func(t *testing.T) {
		o := serve(t, same(message(200, file)[:500]+hang))
		s := mustOpen(t, o.url, Options{})
		cause := errors.New("stalled")
		ctx, cancel := context.WithCancelCause(t.Context())
		body, err := s.Open(ctx, span(0, 1000))
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close()
		time.AfterFunc(time.Millisecond, func() { cancel(cause) })
		if _, err := io.ReadAll(body); err != cause {
			t.Errorf("%v, want %v", err, cause)
		}
	})
}

func TestProbeFrom(t *testing.T) {
	t.Run("past the end", func(t *testing.T) {
		o := serve(t, func(_ int, r *http.Request) string {
			if asked(r).Off >= 1000 {
				return message(416, "no", "Content-Range: bytes */1000")
			}
			return part(asked(r), `ETag: "a"`)
		})
		s := mustOpen(t, o.url, Options{From: 1000})
		wantBytes(t, s, span(0, 1000))
		if n := len(o.requests()); n != 2 || !s.Ranges() {
			t.Errorf("%d requests, want 2; ranges: %v", n, s.Ranges())
		}
	})
	t.Run("one stray answer costs nothing", func(t *testing.T) {
		for name, stray := range map[string]string{
			"200":          message(200, file),
			"403":          message(403, "no"),
			"403, empty":   message(403, ""),
			"503":          message(503, "no"),
			"gzip":         message(206, "xx", "Content-Encoding: gzip", "Content-Range: bytes 300-301/1000"),
			"no validator": part(span(300, 1000)),
		} {
			t.Run(name, func(t *testing.T) {
				o := serve(t, func(n int, r *http.Request) string {
					if n == 0 {
						return stray
					}
					return part(asked(r), `ETag: "a"`)
				})
				s := mustOpen(t, o.url, Options{From: 300})
				if !s.Ranges() || !s.Identity().Strong() {
					t.Errorf("ranges %v, %+v", s.Ranges(), s.Identity())
				}
				wantBytes(t, s, span(300, 1000))
				if n := len(o.requests()); n != 2 || o.conns.Load() != 2 {
					t.Errorf("%d requests on %d connections, want 2 on 2", n, o.conns.Load())
				}
			})
		}
	})
	t.Run("no validator, ever", func(t *testing.T) {
		o := serve(t, ranges)
		s := mustOpen(t, o.url, Options{From: 300})
		wantBytes(t, s, span(300, 1000))
		if n := len(o.requests()); n != 2 || !s.Ranges() {
			t.Errorf("%d requests, want 2; ranges: %v", n, s.Ranges())
		}
	})
	t.Run("refused, and then without a range", func(t *testing.T) {
		o := serve(t, func(_ int, r *http.Request) string {
			if r.Header.Get("Range") != "" {
				return message(403, "no")
			}
			return message(200, file)
		})
		s := mustOpen(t, o.url, Options{From: 300})
		wantBytes(t, s, span(0, 1000))
		if n := len(o.requests()); n != 3 || s.Ranges() {
			t.Errorf("%d requests, want 3; ranges: %v", n, s.Ranges())
		}
	})
	t.Run("no ranges", func(t *testing.T) {
		o := serve(t, same(message(200, file)))
		s := mustOpen(t, o.url, Options{From: 300})
		if s.Ranges() {
			t.Error("ranges")
		}
		wantBytes(t, s, span(0, 1000))
		if n := len(o.requests()); n != 2 {
			t.Errorf("%d requests, want 2", n)
		}
	})
	t.Run("negative", func(t *testing.T) {
		o := serve(t, ranges)
		wantBytes(t, mustOpen(t, o.url, Options{From: -1}), span(0, 1000))
	})
}

func TestProbeFindsNoRanges(t *testing.T) {
	wrong := message(206, file[5:], "Content-Range: bytes 5-999/1000")
	rows := []struct {
		name     string
		answers  []string // the last is repeated
		requests int
	}{
		{"case 2: 200", []string{message(200, file, "Accept-Ranges: bytes")}, 1},
		{"case 3: wrong start, twice", []string{wrong, wrong, message(200, file)}, 3},
		{"case 5: no Content-Range, twice", []string{message(206, file), message(206, file), message(200, file)}, 3},
		{"case 9: total not told", []string{message(206, file, "Content-Range: bytes 0-999/*"), message(200, file)}, 2},
		{"case 10: several parts", []string{message(206, file, "Content-Type: multipart/byteranges"), message(200, file)}, 2},
		{"case 23: gzip 206", []string{message(206, "\x1f\x8b", "Content-Encoding: gzip", "Content-Range: bytes 0-1/2"), message(200, file, "Content-Encoding: gzip")}, 2},
		{"case 27: 403", []string{message(403, "no"), message(200, file)}, 2},
		{"case 27: 503", []string{message(503, "no"), message(200, file)}, 2},
		{"416 for nothing", []string{message(416, "no"), message(200, file)}, 2},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			o := serve(t, func(n int, r *http.Request) string {
				if plain := n >= len(row.answers)-1 && n > 0; plain != (r.Header.Get("Range") == "") {
					t.Errorf("request %d with Range %q", n, r.Header.Get("Range"))
				}
				return row.answers[min(n, len(row.answers)-1)]
			})
			s := mustOpen(t, o.url, Options{})
			if s.Ranges() || s.Identity().Size != 1000 || s.Unproven() {
				t.Errorf("ranges %v, size %d", s.Ranges(), s.Identity().Size)
			}
			wantBytes(t, s, span(0, 1000))
			if n := len(o.requests()); n != row.requests {
				t.Errorf("%d requests, want %d", n, row.requests)
			}
			wantBytes(t, s, span(0, 1000)) // another try
			if last := o.requests()[row.requests]; last.Header.Get("Range") != "" {
				t.Errorf("Range %q", last.Header.Get("Range"))
			}
			if _, err := s.Open(t.Context(), span(5, 10)); !errors.Is(err, scheduler.ErrNoRanges) {
				t.Errorf("a range: %v", err)
			}
		})
	}
	t.Run("case 3: wrong start, once", func(t *testing.T) {
		o := serve(t, func(n int, r *http.Request) string {
			if n == 0 {
				return wrong
			}
			return part(asked(r))
		})
		s := mustOpen(t, o.url, Options{})
		if !s.Ranges() {
			t.Error("no ranges")
		}
		wantBytes(t, s, span(0, 1000))
	})
}

func TestEmptyFile(t *testing.T) {
	for name, answer := range map[string]string{
		"case 21: 416": message(416, "nothing here", "Content-Range: bytes */0"),
		"200":          message(200, ""),
		"chunked":      "", // below
	} {
		t.Run(name, func(t *testing.T) {
			size := int64(0)
			if name == "chunked" {
				answer, size = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", -1
			}
			s := mustOpen(t, serve(t, same(answer)).url, Options{From: 7})
			if s.Ranges() || s.Identity().Size != size {
				t.Errorf("ranges %v, size %d", s.Ranges(), s.Identity().Size)
			}
			for _, r := range []segment.Range{span(0, 0), span(0, end)} {
				if got, err := read(t.Context(), s, r); err != nil || got != "" {
					t.Errorf("%q, %v", got, err)
				}
			}
		})
	}
}

func TestUnknownSize(t *testing.T) {
	full := fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(file), file)
	rows := []struct {
		name, answer string
		unproven     bool
		cut          bool
	}{
		{"chunked", full, false, false},
		{"case 25: Content-Length and chunked", strings.Replace(full, "200 OK\r\n", "200 OK\r\nContent-Length: 3\r\n", 1), false, false},
		{"chunked, cut before the terminator", strings.TrimSuffix(full, "0\r\n\r\n") + bye, false, true},
		{"chunked, reset", full[:500] + reset, false, true},
		{"case 41: until it closes", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + file + bye, true, false},
		{"case 41: HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n" + file + bye, true, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := mustOpen(t, serve(t, same(row.answer)).url, Options{})
			if s.Identity().Size != -1 || s.Ranges() || s.Unproven() != row.unproven {
				t.Errorf("size %d, ranges %v, unproven %v", s.Identity().Size, s.Ranges(), s.Unproven())
			}
			for range 2 { // the kept body, and another
				got, err := read(t.Context(), s, span(0, end))
				if row.cut != (err != nil) || !row.cut && got != file {
					t.Errorf("%d bytes, %v", len(got), err)
				}
				if row.cut && !strings.HasSuffix(row.answer, reset) && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("%v, want an unexpected EOF", err)
				}
			}
		})
	}
}

func TestSegments(t *testing.T) {
	rows := []struct {
		name   string
		answer func(r segment.Range) string
		want   segment.Range // of 500-599; the same if nothing went wrong
		cut    bool          // and then an error that may pass
	}{
		{"exactly", func(r segment.Range) string { return part(r) }, span(500, 600), false},
		{"case 4: earlier", func(r segment.Range) string { return part(span(0, r.End)) }, span(500, 600), false},
		{"case 4: all of it", func(segment.Range) string { return part(span(0, 1000)) }, span(500, 600), false},
		{"case 6: shorter", func(r segment.Range) string { return part(span(r.Off, r.Off+7)) }, span(500, 507), false},
		{"case 7: longer", func(r segment.Range) string { return part(span(r.Off, 1000)) }, span(500, 600), false},
		{"case 8: Content-Length is less", func(r segment.Range) string {
			return message(206, file[500:540], "Content-Range: bytes 500-599/1000")
		}, span(500, 540), false},
		{"case 8: Content-Length is more", func(r segment.Range) string {
			return message(206, file[500:640], "Content-Range: bytes 500-599/1000")
		}, span(500, 600), false},
		{"case 9: total not told", func(r segment.Range) string {
			return message(206, file[500:600], "Content-Range: bytes 500-599/*")
		}, span(500, 600), false},
		{"case 24: chunked", chunked, span(500, 600), false},
		{"case 24: chunked, longer", func(r segment.Range) string { return chunked(span(400, 700)) }, span(500, 600), false},
		{"case 24: chunked, shorter than it says", func(r segment.Range) string {
			return strings.Replace(chunked(span(500, 560)), "500-559", "500-599", 1)
		}, span(500, 560), true},
		{"until it closes", func(r segment.Range) string {
			return "HTTP/1.0 206 Partial Content\r\nContent-Range: bytes 500-599/1000\r\n\r\n" + file[500:600] + bye
		}, span(500, 600), false},
		{"case 41: short, and closed", func(r segment.Range) string {
			full := part(r)
			return full[:len(full)-30] + bye
		}, span(500, 570), true},
		{"case 41: HTTP/1.0, short, and closed", func(r segment.Range) string {
			return "HTTP/1.0 206 Partial Content\r\nContent-Range: bytes 500-599/1000\r\n\r\n" + file[500:510] + bye
		}, span(500, 510), true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			o := serve(t, afterProbe(func(_ int, r *http.Request) string { return row.answer(asked(r)) }))
			s := mustOpen(t, o.url, Options{})
			got, err := read(t.Context(), s, span(500, 600))
			if want := file[row.want.Off:row.want.End]; got != want || row.cut != (err != nil) {
				t.Errorf("%q, %v, want %q", got, err, want)
			}
			if row.cut && (!errors.Is(err, io.ErrUnexpectedEOF) || scheduler.IsPermanent(err)) {
				t.Errorf("%v, want an unexpected EOF that may pass", err)
			}
		})
	}
}

func TestResetKeepsBytes(t *testing.T) { // case 43
	o := serve(t, afterProbe(func(_ int, r *http.Request) string {
		full := part(asked(r))
		return full[:len(full)-60] + hang
	}))
	s := mustOpen(t, o.url, Options{})
	body, err := s.Open(t.Context(), span(500, 600))
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	got := make([]byte, 40)
	if _, err := io.ReadFull(body, got); err != nil || string(got) != file[500:540] {
		t.Errorf("%q, %v", got, err)
	}
}

func TestReset(t *testing.T) { // case 43
	o := serve(t, afterProbe(same(reset)))
	s := mustOpen(t, o.url, Options{})
	if _, err := s.Open(t.Context(), span(500, 600)); err == nil || scheduler.IsPermanent(err) {
		t.Errorf("%v, want an error that may pass", err)
	}
}

func TestGiveUpOnRanges(t *testing.T) {
	rows := []struct{ name, answer string }{
		{"case 1: 200", message(200, file)},
		{"case 3: later", part(span(501, 600))},
		{"case 3: from 0", part(span(0, 100))},
		{"case 5: no Content-Range", message(206, file[500:600])},
		{"case 20: 416", message(416, "no", "Content-Range: bytes */1000")},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			o := serve(t, afterProbe(func(_ int, r *http.Request) string {
				if r.Header.Get("Range") == "" {
					return message(200, file)
				}
				return row.answer
			}))
			s := mustOpen(t, o.url, Options{})
			wantBytes(t, s, span(0, 1000))
			_, err := s.Open(t.Context(), span(500, 600))
			if err == nil || scheduler.IsPermanent(err) {
				t.Errorf("first: %v, want one that may pass", err)
			}
			_, err = s.Open(t.Context(), span(500, 600))
			if !errors.Is(err, scheduler.ErrNoRanges) || s.Ranges() {
				t.Errorf("second: %v, ranges %v", err, s.Ranges())
			}
			wantBytes(t, s, span(0, 1000)) // plain from now on
		})
	}
	t.Run("in a row", func(t *testing.T) {
		o := serve(t, afterProbe(func(n int, r *http.Request) string {
			if n%2 == 0 {
				return message(200, file)
			}
			return part(asked(r))
		}))
		s := mustOpen(t, o.url, Options{})
		for range 5 {
			if _, err := s.Open(t.Context(), span(500, 600)); err == nil || scheduler.IsPermanent(err) {
				t.Errorf("%v, want one that may pass", err)
			}
			wantBytes(t, s, span(500, 600))
		}
	})
	t.Run("one moment hits many", func(t *testing.T) {
		var out, turn sync.WaitGroup
		out.Add(4)
		o := serve(t, afterProbe(func(n int, r *http.Request) string {
			if n >= 4 {
				return part(asked(r))
			}
			out.Done()
			out.Wait() // until all four are out
			return message(200, file)
		}))
		s := mustOpen(t, o.url, Options{})
		for range 4 {
			turn.Go(func() {
				if _, err := s.Open(t.Context(), span(500, 600)); err == nil || scheduler.IsPermanent(err) {
					t.Errorf("%v, want one that may pass", err)
				}
			})
		}
		turn.Wait()
		wantBytes(t, s, span(500, 600))
	})
}

func TestChanged(t *testing.T) {
	const tag = `ETag: "a"`
	rows := []struct{ name, answer, want string }{
		{"case 11: size", message(206, file[500:600], "Content-Range: bytes 500-599/1001"), "its size was 1000 and is 1001"},
		{"case 12: ETag", part(span(500, 600), `ETag: "b"`), `its ETag was "a" and is "b"`},
		{"case 17: ETag, with Last-Modified alike", part(span(500, 600), `ETag: "b"`, old), `its ETag was "a" and is "b"`},
		{"Last-Modified", part(span(500, 600), older), "it was last modified at"},
		{"case 20: 416 with another size", message(416, "", "Content-Range: bytes */40"), "its size was 1000 and is 40"},
		{"case 9: more than there was", message(206, file[500:600], "Content-Range: bytes 500-1000/*"), "its size was 1000 and it now has byte 1000"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			o := serve(t, func(n int, r *http.Request) string {
				if n == 0 {
					return part(asked(r), tag, old, date)
				}
				return row.answer
			})
			s := mustOpen(t, o.url, Options{})
			wantChanged(t, s, span(500, 600), row.want)
			if asked := o.requests(); asked[len(asked)-1].Header.Get("Cache-Control") != "no-cache" {
				t.Error("caches were not told to stand aside")
			}
		})
	}
	t.Run("no longer says which version", func(t *testing.T) {
		for name, row := range map[string]struct {
			before, after string
		}{
			"no ETag":                {tag, "X: y"},
			"the ETag, but weak":     {tag, `ETag: W/"a"`},
			"no Last-Modified":       {old, `ETag: "a"`},
			"another ETag, but weak": {tag, `ETag: W/"b"`},
			"another weak ETag":      {`ETag: W/"a"`, `ETag: W/"b"`},
		} {
			t.Run(name, func(t *testing.T) {
				o := serve(t, func(n int, r *http.Request) string {
					if n == 0 {
						return part(asked(r), row.before, date)
					}
					return part(asked(r), row.after, date)
				})
				s := mustOpen(t, o.url, Options{})
				wantChanged(t, s, span(500, 600), "")
			})
		}
	})
	t.Run("plain", func(t *testing.T) {
		o := serve(t, func(n int, _ *http.Request) string { return message(200, file[:1000-n]) })
		s := mustOpen(t, o.url, Options{})
		wantBytes(t, s, span(0, 1000))
		wantChanged(t, s, span(0, 1000), "its size was 1000 and is 99")
	})
}

// wantChanged opens r, which must show that the file has changed: at once, or
// after a first answer of which it is not certain.
func wantChanged(t *testing.T, s *HTTP, r segment.Range, why string) {
	t.Helper()
	_, err := s.Open(t.Context(), r)
	if err == nil || scheduler.IsPermanent(err) && !errors.Is(err, scheduler.ErrChanged) {
		t.Fatalf("first: %v, want doubt", err)
	}
	for tries := 0; !errors.Is(err, scheduler.ErrChanged) && tries < maxSilent; tries++ {
		_, err = s.Open(t.Context(), r)
	}
	if !errors.Is(err, scheduler.ErrChanged) || !strings.Contains(err.Error(), why) {
		t.Errorf("%v, want that %s", err, why)
	}
}

func TestStatus(t *testing.T) {
	rows := []struct {
		status    int
		header    string
		permanent bool
		after     time.Duration
	}{
		{400, "A: b", true, 0}, {401, "A: b", true, 0}, {404, "A: b", true, 0}, {407, "A: b", true, 0}, {410, "A: b", true, 0},
		{403, "A: b", true, 0},
		{408, "A: b", false, 0}, {425, "A: b", false, 0}, {429, "Retry-After: 3", false, 3 * time.Second},
		{500, "A: b", false, 0}, {502, "A: b", false, 0}, {503, "Retry-After: 3", false, 3 * time.Second}, {504, "A: b", false, 0},
		{503, "A: b", false, 0},
		{503, "Retry-After: eventually", false, 0},
		{999, "A: b", true, 0},
	}
	for _, row := range rows {
		answer := message(row.status, "sorry", row.header)
		check := func(o *origin, err error) {
			t.Helper()
			status, ok := errors.AsType[*StatusError](err)
			if !ok || status.Code != row.status || status.URL != o.url+"/f?sig=REDACTED" || scheduler.IsPermanent(err) != row.permanent {
				t.Errorf("%d: %v, permanent: %v", row.status, err, scheduler.IsPermanent(err))
				return
			}
			if after, ok := errors.AsType[scheduler.RetryAfter](err); !ok || after.RetryAfter() != row.after {
				t.Errorf("%d: wait %v, want %v", row.status, after, row.after)
			}
		}
		o := serve(t, same(answer))
		_, err := Open(t.Context(), nil, o.url+"/f?sig=canary", Options{})
		check(o, err)

		o = serve(t, afterProbe(same(answer)))
		s := mustOpen(t, o.url+"/f?sig=canary", Options{})
		_, err = s.Open(t.Context(), span(500, 600))
		check(o, err)
	}
	err := &StatusError{Code: 429, URL: "https://example.com/f", After: 2 * time.Second}
	if got, want := err.Error(), "https://example.com/f: the server answered 429 Too Many Requests and asks to wait 2s"; got != want {
		t.Errorf("%s", got)
	}
}

func TestUnaskedCondition(t *testing.T) { // case 39
	for _, answer := range []string{"HTTP/1.1 304 Not Modified\r\n\r\n", message(412, "")} {
		o := serve(t, afterProbe(same(answer)))
		s := mustOpen(t, o.url, Options{Header: head("If-None-Match: *", "If-Match: x", "If-Modified-Since: "+date, "If-Range: x", "Range: bytes=1-2")})
		for try := range 2 {
			_, err := s.Open(t.Context(), span(500, 600))
			if _, ok := errors.AsType[*ProtocolError](err); !ok || scheduler.IsPermanent(err) != (try == 1) {
				t.Errorf("try %d: %v, permanent: %v", try, err, scheduler.IsPermanent(err))
			}
		}
		for _, r := range o.requests() {
			if len(r.Header) != 3 || r.Header.Get("Range") == "bytes=1-2" {
				t.Errorf("%v", r.Header)
			}
		}
	}
}

func TestGzipTrap(t *testing.T) { // case 23
	o := serve(t, afterProbe(func(_ int, r *http.Request) string { return part(asked(r), "Content-Encoding: gzip") }))
	s := mustOpen(t, o.url, Options{})
	_, err := s.Open(t.Context(), span(500, 600))
	if _, ok := errors.AsType[*ProtocolError](err); !ok || !scheduler.IsPermanent(err) {
		t.Errorf("%v", err)
	}
}

func TestNothingToAsk(t *testing.T) {
	o := serve(t, ranges)
	s := mustOpen(t, o.url, Options{})
	for _, r := range []segment.Range{span(5, 5), span(7, 3), span(1000, 1001), span(2000, end)} {
		if got, err := read(t.Context(), s, r); err != nil || got != "" {
			t.Errorf("%v: %q, %v", r, got, err)
		}
	}
	wantBytes(t, s, span(990, end))
	if n := len(o.requests()); n != 2 {
		t.Errorf("%d requests", n)
	}
}

func TestCancel(t *testing.T) {
	cause := errors.New("enough")
	t.Run("before", func(t *testing.T) {
		o := serve(t, ranges)
		s := mustOpen(t, o.url, Options{})
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		if _, err := s.Open(ctx, span(0, 10)); err != cause {
			t.Errorf("%v", err)
		}
		n := len(o.requests())
		if _, err := Open(ctx, nil, o.url, Options{}); err != cause || len(o.requests()) != n {
			t.Errorf("%v after %d requests", err, len(o.requests())-n)
		}
	})
	t.Run("while the server refuses", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		o := serve(t, func(int, *http.Request) string { cancel(cause); return message(503, "no") })
		if _, err := Open(ctx, nil, o.url, Options{}); err != cause {
			t.Errorf("%v", err)
		}
	})
	t.Run("while the server thinks", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		o := serve(t, func(int, *http.Request) string { cancel(cause); return hang })
		if _, err := Open(ctx, nil, o.url, Options{}); err != cause {
			t.Errorf("%v", err)
		}
	})
	t.Run("while a body stalls", func(t *testing.T) { // case 44
		o := serve(t, afterProbe(func(_ int, r *http.Request) string { return part(asked(r))[:110] + hang }))
		s := mustOpen(t, o.url, Options{})
		ctx, cancel := context.WithCancelCause(t.Context())
		body, err := s.Open(ctx, span(500, 600))
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Millisecond, func() { cancel(cause) })
		if _, err := io.ReadAll(body); err != cause {
			t.Errorf("%v", err)
		}
		body.Close()
		if _, err := body.Read(make([]byte, 1)); err == nil || err == io.EOF {
			t.Errorf("after Close: %v", err)
		}
	})
}
