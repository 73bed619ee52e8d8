package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteWhole(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "result"), filepath.Join(dir, "link")
	for _, content := range []string{"first", "second"} {
		if err := writeWhole(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); string(got) != content {
			t.Errorf("%q, %v; want %q", got, err, content)
		}
	}
	if err := os.Symlink("result", link); err != nil {
		t.Skipf("links are missing here: %v", err)
	}
	if err := writeWhole(link, []byte("third")); err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Lstat(link); err != nil || fi.Mode().IsRegular() {
		t.Errorf("the link has been replaced: %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "third" {
		t.Errorf("through a link: %q", got)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("it leaves things behind: %v", entries)
	}
	if err := writeWhole(os.DevNull, []byte("x")); err != nil {
		t.Errorf("%s: %v", os.DevNull, err)
	}
}

// What cannot be written is told of.
func TestWriteWholeTells(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("/dev/full is missing")
	}
	if err := writeWhole("/dev/full", []byte("x")); err == nil {
		t.Error("a full disk is not told of")
	}
	dir := t.TempDir()
	missing := filepath.Join(dir, "none", "result")
	if err := writeWhole(missing, nil); err == nil || !strings.Contains(err.Error(), missing+":") {
		t.Errorf("a missing folder: %v", err)
	}
	path := filepath.Join(dir, "result")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writeWhole(path, []byte("x")); err == nil {
		t.Error("a folder is written to")
	}
}
