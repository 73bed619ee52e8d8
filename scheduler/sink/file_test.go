package sink

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"braid/scheduler"
	"braid/scheduler/sink/sinktest"
	"braid/segment"
)

func TestSinks(t *testing.T) {
	t.Run("File", func(t *testing.T) {
		sinktest.Test(t, func(t *testing.T, g segment.Grid) scheduler.Sink {
			f, err := Open(tempPath(t), Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := f.Commit(nil); err != nil {
					t.Error(err)
				}
				if err := f.Close(); err != nil {
					t.Error(err)
				}
			})
			if err := f.Begin(bg, Remote{Identity: segment.Identity{Size: g.Size}}); err != nil {
				t.Fatal(err)
			}
			if f.Grid() != g {
				t.Fatalf("Grid = %v, want %v", f.Grid(), g)
			}
			return f
		})
	})
	t.Run("Memory", func(t *testing.T) {
		sinktest.Test(t, func(*testing.T, segment.Grid) scheduler.Sink { return new(Memory) })
	})
	t.Run("Discard", func(t *testing.T) {
		sinktest.Test(t, func(*testing.T, segment.Grid) scheduler.Sink { return Discard{} })
	})
}

func TestMemory(t *testing.T) {
	var m Memory
	_, _ = m.WriteAt([]byte("cd"), 2)
	_, _ = m.WriteAt([]byte("ab"), 0)
	if got := string(m.Bytes()); got != "abcd" {
		t.Errorf("Bytes = %q", got)
	}
	p := make([]byte, 3)
	if n, err := m.ReadAt(p, 2); n != 2 || err != io.EOF {
		t.Errorf("ReadAt = %d, %v", n, err)
	}
	if err := m.Truncate(1); err != nil || string(m.Bytes()) != "a" {
		t.Errorf("Truncate(1): %v, %q", err, m.Bytes())
	}
	if _, err := m.WriteAt([]byte("c"), 2); err != nil || string(m.Bytes()) != "a\x00c" {
		t.Errorf("after a gap: %v, %q", err, m.Bytes())
	}
	if _, err := m.WriteAt(nil, -1); !errors.Is(err, scheduler.ErrSink) {
		t.Errorf("negative offset: %v", err)
	}
	if _, err := m.ReadAt(p, -1); err == nil {
		t.Error("a negative offset is read")
	}
	if _, err := m.ReadAt(p, 3); err != io.EOF {
		t.Errorf("past the end: %v", err)
	}
	if err := m.Truncate(-1); !errors.Is(err, scheduler.ErrSink) {
		t.Errorf("negative length: %v", err)
	}
	if err := m.Truncate(5); err != nil || string(m.Bytes()) != "a\x00c\x00\x00" {
		t.Errorf("Truncate(5): %v, %q", err, m.Bytes())
	}
}

// Before Begin and after Commit there is no part to read or to cut, and nothing
// is done.
func TestNothingIsOpen(t *testing.T) {
	f := mustOpen(t, tempPath(t), Options{})
	for _, when := range []string{"before Begin", "after Commit"} {
		if _, err := f.ReadAt(make([]byte, 1), 0); !errors.Is(err, fs.ErrClosed) || !strings.Contains(err.Error(), f.part) {
			t.Errorf("%s: ReadAt: %v", when, err)
		}
		if err := f.Truncate(0); !errors.Is(err, fs.ErrClosed) || !errors.Is(err, scheduler.ErrSink) {
			t.Errorf("%s: Truncate: %v", when, err)
		}
		if when == "after Commit" {
			break
		}
		if f.Done().Count() != 0 || f.Begun() != nil || f.Resumable() != 0 {
			t.Error("something is done")
		}
		if err := f.Begin(bg, Remote{Identity: identity}); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Truncate(testSize), finish(f, nil)); err != nil {
			t.Fatal(err)
		}
	}
}

