package server

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// storedVariants gives a folder with a page, and with what passes for it in three codings: they are told apart by their bytes.
func storedVariants(t *testing.T) string {
	dir := t.TempDir()
	then := time.Now().Add(-time.Hour)
	for name, content := range map[string]string{
		"a.html": "plain content", "a.html.gz": "gzipped", "a.html.br": "brotli'd", "a.html.zst": "zstandard",
		"b.txt": "only gzip", "b.txt.gz": "gz", "none.txt": "alone", "stale.txt": "new", "folder.txt": "f", "folder.txt.gz/x": "x",
	} {
		oldFile(t, filepath.Join(dir, name), []byte(content))
		if err := os.Chtimes(filepath.Join(dir, name), then, then); err != nil { // as gzip -k leaves it
			t.Fatal(err)
		}
	}
	oldFile(t, filepath.Join(dir, "stale.txt.gz"), []byte("old"))
	age(t, filepath.Join(dir, "stale.txt.gz"), -2*time.Hour)
	if err := os.Link(filepath.Join(dir, "none.txt"), filepath.Join(dir, "none.txt.br")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestPrecompressed(t *testing.T) { // rows 6 and 113
	c := dial(t, start(t, Options{Root: storedVariants(t), Precompressed: true}))
	for _, tt := range []struct{ path, accept, coding, body string }{
		{"/a.html", "gzip", "gzip", "gzipped"},
		{"/a.html", "gzip, deflate, br, zstd", "zstd", "zstandard"},
		{"/a.html", "gzip;q=0.5, br;q=0.4", "gzip", "gzipped"},
		{"/a.html", "identity", "", "plain content"},
		{"/a.html", "", "", "plain content"},
		{"/a.html", "gzip;q=0", "", "plain content"},
		{"/a.html", "identity;q=0, gzip;q=0", "", "plain content"},
		{"/a.html", "*", "", "plain content"},
		{"/a.html", "deflate", "", "plain content"},
		{"/b.txt", "gzip, br, zstd", "gzip", "gz"},
		{"/b.txt", "br", "", "only gzip"},
		{"/none.txt", "gzip", "", "alone"},
		{"/stale.txt", "gzip", "", "new"},
		{"/folder.txt", "gzip", "", "f"},
		{"/a.html.gz", "gzip", "", "gzipped"},
		{"/transfer/a.html", "gzip", "", "plain content"},
	} {
		resp, body := c.get("GET "+tt.path, "Accept-Encoding: "+tt.accept)
		h := resp.Header
		if resp.StatusCode != 200 || string(body) != tt.body || h.Get("Content-Encoding") != tt.coding || resp.ContentLength != int64(len(tt.body)) {
			t.Errorf("%s, %q: %s %q %q", tt.path, tt.accept, resp.Status, h.Get("Content-Encoding"), body)
		}
		negotiable := !strings.HasSuffix(tt.path, ".gz") && !strings.HasPrefix(tt.path, "/transfer/")
		if (h.Get("Vary") == "Accept-Encoding") != negotiable {
			t.Errorf("%s: Vary %q", tt.path, h.Get("Vary"))
		}
		if tt.path == "/a.html" && h.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s, %q: %s", tt.path, tt.accept, h.Get("Content-Type"))
		}
		if (h.Get("Last-Modified") == "") != (tt.coding != "") {
			t.Errorf("%s, %q: Last-Modified %q", tt.path, tt.accept, h.Get("Last-Modified"))
		}
		head, _ := c.get("HEAD "+tt.path, "Accept-Encoding: "+tt.accept)
		for name := range h {
			if name != "Date" && head.Header.Get(name) != h.Get(name) {
				t.Errorf("%s, %q: %s is %q on HEAD and %q on GET", tt.path, tt.accept, name, head.Header.Get(name), h.Get(name))
			}
		}
		again, _ := c.get("GET "+tt.path, "Accept-Encoding: "+tt.accept, "If-None-Match: "+h.Get("ETag"))
		if again.StatusCode != 304 || again.Header.Get("Vary") != h.Get("Vary") || again.Header.Get("Content-Encoding") != "" ||
			again.Header.Get("ETag") != h.Get("ETag") {
			t.Errorf("%s, %q: again: %s %v", tt.path, tt.accept, again.Status, again.Header)
		}
	}
	if resp, _ := c.get("GET /a.html"); resp.Header.Get("Content-Encoding") != "" || resp.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("without the field: %v", resp.Header)
	}
	if resp, _ := dial(t, start(t, Options{Root: storedVariants(t)})).get("GET /a.html", "Accept-Encoding: gzip"); resp.Header.Get("Content-Encoding") != "" || resp.Header.Get("Vary") != "" {
		t.Errorf("without the option: %v", resp.Header)
	}
}

// No two representations share a tag, not even if they are one inode.
func TestCodedTags(t *testing.T) {
	c := dial(t, start(t, Options{Root: storedVariants(t), Precompressed: true}))
	seen := make(map[string]string)
	for _, ask := range []string{"/a.html identity", "/a.html gzip", "/a.html br", "/a.html zstd", "/a.html.gz x", "/none.txt br", "/none.txt identity"} {
		path, accept, _ := strings.Cut(ask, " ")
		resp, _ := c.get("GET "+path, "Accept-Encoding: "+accept)
		etag := resp.Header.Get("ETag")
		if other, taken := seen[etag]; taken || !strings.HasPrefix(etag, `"`) {
			t.Errorf("%s has the tag %s, as %s", ask, etag, other)
		}
		seen[etag] = ask
	}
}

