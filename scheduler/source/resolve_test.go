package source

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"braid/scheduler"
)

// signing redirects /file to /signed/N, which is good while N is the newest
// signature and answers with status once it is not.
func signing(t *testing.T, status int) (o *origin, newest *atomic.Int32) {
	newest = new(atomic.Int32)
	return serve(t, func(_ int, r *http.Request) string {
		if r.URL.Path == "/file" {
			return message(302, "", fmt.Sprintf("Location: /signed/%d", newest.Load()))
		}
		if r.URL.Path != fmt.Sprintf("/signed/%d", newest.Load()) {
			return message(status, "expired")
		}
		return part(asked(r), `ETag: "a"`)
	}), newest
}

// An expired link is had anew from the URL that the user gave (case 35).
func TestExpiredLink(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 410} {
		o, newest := signing(t, status)
		s := mustOpen(t, o.url+"/file", Options{})
		wantBytes(t, s, span(500, 600))
		newest.Add(1)
		wantBytes(t, s, span(600, 700))
		wantBytes(t, s, span(700, 800))
		var paths []string
		for _, r := range o.requests() {
			paths = append(paths, r.URL.Path)
		}
		if got := strings.Join(paths, " "); got != "/file /signed/0 /signed/0 /signed/0 /file /signed/1 /signed/1" {
			t.Errorf("%d: %s", status, got)
		}
	}
}

// Whoever is refused together asks anew once.
func TestOneAsksAnew(t *testing.T) {
	o, newest := signing(t, 403)
	s := mustOpen(t, o.url+"/file", Options{})
	newest.Add(1)
	var all sync.WaitGroup
	for i := range int64(8) {
		all.Go(func() { wantBytes(t, s, span(500+i, 600+i)) })
	}
	all.Wait()
	asked := 0
	for _, r := range o.requests() {
		if r.URL.Path == "/file" {
			asked++
		}
	}
	if asked != 2 {
		t.Errorf("the user's URL was asked %d times", asked)
	}
}

// A link that is gone for good is asked for anew once, and then given up: with
// a refusal that is permanent, and after a 403 may be due to the crowd.
func TestAnewInVain(t *testing.T) {
	for status, may := range map[int]bool{401: false, 403: true, 404: false, 410: false} {
		o := serve(t, func(n int, r *http.Request) string {
			if r.URL.Path == "/file" {
				return message(302, "", "Location: /once")
			}
			if n == 1 {
				return part(asked(r))
			}
			return message(status, "")
		})
		s := mustOpen(t, o.url+"/file", Options{})
		_, err := s.Open(t.Context(), span(500, 600))
		var answered *StatusError
		if !errors.As(err, &answered) || answered.Code != status || !scheduler.IsPermanent(err) {
			t.Errorf("%d: %v", status, err)
		}
		if crowded := fmt.Sprintf("%T", err) == "scheduler.crowded"; crowded != may {
			t.Errorf("%d: %T", status, err)
		}
		if n := len(o.requests()); n != 5 {
			t.Errorf("%d: %d requests", status, n)
		}
	}
}

// The file behind the new link must be the same.
func TestAnewIsAnother(t *testing.T) {
	o := serve(t, func(n int, r *http.Request) string {
		switch {
		case n == 0:
			return part(asked(r), `ETag: "a"`, old, date)
		case n == 1:
			return message(404, "")
		}
		return part(asked(r), `ETag: "a"`, older, date)
	})
	s := mustOpen(t, o.url, Options{})
	_, err := s.Open(t.Context(), span(500, 600))
	if err != nil { // equal strong tags decide
		t.Fatal(err)
	}
	o = serve(t, func(n int, r *http.Request) string {
		switch {
		case n == 0:
			return part(asked(r), old, date)
		case n%2 == 1:
			return message(404, "")
		}
		return part(asked(r), older, date)
	})
	s = mustOpen(t, o.url, Options{})
	wantChanged(t, s, span(500, 600), "it was last modified")
}
