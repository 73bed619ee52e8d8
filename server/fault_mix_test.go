package server

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// No fault puts right what another one has spoilt: a Content-Range that means
// nothing comes with wrong bytes, and must not mean something in the end.
func TestStarTotalPutsNothingRight(t *testing.T) {
	for _, other := range []string{"garbage-content-range", "no-content-range"} {
		h, err := New(Options{Pattern: true, Rogue: Rogue{Faults: []string{other, "star-total"}}})
		if err != nil {
			t.Fatal(err)
		}
		for range 12 {
			r := httptest.NewRequest(http.MethodGet, "/pattern/1000", nil)
			r.Header.Set("Range", "bytes=100-199")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if got := w.Header().Get("Content-Range"); got == "bytes 100-199/*" {
				t.Fatalf("%s: %q", other, got)
			}
		}
	}
}