// A part is of the plain file unless the request names what it belongs to.
func TestPartsOfCoded(t *testing.T) {
	c := dial(t, start(t, Options{Root: storedVariants(t), Precompressed: true}))
	plain, _ := c.get("GET /a.html")
	gz, _ := c.get("GET /a.html", "Accept-Encoding: gzip")
	p, g, date := plain.Header.Get("ETag"), gz.Header.Get("ETag"), plain.Header.Get("Last-Modified")
	const all, br = "Accept-Encoding: gzip, br, zstd", "Accept-Encoding: br"
	for _, tt := range []struct {
		fields []string
		status int
		coding string
		body   string
	}{
		{[]string{all, "Range: bytes=3-"}, 206, "", "in content"},
		{[]string{all, "Range: bytes=3-", "If-Range: " + g}, 206, "gzip", "pped"},
		{[]string{all, "Range: bytes=3-", "If-Range: " + p}, 206, "", "in content"},
		{[]string{all, "Range: bytes=3-", "If-Range: " + date}, 206, "", "in content"},
		{[]string{all, "Range: bytes=3-", `If-Range: "other"`}, 200, "", "plain content"},
		{[]string{br, "Range: bytes=3-", "If-Range: " + g}, 200, "", "plain content"}, // gzip is no longer wanted
		{[]string{all, "Range: bytes=3-", "If-Match: " + g}, 206, "gzip", "pped"},
		{[]string{all, "Range: bytes=3-", "If-Match: " + p}, 206, "", "in content"},
		{[]string{all, "Range: bytes=3-", "If-Match: *"}, 206, "", "in content"},
		{[]string{all, "If-Match: " + g}, 200, "gzip", "gzipped"},
		{[]string{all, "If-Match: " + p}, 200, "", "plain content"},
		{[]string{br, "If-Match: " + g}, 412, "", "412 Precondition Failed\n"},
		{[]string{all, "Range: bytes=90-", "If-Range: " + g}, 416, "", "416 Requested Range Not Satisfiable\n"},
		{[]string{all, "Range: bytes=0-1,4-", "If-Range: " + g}, 200, "gzip", "gzipped"}, // no multipart of coded bytes
	} {
		resp, body := c.get("GET /a.html", tt.fields...)
		if resp.StatusCode != tt.status || resp.Header.Get("Content-Encoding") != tt.coding || string(body) != tt.body {
			t.Errorf("%q: %s %q %q", tt.fields, resp.Status, resp.Header.Get("Content-Encoding"), body)
		}
		if tt.status < 300 && resp.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: Vary is %q", tt.fields, resp.Header.Get("Vary"))
		}
		switch tt.status {
		case 206:
			if size := map[string]string{"": "/13", "gzip": "/7"}[tt.coding]; !strings.HasSuffix(resp.Header.Get("Content-Range"), size) {
				t.Errorf("%q: Content-Range %q", tt.fields, resp.Header.Get("Content-Range"))
			}
		case 416:
			if resp.Header.Get("Content-Range") != "bytes */7" {
				t.Errorf("%q: Content-Range %q", tt.fields, resp.Header.Get("Content-Range"))
			}
		}
	}
}

//go:embed testdata/precompressed
var moreEmbedded embed.FS

// The same over an fs.FS, where nothing has a time. Row 87: the digest is that of what is sent.
func TestPrecompressedEmbedded(t *testing.T) {
	c := dial(t, start(t, Options{FS: must(fs.Sub(moreEmbedded, "testdata/precompressed")), Precompressed: true}))
	plain, _ := c.get("GET /f.txt")
	gz, body := c.get("GET /f.txt", "Accept-Encoding: gzip")
	content := must(fs.ReadFile(moreEmbedded, "testdata/precompressed/f.txt.gz"))
	if string(body) != string(content) || gz.Header.Get("Content-Encoding") != "gzip" || gz.Header.Get("ETag") == plain.Header.Get("ETag") ||
		gz.Header.Get("Repr-Digest") == plain.Header.Get("Repr-Digest") || gz.Header.Get("Repr-Digest") == "" {
		t.Errorf("%s %v, plain %v", gz.Status, gz.Header, plain.Header)
	}
}

// What cannot be sought, or opened, does not stand in the way of the plain file.
func TestPrecompressedBroken(t *testing.T) {
	files := fstest.MapFS{"f": {Data: []byte("plain")}, "f.gz": {Data: []byte("coded")}}
	c := dial(t, start(t, Options{FS: broken{files}, Precompressed: true}))
	if resp, body := c.get("GET /f", "Accept-Encoding: br, gzip"); resp.StatusCode != 200 || string(body) != "plain" {
		t.Errorf("%s %q", resp.Status, body)
	}
}

// A broken file system has stored files that are not to be read: one cannot be sought, one not be opened.
type broken struct{ fs.FS }

func (b broken) Open(name string) (fs.File, error) {
	f, err := b.FS.Open(name)
	switch filepath.Ext(name) {
	case ".gz":
		return plain{f}, err
	case ".br":
		return nil, errors.New("the disk is tired")
	}
	return f, err
}
