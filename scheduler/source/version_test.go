package source

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"braid/scheduler"
)

// Entity-tags that change while the file does not (cases 13 and 14).
func TestFickleTags(t *testing.T) {
	edges := func(n int) string { return fmt.Sprintf(`ETag: "%d"`, n%2) }
	each := func(n int) string { return fmt.Sprintf(`ETag: "%d"`, n) }
	for name, row := range map[string]struct {
		tag   func(n int) string
		dates string
	}{
		"case 13: one for each edge":   {edges, old + "\r\n" + date},
		"case 14: one for each answer": {each, old + "\r\n" + date},
	} {
		t.Run(name, func(t *testing.T) {
			o := serve(t, func(n int, r *http.Request) string { return part(asked(r), row.tag(n), row.dates) })
			s := mustOpen(t, o.url, Options{})
			wantBytes(t, s, span(500, 600))
			if id := s.Identity(); id.ETag != "" {
				t.Errorf("it still goes by %s", id.ETag)
			}
			before := len(o.requests())
			wantBytes(t, s, span(600, 700))
			if n := len(o.requests()) - before; n != 1 {
				t.Errorf("%d requests once it knows", n)
			}
		})
	}
}

// Without a date nothing but the known tag counts: versions by turns, of which the
// beginnings are equal, would be joined (cases 13 and 14).
func TestFickleTagsWithoutADate(t *testing.T) {
	turns := serve(t, func(n int, r *http.Request) string { return part(asked(r), fmt.Sprintf(`ETag: "%d"`, n%2)) })
	s := mustOpen(t, turns.url, Options{})
	for off := int64(500); off < 600; off += 50 {
		wantBytes(t, s, span(off, off+50))
	}
	if id := s.Identity(); id.ETag != `"0"` {
		t.Errorf("it goes by %s", id.ETag)
	}
	each := serve(t, func(n int, r *http.Request) string { return part(asked(r), fmt.Sprintf(`ETag: "%d"`, n)) })
	s = mustOpen(t, each.url, Options{})
	if _, err := s.Open(t.Context(), span(500, 600)); !errors.Is(err, scheduler.ErrNoRanges) {
		t.Errorf("%v", err)
	}
	if !s.Whole() {
		t.Error("it does not say that the file is to be had in one piece only")
	}
}

// Where there are no ranges either, it is the same: in one piece only.
func TestFickleTagsWithoutRanges(t *testing.T) {
	o := serve(t, func(n int, r *http.Request) string { return message(200, file, fmt.Sprintf(`ETag: "%d"`, n)) })
	s := mustOpen(t, o.url, Options{})
	if s.Whole() {
		t.Fatal("so far it can be read again")
	}
	wantBytes(t, s, span(0, 100))
	if _, err := s.Open(t.Context(), span(500, 600)); !errors.Is(err, scheduler.ErrNoRanges) || !s.Whole() {
		t.Errorf("%v", err)
	}
}

// A response that does not say how long it is must end where the file does: it
// may be of another version, which is longer.
func TestLongerThanItWas(t *testing.T) {
	for _, body := range []string{file, file + "more", file[:990]} {
		o := serve(t, func(n int, r *http.Request) string {
			if n == 0 {
				return message(200, file)
			}
			return fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body)
		})
		s := mustOpen(t, o.url, Options{})
		wantBytes(t, s, span(0, 1000))
		got, err := read(t.Context(), s, span(0, 1000))
		if right := body == file; (err == nil) != right || right && got != file || len(body) > 1000 && !errors.Is(err, scheduler.ErrChanged) {
			t.Errorf("%d bytes: %v", len(body), err)
		}
	}
}

// A cache that has two versions of the file gives them by turns (case 59).
func TestTwoVersionsByTurns(t *testing.T) {
	other := strings.ToUpper(strings.ReplaceAll(file, ".", ","))
	o := serve(t, func(n int, r *http.Request) string {
		text := part(asked(r), fmt.Sprintf(`ETag: "%d"`, n%2), old, date)
		if n%2 == 1 {
			text = strings.ReplaceAll(text, file[500:600], other[500:600])
		}
		return text
	})
	s := mustOpen(t, o.url, Options{})
	if _, err := s.Open(t.Context(), span(500, 600)); !errors.Is(err, scheduler.ErrChanged) || !strings.Contains(err.Error(), "by turns") {
		t.Errorf("%v", err)
	}
}

// A cache that has an old version is asked to stand aside, and then the right
// one comes (cases 59 and 60).
func TestStaleCache(t *testing.T) {
	o := serve(t, func(n int, r *http.Request) string {
		switch {
		case n == 0 || r.Header.Get("Cache-Control") == "no-cache":
			return part(asked(r), `ETag: "a"`, old, date)
		}
		return strings.Replace(part(asked(r), older, date), "/1000", "/2000", 1)
	})
	s := mustOpen(t, o.url, Options{})
	if _, err := s.Open(t.Context(), span(500, 600)); err == nil || scheduler.IsPermanent(err) {
		t.Fatalf("%v, want doubt", err)
	}
	wantBytes(t, s, span(500, 600))
}
