package server

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPaths(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "root")
	oldFile(t, filepath.Join(top, "secret"), []byte("secret"))
	oldFile(t, filepath.Join(dir, "a.txt"), []byte("public"))
	oldFile(t, filepath.Join(dir, "sub", "b.txt"), []byte("public"))
	oldFile(t, filepath.Join(dir, "sub", "index.html"), []byte("public"))
	oldFile(t, filepath.Join(dir, ".env"), []byte("secret"))
	oldFile(t, filepath.Join(dir, ".git", "config"), []byte("secret"))
	for link, target := range map[string]string{
		"in": "sub/b.txt", "out": "../secret", "outdir": "..", "absolute": filepath.Join(top, "secret"), "loop": "loop", "hidden": ".env",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	addr := start(t, Options{Root: dir})

	long := strings.Repeat("x", 4100)
	tests := []struct {
		row    int
		path   string
		status int
	}{
		{93, "/../secret", 404}, {93, "/%2e%2e/secret", 404}, {93, "/..%2fsecret", 404}, {93, "/..%5csecret", 404},
		{93, "/%252e%252e/secret", 404}, {93, "/%c0%ae%c0%ae/secret", 404}, {93, "//secret", 404}, {93, "//x/y", 404},
		{93, "/..;/secret", 404}, {93, "/sub/../../secret", 404}, {93, "/sub/../a.txt", 404}, {93, `/..\secret`, 404},
		{93, "/transfer/../secret", 404}, {93, "/transfer/../../secret", 404}, {93, "/transfer//a.txt", 404},
		{94, "/a.txt%00", 404}, {94, "/a.txt%00.html", 404}, {94, "/a%", 400}, {94, "/a%zz", 400}, {94, "/a\x00.txt", 400}, {94, "/%ff", 404},
		{95, "/%61.txt", 200}, {95, "/%61%2E%74%78%74", 200}, {95, "/a.txt?x=y", 200}, {95, "/sub%2fb.txt", 404}, {95, "/transfer/sub%2Fb.txt", 404},
		{95, "/%74ransfer/a.txt", 200},
		{96, "/in", 200}, {96, "/out", 404}, {96, "/outdir/secret", 404}, {96, "/outdir/", 404}, {96, "/absolute", 404}, {96, "/loop", 404},
		{97, "/.env", 404}, {97, "/.git/config", 404}, {97, "/.nope", 404}, {97, "/%2eenv", 404}, {97, "/transfer/.env", 404},
		{99, "/sub", 301}, {100, "/a.txt/", 404}, {100, "/sub/index.html", 200}, {100, "/sub/", 200}, {100, "/a.txt/x", 404},
		{101, "/" + long, 404}, {101, "/transfer/" + long, 404},
		{0, "/transfer", 404}, {0, "/transfer/", 404}, {0, "/transfer/sub", 404}, {0, "/transfer/sub/", 404}, {0, "/pattern/5", 404},
	}
	for _, tt := range tests {
		resp, body := dial(t, addr).get("GET " + tt.path)
		if resp.StatusCode != tt.status || bytes.Contains(body, []byte("secret")) && tt.status != 200 {
			t.Errorf("row %d: %.60q: %s, want %d", tt.row, tt.path, resp.Status, tt.status)
		}
		if tt.status == 301 {
			if got := resp.Header.Get("Location"); got != "./sub/" {
				t.Errorf("row %d: %s leads to %q", tt.row, tt.path, got)
			}
		}
	}
}

// checkSent sends a representation of 3 pieces and calls disturb once the first has gone out.
func checkSent(t *testing.T, path string, strong bool, disturb func(f *os.File)) (sent int64, err error) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	b := &fileBody{f, fi, strong}
	for range 3 {
		if err := b.send(io.Discard, sent, fi.Size()/3); err != nil {
			return sent, err
		}
		sent += fi.Size() / 3
		if disturb != nil {
			disturb(f)
			disturb = nil
		}
	}
	return sent, nil
}

