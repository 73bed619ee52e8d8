package cli

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// begun asks for a file that is larger than all buffers on the way, and reads a little of it.
func begun(t *testing.T, s *site, size int64) (c *wire, a answer, left int64) {
	t.Helper()
	path := filepath.Join(s.dir, "big")
	os.Remove(path)
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	aged(t, path, -time.Hour)
	c = dial(t, s.addr)
	a = c.ask("GET /big")
	if _, err := io.CopyN(io.Discard, a.Body, 1000); err != nil {
		t.Fatal(err)
	}
	return c, a, size - 1000
}

// Rows 104 to 106, as a client sees them.
func TestRowsFileChanges(t *testing.T) {
	t.Parallel()
	const size = 48 << 20
	s := newSite(t)
	path := filepath.Join(s.dir, "big")
	t.Run("grows", func(t *testing.T) { // row 104
		c, _, _ := begun(t, s, size)
		c.Close()
		aged(t, path, 0) // a log: under a strong tag it would be another version
		c = dial(t, s.addr)
		a := c.ask("GET /big")
		log, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		log.WriteString("more")
		log.Close()
		if n, err := io.Copy(io.Discard, a.Body); err != nil || n != size {
			t.Fatalf("%d bytes, %v", n, err)
		}
		if a := c.get("HEAD /big"); a.ContentLength != size+4 {
			t.Errorf("next on the same connection: %s, %d bytes", a.Status, a.ContentLength)
		}
	})
	for name, change := range map[string]func() error{
		"is cut":       func() error { return os.Truncate(path, size/2) },                // row 105
		"is rewritten": func() error { return os.Chtimes(path, time.Now(), time.Now()) }, // row 107
	} {
		t.Run(name, func(t *testing.T) {
			_, a, left := begun(t, s, size)
			if err := change(); err != nil {
				t.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, a.Body); err == nil || n >= left {
				t.Errorf("%d of %d bytes, %v", n, left, err)
			}
		})
	}
	t.Run("is replaced", func(t *testing.T) { // row 106
		c, a, left := begun(t, s, size)
		kept, err := os.Open(path) // so that the inode is not used again
		if err != nil {
			t.Fatal(err)
		}
		defer kept.Close()
		s.file(t, "new", []byte("new"))
		if err := os.Rename(filepath.Join(s.dir, "new"), path); err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, a.Body); err != nil || n != left {
			t.Fatalf("the old version: %d of %d bytes, %v", n, left, err)
		}
		b := c.get("GET /big", "Range: bytes=1-", "If-Range: "+a.Header.Get("ETag"))
		if b.StatusCode != 200 || string(b.body) != "new" || b.Header.Get("ETag") == a.Header.Get("ETag") {
			t.Errorf("the new version: %s, %q", b.Status, b.body)
		}
	})
}

// Row 107: the same size and the same time.
func TestRowsRewrite(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := filepath.Join(s.dir, "f.bin")
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.ToUpper(s.all), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, before.ModTime(), before.ModTime()); err != nil {
		t.Fatal(err)
	}
	a := dial(t, s.addr).get("GET /f.bin", "Range: bytes=5-6", "If-Range: "+s.etag)
	if tag := a.Header.Get("ETag"); tag == s.etag && !strings.HasPrefix(tag, "W/") || a.StatusCode != 200 {
		t.Errorf("the tag was %s and is %s; If-Range with it: %s", s.etag, tag, a.Status)
	}
}

// Row 108: whatever the size and the tag are, they are those of the bytes that come.
func TestRowsReplacedAllTheTime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	versions := [2][]byte{bytes.Repeat([]byte("old"), 3000), bytes.Repeat([]byte("new, "), 2500)}
	stop, stopped := make(chan struct{}), make(chan error, 1)
	replace := func(i int) error {
		next := filepath.Join(s.dir, ".next")
		if err := os.WriteFile(next, versions[i%2], 0o644); err != nil {
			return err
		}
		old := time.Now().Add(-time.Hour)
		if err := os.Chtimes(next, old, old); err != nil {
			return err
		}
		return os.Rename(next, filepath.Join(s.dir, "changing"))
	}
	if err := replace(0); err != nil {
		t.Fatal(err)
	}
	go func() {
		for i := 1; ; i++ {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			if err := replace(i); err != nil {
				stopped <- err
				return
			}
		}
	}()
	c := dial(t, s.addr)
	seen := map[string]int{}                // the length under each tag
	end := time.Now().Add(20 * time.Second) // on a busy machine the other goroutine may not get a word in for long
	for i := 0; i < 500 || len(seen) < 2 && time.Now().Before(end); i++ {
		a := c.get("GET /changing")
		if a.StatusCode != 200 || !bytes.Equal(a.body, versions[0]) && !bytes.Equal(a.body, versions[1]) {
			t.Errorf("%s: %d bytes of no version", a.Status, len(a.body))
			break
		}
		tag := a.Header.Get("ETag")
		if n, ok := seen[tag]; ok && n != len(a.body) {
			t.Errorf("%s: %d bytes, and %d", tag, n, len(a.body))
		}
		seen[tag] = len(a.body)
	}
	close(stop)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if len(seen) < 2 {
		t.Errorf("one version was seen, of tag %v", seen)
	}
}

// Row 110: a range under way is finished, and the next one finds the port closed.
func TestRowsStop(t *testing.T) {
	t.Parallel()
	url, c := serving(t, "braid", "serve", "-q", "-a", "127.0.0.1:0", t.TempDir())
	addr := address(url)
	const size = 48 << 20
	a := dial(t, addr).ask("GET /pattern/1G", "Range: bytes=1-50331648")
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for closed := false; !closed; { // bounded by the grace period
		next, err := net.Dial("tcp", addr)
		if closed = err != nil; !closed {
			next.Close()
			time.Sleep(time.Millisecond)
		}
	}
	if n, err := io.Copy(io.Discard, a.Body); err != nil || n != size {
		t.Errorf("%d of %d bytes, %v", n, size, err)
	}
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
}
