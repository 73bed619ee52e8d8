package server

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// begin asks a listener for a path and returns the answer, of which no more than the header need be read.
func begin(t *testing.T, l *pipes, path string) *http.Response {
	t.Helper()
	c := l.dial(t, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	t.Cleanup(func() { c.Close() })
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// contentOf is begin, and all of the content.
func contentOf(t *testing.T, l *pipes, path string) string {
	t.Helper()
	resp := begin(t, l, path)
	content, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%s: %s, %v", path, resp.Status, err)
	}
	return string(content)
}

// The server stops by itself when what it serves is gone, says what that was, and lets a running transfer end.
func TestRootGoes(t *testing.T) {
	large := patterned(8 << 20)
	for _, tt := range []struct {
		name string
		root string // below the folder of the test, which has f in dir
		path string
		goes func(top string) error
	}{
		{"a folder is removed", "dir", "/f", func(top string) error { return os.RemoveAll(filepath.Join(top, "dir")) }},
		{"a folder is renamed", "dir", "/f", func(top string) error { return os.Rename(filepath.Join(top, "dir"), filepath.Join(top, "away")) }},
		{"a folder becomes a file", "dir", "/f", func(top string) error {
			return errors.Join(os.RemoveAll(filepath.Join(top, "dir")), os.WriteFile(filepath.Join(top, "dir"), nil, 0o644))
		}},
		{"the one above it is removed", "dir", "/f", os.RemoveAll},
		{"a file is removed", "dir/f", "/name", func(top string) error { return os.Remove(filepath.Join(top, "dir", "f")) }},
		{"a file's folder is removed", "dir/f", "/name", func(top string) error { return os.RemoveAll(filepath.Join(top, "dir")) }},
		{"a link breaks", "link", "/f", func(top string) error { return os.Remove(filepath.Join(top, "link")) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			top := filepath.Join(t.TempDir(), "top")
			oldFile(t, filepath.Join(top, "dir", "f"), large)
			if err := os.Symlink("dir", filepath.Join(top, "link")); err != nil {
				t.Fatal(err)
			}
			o := Options{Root: filepath.Join(top, tt.root)}
			if tt.path == "/name" {
				o = Options{Roots: []Root{{Name: "name", Path: o.Root}, {Name: "other", FS: embeddedFiles}}}
			}
			virtually(t, o, func(t *testing.T, l *pipes, stop func() error) {
				resp := begin(t, l, tt.path)
				time.Sleep(15 * time.Second)
				if err := tt.goes(top); err != nil {
					t.Fatal(err)
				}
				gone := time.Now()
				<-l.done // nobody has told it to stop
				if d := time.Since(gone); d > time.Second {
					t.Errorf("it was found after %v", d)
				}
				time.Sleep(9 * time.Second) // within the grace period
				if got, err := io.ReadAll(resp.Body); err != nil || !bytes.Equal(got, large) {
					t.Errorf("the running transfer: %d bytes, %v", len(got), err)
				}
				synctest.Wait()
				err := stop()
				pathError, ok := errors.AsType[*fs.PathError](err)
				if !errors.Is(err, ErrGone) || errors.Is(err, ErrCut) || !ok || !strings.HasSuffix(pathError.Path, tt.root) {
					t.Errorf("Run: %v", err)
				}
			})
		})
	}
}

func TestRootGoesAndTransfersAreCut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	oldFile(t, filepath.Join(dir, "f"), patterned(8<<20))
	virtually(t, Options{Root: dir, Grace: time.Second}, func(t *testing.T, l *pipes, stop func() error) {
		begin(t, l, "/f") // and reads no more
		os.RemoveAll(dir)
		<-l.done
		time.Sleep(2 * time.Second)
		if err := stop(); !errors.Is(err, ErrGone) || !errors.Is(err, ErrCut) {
			t.Errorf("Run: %v", err)
		}
	})
}