func TestFileChangesWhileSent(t *testing.T) { // rows 104 to 107
	const size = 3 << 16
	grow := func(f *os.File) { f.WriteAt([]byte("more"), size) }
	cut := func(f *os.File) { f.Truncate(size / 2) }
	rewrite := func(f *os.File) { f.WriteAt([]byte("other"), size-100) }
	rename := func(f *os.File) { os.Rename(f.Name(), f.Name()+".old") }
	tests := []struct {
		name    string
		strong  bool
		disturb func(*os.File)
		want    error
	}{
		{"undisturbed, strong", true, nil, nil},
		{"undisturbed, weak", false, nil, nil},
		{"grows, weak", false, grow, nil},
		{"grows, strong", true, grow, errChanged},
		{"cut, strong", true, cut, errShort},
		{"cut, weak", false, cut, errShort},
		{"rewritten, strong", true, rewrite, errChanged},
		{"rewritten, weak", false, rewrite, errChanged},
		{"renamed, strong", true, rename, nil},
		{"removed, strong", true, func(f *os.File) { os.Remove(f.Name()) }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f")
			oldFile(t, path, patterned(size))
			sent, err := checkSent(t, path, tt.strong, tt.disturb)
			if !errors.Is(err, tt.want) && !(tt.want == errShort && err == io.EOF) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if (err == nil) != (sent == size) {
				t.Errorf("%d bytes completed of %d", sent, size)
			}
		})
	}
}

// The same over a connection: what a client sees of it, whatever kind of root the file is in.
func TestClientSeesChange(t *testing.T) {
	for kind, served := range map[string]func(dir string) (o Options, at string){
		"folder":      func(dir string) (Options, string) { return Options{Root: dir}, "/f" },
		"file":        func(dir string) (Options, string) { return Options{Roots: []Root{{Name: "x", Path: dir + "/f"}}}, "/x" },
		"DirFS":       func(dir string) (Options, string) { return Options{FS: os.DirFS(dir)}, "/f" },
		"file system": func(dir string) (Options, string) { return Options{FS: seekers{os.DirFS(dir)}}, "/f" },
	} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			oldFile(t, filepath.Join(dir, "f"), nil)
			o, at := served(dir)
			checkClientSeesChange(t, start(t, o), at, filepath.Join(dir, "f"))
		})
	}
}

// checkClientSeesChange changes the file at path while an origin sends it. It is larger than all buffers on the way.
func checkClientSeesChange(t *testing.T, addr, at, path string) {
	const size = 48 << 20
	fresh := func() {
		t.Helper()
		if err := os.WriteFile(path+".fresh", nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path+".fresh", size); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".fresh", path); err != nil {
			t.Fatal(err)
		}
	}
	begin := func() (*wire, *http.Response) {
		t.Helper()
		c := dial(t, addr)
		resp := c.ask("GET " + at)
		if _, err := io.CopyN(io.Discard, resp.Body, 1000); err != nil {
			t.Fatal(err)
		}
		return c, resp
	}

	t.Run("grows", func(t *testing.T) { // row 104
		fresh()
		c, resp := begin()
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString("more")
		f.Close()
		n, err := io.Copy(io.Discard, resp.Body)
		if err != nil || n != size-1000 {
			t.Fatalf("%d more bytes, %v", n, err)
		}
		if resp := c.ask("HEAD " + at); resp.ContentLength != size+4 {
			t.Errorf("next on the same connection: %s, %d bytes", resp.Status, resp.ContentLength)
		}
	})
	for name, change := range map[string]func() error{
		"is cut":       func() error { return os.Truncate(path, size/2) },                // row 105
		"is rewritten": func() error { return os.Chtimes(path, time.Now(), time.Now()) }, // row 107
	} {
		t.Run(name, func(t *testing.T) {
			fresh()
			age(t, path, -time.Hour)
			_, resp := begin()
			if err := change(); err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, resp.Body)
			if err == nil || n >= size-1000 {
				t.Errorf("%d more bytes, %v", n, err)
			}
		})
	}
	t.Run("is replaced", func(t *testing.T) { // row 106
		fresh()
		age(t, path, -time.Hour)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		c, resp := begin()
		if err := os.WriteFile(path+".new", []byte("new"), 0o644); err != nil {
			t.Fatal(err)
		}
		age(t, path+".new", -time.Hour)
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != size-1000 {
			t.Fatalf("the old version: %d more bytes, %v", n, err)
		}
		again, body := c.get("GET "+at, "Range: bytes=1-", "If-Range: "+resp.Header.Get("ETag"))
		if again.StatusCode != 200 || string(body) != "new" || again.Header.Get("ETag") == resp.Header.Get("ETag") {
			t.Errorf("the new version: %s, %q", again.Status, body)
		}
	})
}

