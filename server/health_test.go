package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHealth(t *testing.T) {
	dir, other := t.TempDir(), filepath.Join(t.TempDir(), "f")
	oldFile(t, other, patterned(10))
	h, err := New(Options{Roots: []Root{{Name: "a", Path: dir}, {Name: "b", Path: other}}, Health: "/up"})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	ask := func(method, target string, status int, want string) {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, method, target, nil))
		if w.Code != status || w.Body.String() != want {
			t.Errorf("%s %s: %d %q", method, target, w.Code, w.Body)
		}
	}
	ask("GET", "/up", 200, "ok\n")
	ask("GET", "/up?x", 200, "ok\n")
	ask("HEAD", "/up", 200, "ok\n") // net/http leaves it out
	ask("GET", "/up/", 404, "404 Not Found\n")
	ask("POST", "/up", 405, "405 Method Not Allowed\n")
	if err := Check(h); err != nil {
		t.Error(err)
	}

	if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	ask("GET", "/up", 503, "503 a root cannot be read\n")
	if err := Check(h); err == nil || !strings.HasPrefix(err.Error(), "b: ") {
		t.Error(err)
	}

	stopped, stop := context.WithCancel(t.Context())
	ctx = context.WithValue(ctx, servingKey{}, stopped)
	oldFile(t, other, patterned(10))
	ask("GET", "/up", 200, "ok\n")
	stop()
	ask("GET", "/up", 503, "503 stopping\n")

	if Check(http.NotFoundHandler()) == nil {
		t.Error("all is well with a handler of which nothing is known")
	}
	if _, err := New(Options{Pattern: true, Health: "up"}); err == nil {
		t.Error("a path without a slash is taken")
	}
}