// What was deployed anew is served anew, and what was begun ends with the old bytes.
func TestRootIsReplaced(t *testing.T) {
	old, large := "old", patterned(8<<20)
	for name, replace := range map[string]func(top string) error{
		"by rename": func(top string) error {
			return errors.Join(os.Rename(filepath.Join(top, "at"), filepath.Join(top, "before")),
				os.Rename(filepath.Join(top, "next"), filepath.Join(top, "at")))
		},
		"by a link": func(top string) error {
			return errors.Join(os.Symlink("next", filepath.Join(top, "flip")), os.Rename(filepath.Join(top, "flip"), filepath.Join(top, "link")))
		},
		"after a pause": func(top string) error {
			if err := os.Rename(filepath.Join(top, "at"), filepath.Join(top, "before")); err != nil {
				return err
			}
			time.Sleep(lookEvery)
			return os.Rename(filepath.Join(top, "next"), filepath.Join(top, "at"))
		},
		"file and folder by rename": func(top string) error {
			return errors.Join(os.RemoveAll(filepath.Join(top, "at")), os.Rename(filepath.Join(top, "next"), filepath.Join(top, "at")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			for path, content := range map[string][]byte{
				"at/f": []byte(old), "at/large": large, "next/f": []byte("new"), "next/large": []byte("new"), "next/more": nil,
			} {
				oldFile(t, filepath.Join(top, path), content)
			}
			if err := os.Symlink("at", filepath.Join(top, "link")); err != nil {
				t.Fatal(err)
			}
			at := "at"
			if name == "by a link" {
				at = "link"
			}
			o := Options{Roots: []Root{{Name: "dir", Path: filepath.Join(top, at)}, {Name: "lone", Path: filepath.Join(top, at, "f")}}}
			if name == "by a link" { // a file is served from where its link led when it began
				o.Roots = o.Roots[:1]
			}
			virtually(t, o, func(t *testing.T, l *pipes, stop func() error) {
				if got := contentOf(t, l, "/dir/f"); got != old {
					t.Errorf("at first: %q", got)
				}
				running := begin(t, l, "/dir/large")
				time.Sleep(15*time.Second + 10*time.Millisecond)
				if err := replace(top); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				for _, r := range o.Roots {
					path := "/" + r.Name
					if r.Name == "dir" {
						path += "/f"
					}
					if got := contentOf(t, l, path); got != "new" {
						t.Errorf("%s afterwards: %q", path, got)
					}
				}
				contentOf(t, l, "/dir/more")
				if got, err := io.ReadAll(running.Body); err != nil || !bytes.Equal(got, large) {
					t.Errorf("what was begun: %d bytes, %v", len(got), err)
				}
				if err := stop(); err != nil {
					t.Errorf("Run: %v", err)
				}
			})
		})
	}
}

// A file system that was mounted leaves an empty folder behind, which is not to be served in its stead.
func TestRootIsUnmounted(t *testing.T) {
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "disk", "f"), nil)
	oldFile(t, filepath.Join(dir, "mountpoint", "left"), nil)
	d, err := openFolder(filepath.Join(dir, "disk"))
	if err != nil {
		t.Fatal(err)
	}
	if d.mounted {
		t.Error("an ordinary folder passes for a disk of its own")
	}
	if err := d.look(); err != nil {
		t.Error(err)
	}
	if fi, err := os.Stat("/proc"); err == nil {
		if _, told := inodeOf(fi); told && !mounted("/proc", fi) {
			t.Error("/proc passes for an ordinary folder")
		}
	}
	d.mounted = true // as far as a test without root can go
	d.path = filepath.Join(dir, "mountpoint")
	if err := d.look(); !errors.Is(err, ErrGone) {
		t.Errorf("unmounted: %v", err)
	}
}

// One origin may be served on several listeners, and looks at its folders for each; the race detector would tell.
func TestRootIsReplacedUnderTwo(t *testing.T) {
	top := t.TempDir()
	oldFile(t, filepath.Join(top, "dir", "f"), []byte("old"))
	oldFile(t, filepath.Join(top, "next", "f"), []byte("new"))
	h, err := New(Options{Root: filepath.Join(top, "dir")})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		listeners, ended := []*pipes{newPipes(), newPipes()}, make(chan error, 2)
		for _, l := range listeners {
			go func() { ended <- Serve(ctx, l, h, Options{}) }()
		}
		if err := errors.Join(os.Rename(filepath.Join(top, "dir"), filepath.Join(top, "away")), os.Rename(filepath.Join(top, "next"), filepath.Join(top, "dir"))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * lookEvery)
		for _, l := range listeners {
			if got := contentOf(t, l, "/f"); got != "new" {
				t.Errorf("%q is served", got)
			}
		}
		stop()
		if err := errors.Join(<-ended, <-ended); err != nil {
			t.Error(err)
		}
	})
}