func TestValidators(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	look := func(now time.Time) validators {
		t.Helper()
		fi, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return validatorsOf(fi, now)
	}
	now := time.Now()
	oldFile(t, path, []byte("one"))
	first := look(now)
	if _, complete := inodeOf(must(os.Stat(path))); complete != first.strong() {
		t.Errorf("an old file: %+v", first)
	}
	if len(first.etag) < 10 || !matchAny(first.etag, first.etag, false) {
		t.Errorf("no entity-tag: %s", first.etag)
	}

	// Row 107: the same size and the same second, even the same time.
	then := must(os.Stat(path)).ModTime()
	if err := os.WriteFile(path, []byte("two"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
	if second := look(now); second.strong() && second.etag == first.etag {
		t.Errorf("a rewrite keeps the tag %s", first.etag)
	}

	// Rows 5 and 76: younger than two seconds.
	age(t, path, -time.Second)
	if v := look(time.Now()); v.strong() || v.settled {
		t.Errorf("a fresh file: %+v", v)
	}
	// Row 3.
	age(t, path, time.Hour)
	if v := look(now); v.strong() || v.settled || v.modified.After(now) {
		t.Errorf("a file from the future: %+v at %v", v, now)
	}
	c := dial(t, start(t, Options{Root: dir}))
	if resp, _ := c.get("GET /f"); resp.Header.Get("Last-Modified") != resp.Header.Get("Date") {
		t.Errorf("a file from the future: Last-Modified %s, Date %s", resp.Header.Get("Last-Modified"), resp.Header.Get("Date"))
	}
	resp, _ := c.get("GET /f", "Range: bytes=0-0", "If-Range: "+time.Now().UTC().Format(http.TimeFormat))
	if resp.StatusCode != 200 {
		t.Errorf("row 76: an If-Range date on a file from the future: %s", resp.Status)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestFailOpen(t *testing.T) {
	for err, want := range map[error]int{os.ErrNotExist: 404, os.ErrPermission: 403, errKind: 404, errors.New("x"): 404} {
		w := httptest.NewRecorder()
		failOpen(w, err)
		if w.Code != want {
			t.Errorf("%v: %d, want %d", err, w.Code, want)
		}
	}
}

func TestTypeOf(t *testing.T) {
	for name, want := range map[string]string{
		"a.iso": "application/x-iso9660-image", "a.tar.GZ": "application/gzip", "a": octetStream, "a.nobody": octetStream,
		"a.html": "text/html; charset=utf-8", "a.json": "application/json", "a.wasm": "application/wasm",
		"a.svg": "image/svg+xml", "a.js": "text/javascript; charset=utf-8", "a.css": "text/css; charset=utf-8", "a.xml": "application/xml",
		"a.md": "text/plain; charset=utf-8", "a.zst": "application/zstd", "archive.tar.zst": "application/zstd", ".html": "text/html; charset=utf-8",
		"a.bin": octetStream, "A.TXT": "text/plain; charset=utf-8",
	} {
		if got := typeOf(name); got != want {
			t.Errorf("typeOf(%q) = %s, want %s", name, got, want)
		}
	}
}

func TestTransfer(t *testing.T) {
	dir := t.TempDir()
	content := patterned(1000)
	oldFile(t, filepath.Join(dir, "sub", "ein \"Maß\".html"), content)
	c := dial(t, start(t, Options{Root: dir}))
	resp, body := c.get("GET /transfer/sub/ein%20%22Ma%C3%9F%22.html")
	if resp.StatusCode != 200 || !bytes.Equal(body, content) || resp.Header.Get("Content-Type") != octetStream ||
		resp.Header.Get("Content-Disposition") != `attachment; filename="ein _Ma__.html"; filename*=UTF-8''ein%20%22Ma%C3%9F%22.html` {
		t.Errorf("%s %v", resp.Status, resp.Header)
	}
	for field, want := range map[string]string{
		"bytes=0-99": "bytes 0-99/1000", "bytes=900-": "bytes 900-999/1000", "bytes=-1": "bytes 999-999/1000", "bytes=990-2000": "bytes 990-999/1000",
	} {
		resp, body := c.get("GET /transfer/sub/ein%20%22Ma%C3%9F%22.html", "Range: "+field)
		if resp.StatusCode != 206 || resp.Header.Get("Content-Range") != want || int64(len(body)) != resp.ContentLength {
			t.Errorf("%s: %s, %q, %d bytes", field, resp.Status, resp.Header.Get("Content-Range"), len(body))
		}
	}
}
