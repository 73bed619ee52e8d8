package server

import (
	"crypto/sha256"
	"embed"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

//go:embed listing.html testdata/fuzz
var embeddedFiles embed.FS

func TestEmbedded(t *testing.T) {
	sub, err := fs.Sub(embeddedFiles, "testdata")
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, start(t, Options{Roots: []Root{{Name: "all", FS: embeddedFiles}, {Name: "sub", FS: sub}}}))
	resp, body := c.get("GET /all/listing.html")
	h := resp.Header
	etag := h.Get("ETag")
	if resp.StatusCode != 200 || string(body) != listingHTML || !strings.HasPrefix(etag, `"`) || h.Get("Last-Modified") != "" ||
		h.Get("Repr-Digest") != reprDigest(sha256.Sum256([]byte(listingHTML))) {
		t.Errorf("%s %v", resp.Status, h)
	}
	again, part := c.get("GET /all/listing.html", "Range: bytes=10-19", "If-Range: "+etag)
	if again.StatusCode != 206 || string(part) != listingHTML[10:20] || again.Header.Get("Repr-Digest") != h.Get("Repr-Digest") {
		t.Errorf("a range: %s %v %q", again.Status, again.Header, part)
	}
	if again, _ := c.get("GET /all/listing.html", "If-None-Match: "+etag); again.StatusCode != 304 {
		t.Errorf("again: %s", again.Status)
	}
	if other, _ := dial(t, start(t, Options{FS: embeddedFiles})).get("HEAD /listing.html"); other.Header.Get("ETag") != etag {
		t.Errorf("another origin calls it %s and not %s", other.Header.Get("ETag"), etag)
	}
	if resp, _ := c.get("GET /sub/fuzz"); resp.StatusCode != 301 || resp.Header.Get("Location") != "./fuzz/" {
		t.Errorf("a folder: %s, %q", resp.Status, resp.Header.Get("Location"))
	}
	var name string
	fs.WalkDir(sub, ".", func(path string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			name = path
		}
		return err
	})
	if resp, _ := c.get("HEAD /sub/" + name); resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("ETag"), `"`) {
		t.Errorf("below fs.Sub: %s %v", resp.Status, resp.Header)
	}
	if _, list := c.get("GET /all/", "Accept: application/json"); strings.Contains(string(list), "0001-01-01") {
		t.Errorf("the listing knows times that there are not: %s", list)
	}
}

// A plain file has only what fs.File asks for.
type plain struct{ fs.File }

// A streams is a file system whose files cannot be sought, as those of an archive cannot.
type streams struct{ fs.FS }

func (s streams) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if fi, statErr := f.Stat(); err == nil && statErr == nil && fi.IsDir() {
		return f, nil
	}
	return plain{f}, err
}

// A seeker can be sought but not read at an offset.
type seeker struct {
	fs.File
	io.Seeker
}

type seekers struct{ fs.FS }

func (s seekers) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if sk, ok := f.(io.Seeker); ok {
		return seeker{f, sk}, nil
	}
	return f, nil // a folder
}

func TestAnyFileSystem(t *testing.T) {
	then := time.Now().Add(-time.Hour)
	content := patterned(10000)
	files := fstest.MapFS{
		"a.bin":       {Data: content, ModTime: then},
		"timeless":    {Data: content},
		"fresh":       {Data: content, ModTime: time.Now().Add(time.Hour)},
		"sub/b.txt":   {Data: []byte("b"), ModTime: then},
		".env":        {Data: []byte("secret"), ModTime: then},
		".git/config": {Data: []byte("secret"), ModTime: then},
		"pipe":        {Mode: fs.ModeNamedPipe},
	}
	for kind, fsys := range map[string]fs.FS{"mapfs": files, "seekers": seekers{files}} {
		c := dial(t, start(t, Options{FS: fsys}))
		for path, want := range map[string]int{
			"/a.bin": 200, "/transfer/a.bin": 200, "/sub": 301, "/sub/": 200, "/sub/b.txt": 200, "/.env": 404, "/.git/config": 404,
			"/pipe": 404, "/nope": 404, "/": 200, "/a.bin/": 404, "/sub/../a.bin": 404, "//a.bin": 404,
		} {
			if resp, _ := c.get("GET " + path); resp.StatusCode != want {
				t.Errorf("%s: %s: %s, want %d", kind, path, resp.Status, want)
			}
		}
		resp, body := c.get("GET /a.bin", "Range: bytes=5000-")
		if resp.StatusCode != 206 || string(body) != string(content[5000:]) {
			t.Errorf("%s: a range: %s, %d bytes", kind, resp.Status, len(body))
		}
		etag := resp.Header.Get("ETag")
		if !strings.HasPrefix(etag, `W/"`) || resp.Header.Get("Last-Modified") != then.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT") {
			t.Errorf("%s: %v", kind, resp.Header)
		}
		if resp, _ := c.get("GET /a.bin", "If-None-Match: "+etag); resp.StatusCode != 304 {
			t.Errorf("%s: not modified: %s", kind, resp.Status)
		}
		if resp, _ := c.get("GET /a.bin", "Range: bytes=5-", "If-Range: "+etag); resp.StatusCode != 200 {
			t.Errorf("%s: a weak If-Range: %s", kind, resp.Status)
		}
		if resp, _ := c.get("GET /timeless"); resp.Header.Get("ETag") != "" || resp.Header.Get("Last-Modified") != "" {
			t.Errorf("%s: a file without a time: %v", kind, resp.Header)
		}
		if resp, _ := c.get("GET /fresh"); resp.Header.Get("Last-Modified") != resp.Header.Get("Date") {
			t.Errorf("%s: a file from the future: %v", kind, resp.Header)
		}
	}
	c := dial(t, start(t, Options{FS: streams{files}}))
	if resp, body := c.get("GET /a.bin"); resp.StatusCode != 500 || !strings.Contains(string(body), "ranges") {
		t.Errorf("files that cannot be sought: %s %s", resp.Status, body)
	}
}

// An os.DirFS opens files of the system, which are served as those of a folder are.
func TestDirFS(t *testing.T) {
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "f"), patterned(1000))
	want, _ := dial(t, start(t, Options{Root: dir})).get("HEAD /f")
	got, _ := dial(t, start(t, Options{FS: os.DirFS(dir)})).get("HEAD /f")
	if got.Header.Get("ETag") != want.Header.Get("ETag") || got.StatusCode != 200 {
		t.Errorf("%s %v, want %v", got.Status, got.Header, want.Header)
	}
}
