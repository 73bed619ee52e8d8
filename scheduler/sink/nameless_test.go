package sink

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"braid/scheduler"
	"braid/segment"
)

// oneBlock is a file on d, nil for the local disk, whose blocks are as large as
// in earnest, and on which Begin went well.
func oneBlock(t *testing.T, d disk, path string, o Options) *File {
	t.Helper()
	f, err := openTest(d, path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	f.cut = segment.Cut
	if err := f.Begin(bg, Remote{Identity: identity}); err != nil {
		t.Fatal(err)
	}
	if !f.nameless && !o.Overwrite && o.Durability != Strict {
		t.Skip("only linux makes files without a name, and not on every file system")
	}
	return f
}

func mustCommit(t *testing.T, f *File) {
	t.Helper()
	if err := errors.Join(f.Commit(nil), f.Close()); err != nil {
		t.Fatal(err)
	}
	alone(t, f.path)
}

// The life of a small file without any fault.
func TestNamelessOrder(t *testing.T) {
	for durability, want := range map[Durability][]string{
		Normal:  {"nameless .part", "write .part", "chtimes .part", "sync .part", "link ", "syncDir .", "close .part"},
		Relaxed: {"nameless .part", "write .part", "chtimes .part", "link ", "close .part"},
	} {
		d := &scripted{disk: newSimDisk()}
		f := oneBlock(t, d, "/d/big.iso", Options{Durability: durability})
		f.SetModified(day)
		if err := errors.Join(put(f, 0), f.Save(blocks(f.Grid(), 0)), f.Commit(nil), f.Close()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, slices.Compact(d.since(0))); diff != "" {
			t.Errorf("%v (-want +got):\n%s", durability, diff)
		}
	}
}

// On the real disk: nothing is there until all of it is, with the mode and date
// that it should have.
func TestNameless(t *testing.T) {
	path := tempPath(t)
	f := oneBlock(t, nil, path, Options{})
	f.SetModified(day)
	mustPut(t, f, 0)
	mustSave(t, f, 0)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before Commit: %v", err)
	}
	nothingBeside(t, path)
	if n := f.Resumable(); n != 0 {
		t.Errorf("%d bytes are said to be kept", n)
	}
	mustCommit(t, f)
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	other, err := os.Stat(path + ".new")
	if err != nil {
		t.Fatal(err)
	}
	if want := other.Mode(); fi.Mode() != want || !fi.ModTime().Equal(day) {
		t.Errorf("mode %v, want %v; modified %v", fi.Mode(), want, fi.ModTime())
	}
}

// What ends before its end, and was not saved, leaves nothing; nor does a file
// that is larger, before its Begin.
func TestNamelessLeavesNothing(t *testing.T) {
	path := tempPath(t)
	f := oneBlock(t, nil, path, Options{})
	mustBegin(t, f, 0, 1000)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := mustOpen(t, path, Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	nothingBeside(t, path)
}

// A small file on a slow link is kept from its first Save on, and gone on with.
func TestNamelessKept(t *testing.T) {
	path := tempPath(t)
	f := oneBlock(t, nil, path, Options{})
	mustSave(t, f) // nothing came yet
	nothingBeside(t, path)
	mustBegin(t, f, 0, 1000)
	mustSave(t, f)
	for _, name := range []string{f.part, f.ck} {
		if fi, err := os.Stat(name); err != nil || fi.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, fi, err)
		}
	}
	_, err := Open(path, Options{})
	checkLocked(t, path, err, os.Getpid())
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = mustOpen(t, path, Options{})
	if err := f.Begin(bg, Remote{Identity: identity}); err != nil {
		t.Fatal(err)
	}
	if n := f.Resumable(); n != 1000 {
		t.Fatalf("%d bytes were kept", n)
	}
	if _, err := f.WriteAt(content[1000:], 1000); err != nil {
		t.Fatal(err)
	}
	mustCommit(t, f)
}