// Where the system does not tell who has the lock, the checkpoint may.
func TestLockedByWhom(t *testing.T) {
	d := newSimDisk()
	f, err := openTest(d, "/d/f", Options{})
	if err != nil {
		t.Fatal(err)
	}
	d.before = func(op string) {
		if op != "syncDir ." {
			return
		}
		d.before = nil
		if _, err := openTest(d, "/d/f", Options{}); !errors.Is(err, ErrLocked) || strings.Contains(err.Error(), "pid") {
			t.Errorf("before there is a checkpoint: %v", err)
		}
	}
	if err := f.Begin(bg, Remote{Identity: identity}); err != nil {
		t.Fatal(err)
	}
	_, err = openTest(d, "/d/f", Options{})
	if want := fmt.Sprintf("/d/f is being fetched by another braid (pid %d)", os.Getpid()); fmt.Sprint(err) != want {
		t.Errorf("%v, want %s", err, want)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// A file's life without any fault: what is created when, and in what order
// things become durable.
func TestOrder(t *testing.T) {
	path, d := tempPath(t), &scripted{disk: local{}}
	d.fail = func(_ int, op string) error {
		if op == "nameless .part" { // as on most systems
			return errors.ErrUnsupported
		}
		return nil
	}
	f, err := openTest(d, path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	step := func(what string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, d.since(0)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
		d.mu.Lock()
		d.ops = nil
		d.mu.Unlock()
	}
	step("Open", "nameless .part", "lock .part.ck")
	if err := f.Begin(bg, Remote{Identity: identity, Host: "example.org"}); err != nil {
		t.Fatal(err)
	}
	step("Begin", "syncDir .", "create .part", "allocate .part",
		"write .part.ck", "sync .part.ck", "sync .part", "syncDir .")
	mustPut(t, f, 3)
	step("WriteAt", "write .part")
	mustSave(t, f, 3)
	step("Save", "datasync .part", "write .part.ck", "datasync .part.ck")
	mustPut(t, f, 0, 1, 2, 4, 5, 6, 7, 8, 9, 10)
	d.ops = nil
	f.SetModified(day)
	if err := f.Commit(func(r *io.SectionReader) error {
		step("Commit, before verify", "datasync .part", "write .part.ck", "datasync .part.ck")
		_, err := io.Copy(io.Discard, r)
		d.ops = nil
		return err
	}); err != nil {
		t.Fatal(err)
	}
	step("Commit", "publish .part", "chtimes .part", "sync .part", "close .part",
		"renameNew ", "syncDir .", "forget .part.ck", "syncDir .")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	step("Close")
	alone(t, path)
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if !fi.ModTime().Equal(day) {
		t.Errorf("modified %v, want %v", fi.ModTime(), day)
	}
}

func TestAlternatingSlots(t *testing.T) {
	f := begun(t, tempPath(t), Options{})
	read := func() (gens [2]uint64) {
		file, err := os.ReadFile(f.ck)
		if err != nil {
			t.Fatal(err)
		}
		for s := range 2 {
			var c segment.Checkpoint
			if err := c.UnmarshalBinary(file[s*len(file)/2 : (s+1)*len(file)/2]); err != nil {
				t.Fatal(err)
			}
			gens[s] = c.Generation
		}
		return gens
	}
	for i, want := range [][2]uint64{{0, 1}, {2, 1}, {2, 3}, {4, 3}} {
		if got := read(); got != want {
			t.Errorf("after %d saves: generations %v, want %v", i, got, want)
		}
		mustSave(t, f)
	}
}

// The contract that WriteAt and Save hold their caller to.
func TestMisuse(t *testing.T) {
	f := mustOpen(t, tempPath(t), Options{})
	if _, err := f.WriteAt([]byte("x"), 0); !errors.Is(err, scheduler.ErrSink) || !errors.Is(err, fs.ErrClosed) {
		t.Errorf("WriteAt before Begin: %v", err)
	}
	if err := f.Save(segment.NewBitmap(0)); !errors.Is(err, scheduler.ErrSink) {
		t.Errorf("Save before Begin: %v", err)
	}
	if err := f.Commit(nil); !errors.Is(err, scheduler.ErrSink) {
		t.Errorf("Commit before Begin: %v", err)
	}
	if err := f.Begin(bg, Remote{Identity: identity}); err != nil {
		t.Fatal(err)
	}
	if err := f.Begin(bg, Remote{Identity: identity}); !errors.Is(err, scheduler.ErrSink) {
		t.Errorf("Begin twice: %v", err)
	}
	for _, test := range []struct {
		name string
		off  int64
		n    int
	}{
		{"negative", -1, 1},
		{"past the end", testSize, 1},
		{"over the end", testSize - 1, 2},
		{"over a border", testBlock - 1, 2},
		{"not from the start of a block", 1, 1},
	} {
		if n, err := f.WriteAt(make([]byte, test.n), test.off); n != 0 || !errors.Is(err, scheduler.ErrSink) {
			t.Errorf("%s: WriteAt = %d, %v", test.name, n, err)
		}
	}
	mustPut(t, f, 2)
	if err := put(f, 2); !errors.Is(err, scheduler.ErrSink) {
		t.Errorf("a block twice: %v", err)
	}
	if _, err := f.WriteAt(content[:10], 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(blocks(f.Grid(), 0)); !errors.Is(err, scheduler.ErrSink) {
		t.Errorf("Save of a block that is half written: %v", err)
	}
	if err := f.Save(segment.NewBitmap(3)); !errors.Is(err, scheduler.ErrSink) {
		t.Errorf("Save of another grid's blocks: %v", err)
	}
	if err := f.Commit(nil); !errors.Is(err, scheduler.ErrSink) {
		t.Errorf("Commit of a file with holes: %v", err)
	}
	if f.Done().Count() != 0 {
		t.Error("something is claimed")
	}
	// None of that was the disk's fault: the job may go on.
	if _, err := f.WriteAt(content[10:testBlock], 10); err != nil {
		t.Fatal(err)
	}
	mustSave(t, f, 0, 2)
	if n := f.Resumable(); n != 2*testBlock {
		t.Errorf("Resumable = %d", n)
	}
	mustFinish(t, f)
}

func TestErrorNamesPathOnce(t *testing.T) {
	path, d := tempPath(t), &scripted{disk: local{}}
	f, err := openTest(d, path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d.fail = func(_ int, op string) error {
		if op == "allocate .part" || op == "datasync .part" {
			return syscall.ENOSPC
		}
		return nil
	}
	err = f.Begin(bg, Remote{Identity: identity})
	if want := "writing " + path + ".part: reserving 41060 bytes: no space left on device"; err == nil || err.Error() != want {
		t.Errorf("Begin: %v\nwant   %s", err, want)
	}
	if !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, scheduler.ErrSink) {
		t.Errorf("%v wraps too little", err)
	}
}

func TestPlain(t *testing.T) {
	unknown := segment.Identity{Size: -1}
	t.Run("unknown size", func(t *testing.T) {
		path := tempPath(t)
		f := mustOpen(t, path, Options{})
		if err := f.Begin(bg, Remote{Identity: unknown}); err != nil {
			t.Fatal(err)
		}
		if g := f.Grid(); g.Size != -1 || f.Done().Len() != 0 {
			t.Errorf("Grid = %v, %d blocks", g, f.Done().Len())
		}
		write := func(p []byte, off int64) {
			t.Helper()
			if _, err := f.WriteAt(p, off); err != nil {
				t.Fatal(err)
			}
		}
		write(make([]byte, testSize), 0)
		write(make([]byte, 100), testSize) // an attempt that fails after more bytes than there are
		write(content[:5000], 0)
		write(content[5000:], 5000)
		if err := f.Save(segment.NewBitmap(0)); err != nil {
			t.Fatal(err)
		}
		if f.Resumable() != 0 {
			t.Error("a plain job cannot be continued")
		}
		if err := f.Truncate(testSize + 1); !errors.Is(err, scheduler.ErrSink) {
			t.Errorf("Truncate beyond what was written: %v", err)
		}
		if err := f.Truncate(testSize); err != nil {
			t.Fatal(err)
		}
		if err := f.Commit(func(r *io.SectionReader) error {
			got, err := io.ReadAll(r)
			if !bytes.Equal(got, content) {
				t.Errorf("verify reads %d bytes, or wrong ones", len(got))
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		alone(t, path)
	})
	t.Run("a last attempt shorter than the first", func(t *testing.T) {
		path := tempPath(t)
		f := mustOpen(t, path, Options{})
		if err := f.Begin(bg, Remote{Identity: unknown}); err != nil {
			t.Fatal(err)
		}
		for _, attempt := range [][]byte{make([]byte, testSize+100), content} {
			if _, err := f.WriteAt(attempt, 0); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Commit(nil); err != nil {
			t.Fatal(err)
		}
		alone(t, path)
	})
	t.Run("known size, too few bytes", func(t *testing.T) {
		path := tempPath(t)
		f := mustOpen(t, path, Options{})
		if err := f.Begin(bg, Remote{Identity: identity, Plain: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(content[:100], 0); err != nil {
			t.Fatal(err)
		}
		if err := f.Commit(nil); !errors.Is(err, scheduler.ErrSink) {
			t.Errorf("Commit: %v", err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		// The next run begins anew.
		f = mustOpen(t, path, Options{})
		if f.Missing() != 0 {
			t.Error("nothing can be missing")
		}
		if err := f.Begin(bg, Remote{Identity: identity, Plain: true}); err != nil || !noted(f, "kept no checkpoint") {
			t.Fatalf("%v, %q", err, f.Notes())
		}
		if _, err := f.WriteAt(content, 0); err != nil {
			t.Fatal(err)
		}
		if err := f.Commit(nil); err != nil {
			t.Fatal(err)
		}
		alone(t, path)
	})
	t.Run("empty file", func(t *testing.T) {
		path := tempPath(t)
		f := mustOpen(t, path, Options{})
		if err := f.Begin(bg, Remote{Identity: segment.Identity{Size: 0, ETag: `"e"`}}); err != nil {
			t.Fatal(err)
		}
		if err := f.Save(f.Done()); err != nil {
			t.Fatal(err)
		}
		if err := f.Commit(nil); err != nil {
			t.Fatal(err)
		}
		if fi, err := os.Stat(path); err != nil || fi.Size() != 0 {
			t.Errorf("%v, %v", fi, err)
		}
		nothingBeside(t, path)
	})
}

// What cannot work is found by Open: before the network, and without litter.
func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "taken"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "foreign.part"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := list(t, dir)
	for _, test := range []struct {
		path string
		o    Options
		want error
	}{
		{"missing/big.iso", Options{}, fs.ErrNotExist},
		{"taken/big.iso", Options{}, syscall.ENOTDIR},
		{"taken", Options{}, fs.ErrExist},
		{"folder", Options{}, fs.ErrExist},
		{"folder", Options{Overwrite: true}, nil},
		{"folder/", Options{}, nil},
		{"foreign", Options{}, fs.ErrExist},
		{"foreign", Options{}, ErrForeign},
		{"foreign", Options{Overwrite: true, Restart: true}, ErrForeign},
		{".", Options{}, nil},
		{"", Options{}, nil},
		{strings.Repeat("n", 250), Options{}, syscall.ENAMETOOLONG},
	} {
		path := dir + "/" + test.path
		f, err := Open(path, test.o)
		if err == nil {
			f.Close()
			t.Errorf("%q is opened", test.path)
			continue
		}
		if test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%q: %v, want %v", test.path, err, test.want)
		}
		if !strings.Contains(err.Error(), dir) {
			t.Errorf("%q: no path in %q", test.path, err)
		}
	}
	if got := list(t, dir); !slices.Equal(got, before) {
		t.Errorf("left behind: %v", got)
	}
	if _, err := Open("", Options{}); err == nil {
		t.Error("an empty path is opened")
	}
}

func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// A run that never began, say because of a 404, leaves nothing.
func TestCloseLeavesNoLitter(t *testing.T) {
	path := tempPath(t)
	f := mustOpen(t, path, Options{})
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error("Close again:", err)
	}
	nothingBeside(t, path)
}

// The name is taken between Open and Commit.
func TestNameTakenMeanwhile(t *testing.T) {
	path := tempPath(t)
	f := begun(t, path, Options{})
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := finish(f, nil); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("Commit: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "mine" {
		t.Errorf("it holds %q", got)
	}
	if _, err := openTest(nil, path, Options{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the next run: %v", err)
	}
	f = begun(t, path, Options{Overwrite: true})
	if !f.Done().Full() {
		t.Errorf("%d blocks are done; %q", f.Done().Count(), f.Notes())
	}
	if err := f.Commit(nil); err != nil {
		t.Fatal(err)
	}
	alone(t, path)
}

func TestRenameByLink(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, name := range []string{a, b} {
		if err := os.WriteFile(name, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := renameByLink(a, b); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto a file: %v", err)
	}
	if err := renameByLink(a, b+"2"); err != nil {
		t.Error(err)
	}
	if got := list(t, dir); !slices.Equal(got, []string{"b", "b2"}) {
		t.Errorf("%v", got)
	}
	// A folder cannot be linked, as no file can on some systems.
	folder := filepath.Join(dir, "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := renameByLink(folder, b); !errors.Is(err, fs.ErrExist) {
		t.Errorf("without links, onto a file: %v", err)
	}
	if err := renameByLink(folder, b+"3"); err != nil {
		t.Error(err)
	}
	if got := list(t, dir); !slices.Equal(got, []string{"b", "b2", "b3"}) {
		t.Errorf("%v", got)
	}
}

func TestVerify(t *testing.T) {
	wrong := &segment.DigestError{Algorithm: "sha256", Want: []byte{1}, Got: []byte{2}}
	t.Run("wrong", func(t *testing.T) {
		path := tempPath(t)
		for _, earlier := range []string{path + badSuffix, path + badSuffix + ".1"} {
			if err := os.WriteFile(earlier, []byte("an earlier one"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		f := begun(t, path, Options{})
		err := finish(f, func(*io.SectionReader) error { return wrong })
		var digest *segment.DigestError
		if !errors.As(err, &digest) || errors.Is(err, scheduler.ErrSink) || !strings.Contains(err.Error(), "big.iso.part.bad.2") {
			t.Errorf("Commit: %v", err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if f.Resumable() != 0 {
			t.Errorf("Resumable = %d", f.Resumable())
		}
		if got := list(t, filepath.Dir(path)); !slices.Equal(got, []string{"big.iso.part.bad", "big.iso.part.bad.1", "big.iso.part.bad.2"}) {
			t.Errorf("left: %v", got)
		}
		if got, _ := os.ReadFile(path + badSuffix + ".2"); !bytes.Equal(got, content) {
			t.Error("the bytes were not kept")
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		path, stop := tempPath(t), errors.New("stop")
		f := begun(t, path, Options{})
		if err := finish(f, func(*io.SectionReader) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("Commit: %v", err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		f = begun(t, path, Options{})
		if !f.Done().Full() || f.Missing() != 0 {
			t.Errorf("%d blocks are done, %d is missing", f.Done().Count(), f.Missing())
		}
		mustFinish(t, f)
	})
}

func TestRead(t *testing.T) {
	path := tempPath(t)
	if _, err := Read(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	f := mustOpen(t, path, Options{Overwrite: true}) // locks it at once
	if r, err := Read(path); err != nil || r.Checkpoint != nil || r.Part {
		t.Errorf("only locked: %+v, %v", r, err)
	}
	if err := f.Begin(bg, Remote{Identity: identity, Host: "example.org"}); err != nil {
		t.Fatal(err)
	}
	mustPut(t, f, 4)
	mustSave(t, f, 4)
	want := os.Getpid()
	if (local{}).holder(f.ck) == 0 {
		want = 0
	}
	for _, name := range []string{path, path + partSuffix, path + checkpointSuffix} {
		r, err := Read(name)
		if err != nil {
			t.Fatal(err)
		}
		if r.Path != path || !r.Part || r.PartSize != testSize || r.Pid != want || r.Damaged ||
			r.Checkpoint.Done.Count() != 1 || r.Checkpoint.Host != "example.org" {
			t.Errorf("Read(%s) = %+v", filepath.Base(name), r)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := Read(path)
	if err != nil || r.Pid != 0 || !r.Checkpoint.Clean {
		t.Errorf("after Close: %+v, %v", r, err)
	}
	damage(t, path, 0)
	if r, err := Read(path); err != nil || !r.Damaged {
		t.Errorf("one slot damaged: %+v, %v", r, err)
	}
	damage(t, path, 1)
	if r, err := Read(path); !errors.Is(err, segment.ErrCorrupt) || !r.Part {
		t.Errorf("both damaged: %+v, %v", r, err)
	}
}

// damage flips a bit in slot 0 or 1.
func damage(t *testing.T, path string, slot int) {
	t.Helper()
	ck, err := os.ReadFile(path + checkpointSuffix)
	if err != nil {
		t.Fatal(err)
	}
	ck[slot*len(ck)/2+60] ^= 4
	if err := os.WriteFile(path+checkpointSuffix, ck, 0o600); err != nil {
		t.Fatal(err)
	}
}
