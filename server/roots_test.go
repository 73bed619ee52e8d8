package server

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestRoots(t *testing.T) {
	top := t.TempDir()
	oldFile(t, filepath.Join(top, "images", "a.iso"), []byte("iso"))
	oldFile(t, filepath.Join(top, "images", "sub", "b"), []byte("b"))
	oldFile(t, filepath.Join(top, "one.txt"), []byte("alone"))
	oldFile(t, filepath.Join(top, "secret"), []byte("secret"))
	if err := os.Symlink("one.txt", filepath.Join(top, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../secret", filepath.Join(top, "images", "out")); err != nil {
		t.Fatal(err)
	}
	c := dial(t, start(t, Options{Pattern: true, Roots: []Root{
		{Name: "iso", Path: filepath.Join(top, "images")},
		{Name: "one.txt", Path: filepath.Join(top, "one.txt")},
		{Name: "x y", Path: filepath.Join(top, "link")},
		{Name: "memory", FS: fstest.MapFS{"m": {Data: []byte("m")}}},
	}}))
	for path, want := range map[string]int{
		"/": 200, "/iso": 301, "/iso/": 200, "/iso/a.iso": 200, "/iso/sub": 301, "/iso/sub/b": 200, "/iso/out": 404,
		"/transfer/iso/a.iso": 200, "/transfer/one.txt": 200, "/transfer/iso": 404,
		"/one.txt": 200, "/one.txt/": 404, "/one.txt/secret": 404, "/x%20y": 200, "/x%20y/secret": 404, "/secret": 404,
		"/memory/m": 200, "/images/a.iso": 404, "/a.iso": 404, "/iso/../one.txt": 404, "/iso%2fa.iso": 404, "/pattern/5": 200,
	} {
		resp, body := c.get("GET " + path)
		if resp.StatusCode != want || string(body) == "secret" {
			t.Errorf("%s: %s, want %d", path, resp.Status, want)
		}
	}
	if resp, body := c.get("GET /one.txt", "Range: bytes=1-"); resp.StatusCode != 206 || string(body) != "lone" {
		t.Errorf("a range of a file alone: %s %q", resp.Status, body)
	}
	resp, _ := c.get("GET /transfer/x%20y")
	if got := resp.Header.Get("Content-Disposition"); got != `attachment; filename="x y"` {
		t.Errorf("a file alone is saved as %s", got)
	}
	list := listed(t, c, "/")
	if want := "iso/ memory/ one.txt x y"; list != want {
		t.Errorf("/ lists %s, want %s", list, want)
	}
	if list := listed(t, c, "/iso/"); list != "sub/ a.iso" {
		t.Errorf("/iso/ lists %s", list)
	}
}

// A file that is served alone may lie in a folder that changes: nothing else gets out of it.
func TestLoneFileBecomesSomethingElse(t *testing.T) {
	top := t.TempDir()
	path := filepath.Join(top, "dir", "f")
	oldFile(t, path, []byte("one"))
	oldFile(t, filepath.Join(top, "secret"), []byte("secret"))
	h, err := New(Options{Roots: []Root{{Name: "f", Path: path}}}) // before anything changes; and nobody watches
	if err != nil {
		t.Fatal(err)
	}
	origin := httptest.NewServer(h)
	defer origin.Close()
	c := dial(t, origin.Listener.Addr().String())
	for name, change := range map[string]func() error{
		"a link that leads out": func() error { return os.Symlink("../secret", path) },
		"a folder":              func() error { return os.Mkdir(path, 0o755) },
		"nothing":               func() error { return nil },
	} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if err := change(); err != nil {
			t.Fatal(err)
		}
		for _, at := range []string{"/f", "/f/", "/transfer/f"} {
			if resp, body := c.get("GET " + at); resp.StatusCode != 404 {
				t.Errorf("%s: %s: %s %s", name, at, resp.Status, body)
			}
		}
	}
}

func TestNamesOfRoots(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"", ".", "..", ".git", "a/b", `a\b`, "a\nb", "a\x00b", "a\xff", "transfer", "pattern", "health", "twice"} {
		_, err := New(Options{Health: "/health", Roots: []Root{{Name: "twice", Path: dir}, {Name: name, Path: dir}}})
		if e, ok := errors.AsType[*RootError](err); !ok || e.Name != name {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"-", "-x", "a b", "ä", "Transfer", "a=b", "100%", "a?b#c"} {
		if _, err := New(Options{Roots: []Root{{Name: name, Path: dir}}}); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestRootsThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	for what, o := range map[string]Options{
		"a missing path":   {Roots: []Root{{Name: "a", Path: filepath.Join(dir, "missing")}}},
		"a link to itself": {Roots: []Root{{Name: "a", Path: loop(t, dir)}}},
		"neither":          {Roots: []Root{{Name: "a"}}},
		"both":             {Roots: []Root{{Name: "a", Path: dir, FS: fstest.MapFS{}}}},
		"Root and Roots":   {Root: dir, Roots: []Root{{Name: "a", Path: dir}}},
		"Root and FS":      {Root: dir, FS: fstest.MapFS{}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: New has nothing to object to", what)
		}
	}
}

func loop(t *testing.T, dir string) string {
	path := filepath.Join(dir, "loop")
	if err := os.Symlink("loop", path); err != nil {
		t.Fatal(err)
	}
	return path
}

// listed gives the names that the JSON of a folder has, in its order, a slash behind those of folders.
func listed(t *testing.T, c *wire, at string) string {
	t.Helper()
	_, body := c.get("GET "+at, "Accept: application/json")
	var got struct{ Entries []entry }
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%s: %v: %s", at, err, body)
	}
	var names []string
	for _, e := range got.Entries {
		if e.Dir {
			e.Name += "/"
		}
		names = append(names, e.Name)
	}
	return strings.Join(names, " ")
}