// Of two that fetch the same small file one gets the name, and whoever wants to
// keep a beginning meets the other's.
func TestNamelessTwice(t *testing.T) {
	t.Run("whole", func(t *testing.T) {
		path := tempPath(t)
		first, second := oneBlock(t, nil, path, Options{}), oneBlock(t, nil, path, Options{})
		mustPut(t, first, 0)
		mustCommit(t, first)
		if _, err := second.WriteAt(make([]byte, testSize), 0); err != nil {
			t.Fatal(err)
		}
		if err := second.Commit(nil); !errors.Is(err, fs.ErrExist) {
			t.Errorf("Commit: %v", err)
		}
		if err := second.Close(); err != nil {
			t.Error(err)
		}
		alone(t, path)
	})
	t.Run("kept", func(t *testing.T) {
		path := tempPath(t)
		first, second := oneBlock(t, nil, path, Options{}), oneBlock(t, nil, path, Options{})
		mustBegin(t, first, 0, 1000)
		mustBegin(t, second, 0, 500)
		mustSave(t, first)
		if err := second.Save(blocks(second.Grid())); !errors.Is(err, ErrLocked) || !errors.Is(err, scheduler.ErrSink) {
			t.Errorf("Save while the first one runs: %v", err)
		}
		if err := errors.Join(first.Close(), second.Close()); err != nil {
			t.Error(err)
		}
		if n, err := audit(path, content); n != 0 || err != nil {
			t.Errorf("%d claimed: %v", n, err)
		}
	})
	t.Run("kept and stopped", func(t *testing.T) {
		path := tempPath(t)
		first, second := oneBlock(t, nil, path, Options{}), oneBlock(t, nil, path, Options{})
		mustBegin(t, first, 0, 1000)
		mustBegin(t, second, 0, 500)
		mustSave(t, first)
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		if err := second.Save(blocks(second.Grid())); !errors.Is(err, ErrLocked) {
			t.Errorf("Save: %v", err)
		}
		if err := second.Close(); err != nil {
			t.Error(err)
		}
		f := mustOpen(t, path, Options{})
		if n := f.Resumable(); n != 1000 {
			t.Errorf("%d bytes of the first one are left", n)
		}
	})
	t.Run("somebody's part", func(t *testing.T) {
		path := tempPath(t)
		f := oneBlock(t, nil, path, Options{})
		mustBegin(t, f, 0, 1000)
		if err := os.WriteFile(f.part, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := f.Save(blocks(f.Grid())); !errors.Is(err, ErrForeign) {
			t.Errorf("Save: %v", err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if got, _ := os.ReadFile(path + partSuffix); string(got) != "mine" {
			t.Errorf("it holds %q", got)
		}
	})
}

// A larger file is locked by Begin, if not by Open.
func TestLockedSinceOpen(t *testing.T) {
	path := tempPath(t)
	second := mustOpen(t, path, Options{})
	first := begun(t, path, Options{})
	if second.spare == nil {
		t.Skip("only linux makes files without a name, and not on every file system")
	}
	checkLocked(t, path, second.Begin(bg, Remote{Identity: identity}), os.Getpid())
	mustFinish(t, first)
}

// A file that another run has finished since Open is not fetched again.
func TestTakenSinceOpen(t *testing.T) {
	path := tempPath(t)
	f := mustOpen(t, path, Options{})
	mustFinish(t, begun(t, path, Options{Overwrite: true}))
	if err := f.Begin(bg, Remote{Identity: identity}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Begin: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	alone(t, path)
}

func TestNamelessRejected(t *testing.T) {
	path := tempPath(t)
	f := oneBlock(t, nil, path, Options{})
	mustPut(t, f, 0)
	wrong := &segment.DigestError{Algorithm: "sha256", Want: []byte{1}, Got: []byte{2}}
	if err := f.Commit(func(*io.SectionReader) error { return wrong }); !as[*segment.DigestError](err) || errors.Is(err, scheduler.ErrSink) {
		t.Errorf("Commit: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	got, err := os.ReadFile(path + badSuffix)
	if err != nil || !slices.Equal(got, content) {
		t.Errorf("%d bytes were kept: %v", len(got), err)
	}
	if fi, err := os.Stat(path + badSuffix); err != nil || fi.Mode() != 0o600 {
		t.Errorf("%v, %v", fi, err)
	}
}
