//go:build unix

package sink

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestPartIsPrivate(t *testing.T) {
	path := tempPath(t)
	f := begun(t, path, Options{})
	defer f.Close()
	for _, name := range []string{f.part, f.ck} {
		if fi, err := os.Stat(name); err != nil || fi.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, fi.Mode(), err)
		}
	}
	ck, err := os.ReadFile(f.ck)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(ck, []byte("secret")) || bytes.Contains(ck, []byte("big.iso")) {
		t.Error("the checkpoint holds the URL")
	}
}

// A name that was planted is not written through.
func TestPlanted(t *testing.T) {
	victim := func(t *testing.T) string {
		name := filepath.Join(t.TempDir(), "victim")
		if err := os.WriteFile(name, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for _, suffix := range []string{partSuffix, checkpointSuffix} {
		for kind, plant := range map[string]func(victim, name string) error{
			"symlink": os.Symlink,
			"link":    os.Link,
			"fifo":    func(_, name string) error { return syscall.Mkfifo(name, 0o600) },
			"folder":  func(_, name string) error { return os.Mkdir(name, 0o700) },
			"dangling symlink": func(victim, name string) error {
				return os.Symlink(victim+".new", name)
			},
			"somebody else's": func(_, name string) error {
				return errors.Join(os.WriteFile(name, nil, 0o600), os.Chown(name, 12345, -1))
			},
		} {
			t.Run(suffix+" "+kind, func(t *testing.T) {
				if kind == "somebody else's" && os.Geteuid() != 0 {
					t.Skip("only root gives files away")
				}
				path, v := tempPath(t), victim(t)
				if suffix == partSuffix {
					left(t, path, 1, 2)
					if err := os.Remove(path + partSuffix); err != nil {
						t.Fatal(err)
					}
				}
				if err := plant(v, path+suffix); err != nil {
					t.Fatal(err)
				}
				f, err := openTest(nil, path, Options{Overwrite: true, Restart: true})
				if err == nil {
					f.Close()
					t.Fatal("it is opened")
				}
				if !strings.Contains(err.Error(), path+suffix) {
					t.Errorf("%v does not name it", err)
				}
				if got, _ := os.ReadFile(v); string(got) != "mine" {
					t.Errorf("the victim holds %q", got)
				}
				if _, err := os.Lstat(v + ".new"); err == nil {
					t.Error("the link was followed")
				}
				if _, err := os.Lstat(path + suffix); err != nil {
					t.Error("it was removed")
				}
			})
		}
	}
}

func TestFinalMode(t *testing.T) {
	path := tempPath(t)
	mustFinish(t, begun(t, path, Options{}))
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := 0o666 &^ swapUmask(); fi.Mode() != want || umask() != swapUmask() {
		t.Errorf("mode %v, want %v", fi.Mode(), want)
	}
}

// What is planted between looking at a name and opening it.
func TestNoFollow(t *testing.T) {
	name := tempPath(t)
	if err := os.WriteFile(name+".victim", []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(name+".victim", name); err != nil {
		t.Fatal(err)
	}
	for what, open := range map[string]func(string) (handle, error){
		"open": local{}.open, "view": local{}.view, "create": local{}.create,
	} {
		if h, err := open(name); err == nil {
			h.Close()
			t.Errorf("%s follows a link", what)
		}
	}
}
