package sink

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"braid/scheduler"
	"braid/segment"
)

// What each way of finding an earlier run's traces leads to. Every row must end
// with the right file and nothing beside it.
func TestResume(t *testing.T) {
	const kept, anew = 4, 0
	at := func(path string) string { return path + checkpointSuffix }
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name  string
		spoil func(path string)
		id    segment.Identity
		o     Options
		plain bool
		src   scheduler.Source
		want  int    // blocks done after Begin
		note  string // "" means no note
	}{
		{name: "an orderly stop", id: identity, want: kept},
		{name: "another URL", id: identity, o: Options{URL: "https://mirror.example/x"}, src: sourceOf(content), want: kept, note: "big.iso.part: it was begun from another URL"},
		{name: "another URL, no validator", id: segment.Identity{Size: testSize}, o: Options{URL: "https://mirror.example/x"}, src: sourceOf(content), want: kept, note: "another URL"},
		{name: "another file at another URL, Restart", id: segment.Identity{Size: testSize}, o: Options{URL: "https://mirror.example/x", Restart: true}, src: sourceOf(otherContent), want: anew, note: "changed since"},
		{name: "another URL that cannot be asked, Restart", id: identity, o: Options{URL: "https://mirror.example/x", Restart: true}, want: anew, note: "changed since"},
		{name: "a weak tag, bytes compared", id: segment.Identity{Size: testSize, ETag: `W/"v1"`}, src: sourceOf(content), want: kept, note: "does not prove"},
		{name: "bytes compared, a byte flipped", id: segment.Identity{Size: testSize}, src: sourceOf(content), want: kept - 1, note: "1 of 4 blocks",
			spoil: func(p string) { flip(t, p+partSuffix, 2*testBlock+17) }},
		{name: "nothing left to compare", id: segment.Identity{Size: testSize}, src: sourceOf(otherContent), want: anew, note: "4 of 4 blocks",
			spoil: func(p string) { must(os.WriteFile(p+partSuffix, make([]byte, testSize), 0o600)) }},
		{name: "the same strong date, no tag now", id: segment.Identity{Size: testSize, Modified: day, Date: day.Add(time.Hour)}, want: kept},
		{name: "nothing to prove it by", id: segment.Identity{Size: testSize}, want: anew, note: "does not say enough"},
		{name: "a weak tag", id: segment.Identity{Size: testSize, ETag: `W/"v1"`}, want: anew, note: "does not say enough"},
		{name: "no ranges now, Restart", id: identity, o: Options{Restart: true}, plain: true, want: anew, note: "does not serve ranges"},
		{name: "changed, Restart", id: segment.Identity{Size: testSize, ETag: `"v2"`}, o: Options{Restart: true}, want: anew, note: "changed since"},
		{name: "newest slot damaged", id: identity, want: kept, note: "one copy",
			spoil: func(p string) { damage(t, p, newestSlot(t, p)) }},
		{name: "older slot damaged", id: identity, want: kept, note: "one copy",
			spoil: func(p string) { damage(t, p, 1-newestSlot(t, p)) }},
		{name: "both slots damaged", id: identity, want: anew, note: "both copies",
			spoil: func(p string) { damage(t, p, 0); damage(t, p, 1) }},
		{name: "checkpoint empty", id: identity, want: anew, note: "kept no checkpoint",
			spoil: func(p string) { must(os.Truncate(at(p), 0)) }},
		{name: "checkpoint cut", id: identity, want: anew, note: "both copies",
			spoil: func(p string) { must(os.Truncate(at(p), 5000)) }},
		{name: "checkpoint absurdly long", id: identity, want: anew, note: "both copies",
			spoil: func(p string) { must(os.Truncate(at(p), 1<<30)) }},
		{name: "a byte flipped", id: identity, want: kept - 1, note: "1 of 4 blocks",
			spoil: func(p string) { flip(t, p+partSuffix, 2*testBlock+17) }},
		{name: "a byte flipped where nothing is claimed", id: identity, want: kept,
			spoil: func(p string) { flip(t, p+partSuffix, 5*testBlock) }},
		{name: "part cut", id: identity, want: kept - 1, note: "1 of 4 blocks",
			spoil: func(p string) { must(os.Truncate(p+partSuffix, testSize-1)) }},
		{name: "part grown", id: identity, want: kept,
			spoil: func(p string) { must(os.Truncate(p+partSuffix, testSize+5)) }},
		{name: "part copied back", id: identity, want: kept, spoil: func(p string) {
			b, err := os.ReadFile(p + partSuffix)
			must(err)
			must(os.Remove(p + partSuffix))
			must(os.WriteFile(p+partSuffix, b, 0o600))
		}},
		{name: "part replaced", id: identity, want: anew, note: "4 of 4 blocks", spoil: func(p string) {
			must(os.Remove(p + partSuffix))
			must(os.WriteFile(p+partSuffix, []byte("something else"), 0o600))
		}},
		{name: "part gone", id: identity, want: anew, note: "is gone",
			spoil: func(p string) { must(os.Remove(p + partSuffix)) }},
		{name: "part gone and changed", id: segment.Identity{Size: testSize, ETag: `"v2"`}, want: anew, note: "is gone",
			spoil: func(p string) { must(os.Remove(p + partSuffix)) }},
		{name: "stopped between creating the part and its slots", id: identity, want: anew, note: "kept no checkpoint", spoil: func(p string) {
			must(os.Truncate(at(p), 0))
			must(os.Truncate(p+partSuffix, 0))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := tempPath(t)
			left(t, path, 0, 1, 2, 10)
			if test.spoil != nil {
				test.spoil(path)
			}
			f := mustOpen(t, path, test.o)
			if err := f.Begin(bg, Remote{Identity: test.id, Host: "elsewhere.example", Plain: test.plain, Source: test.src}); err != nil {
				t.Fatal(err)
			}
			if n := f.Done().Count(); n != test.want {
				t.Errorf("%d blocks are done, want %d", n, test.want)
			}
			if notes := f.Notes(); (test.note == "") != (len(notes) == 0) || test.note != "" && !noted(f, test.note) {
				t.Errorf("notes %q, want %q", notes, test.note)
			}
			if test.plain {
				if _, err := f.WriteAt(content, 0); err != nil {
					t.Fatal(err)
				}
				if err := f.Commit(nil); err != nil {
					t.Fatal(err)
				}
				alone(t, path)
				return
			}
			// The older slot may still claim what turned out to be spoilt. If it is
			// ever fallen back on, everything is checked again.
			ck, err := os.ReadFile(f.ck)
			must(err)
			part, err := os.ReadFile(f.part)
			must(err)
			c, _, err := segment.Newest(ck)
			must(err)
			if i := falseClaim(c, part, content); i >= 0 || c.Done.Count() != test.want {
				t.Errorf("%d claimed, want %d; falsely: %d", c.Done.Count(), test.want, i)
			}
			mustFinish(t, f)
		})
	}
}

func newestSlot(t *testing.T, path string) int {
	t.Helper()
	ck, err := os.ReadFile(path + checkpointSuffix)
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := segment.Newest(ck)
	if err != nil {
		t.Fatal(err)
	}
	return int(c.Generation % 2)
}

func flip(t *testing.T, name string, at int64) {
	t.Helper()
	p, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p[at] ^= 0x20
	if err := os.WriteFile(name, p, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestMissing(t *testing.T) {
	path := tempPath(t)
	left(t, path, 0, 1, 2, 10)
	f := mustOpen(t, path, Options{})
	if got := f.Missing(); got != 3*testBlock {
		t.Errorf("Missing = %d", got)
	}
	if got := f.Resumable(); got != 3*testBlock+100 {
		t.Errorf("Resumable = %d", got)
	}
}

// A file that has changed on the server is neither mixed nor thrown away.
func TestChanged(t *testing.T) {
	for _, id := range []segment.Identity{
		{Size: testSize, ETag: `"v2"`},
		{Size: testSize + 1, ETag: `"v1"`},
		{Size: testSize, Modified: day.Add(time.Second), Date: day.Add(time.Hour)},
	} {
		path := tempPath(t)
		left(t, path, 3)
		before := snapshot(t, path)
		f := mustOpen(t, path, Options{})
		err := f.Begin(bg, Remote{Identity: id})
		if !errors.Is(err, scheduler.ErrChanged) || errors.Is(err, scheduler.ErrSink) {
			t.Errorf("%v: %v", id, err)
		}
		if strings.Contains(err.Error(), "another URL") {
			t.Errorf("%v: the URL is the same", err)
		}
		if f.Resumable() != testBlock {
			t.Errorf("Resumable = %d", f.Resumable())
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if snapshot(t, path) != before {
			t.Error("part or checkpoint changed")
		}
	}
}

func snapshot(t *testing.T, path string) string {
	t.Helper()
	part, err := os.ReadFile(path + partSuffix)
	if err != nil {
		t.Fatal(err)
	}
	ck, err := os.ReadFile(path + checkpointSuffix)
	if err != nil {
		t.Fatal(err)
	}
	return string(part) + string(ck)
}

func TestNewerVersion(t *testing.T) {
	path := tempPath(t)
	left(t, path, 3)
	ck, err := os.ReadFile(path + checkpointSuffix)
	if err != nil {
		t.Fatal(err)
	}
	for slot := range 2 { // version 2, with a valid sum
		p := ck[slot*len(ck)/2 : (slot+1)*len(ck)/2]
		p[8] = 2
		resum(p)
	}
	if err := os.WriteFile(path+checkpointSuffix, ck, 0o600); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, path)
	for _, o := range []Options{{}, {Overwrite: true, Restart: true}} {
		if _, err := openTest(nil, path, o); !errors.Is(err, segment.ErrVersion) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if snapshot(t, path) != before {
		t.Error("part or checkpoint changed")
	}
}

// Beyond a gigabyte blocks are sampled, but never the ones that the last Save
// added, and all are read if the part was touched or the sample is bad.
func TestCheckSamples(t *testing.T) {
	const n = 2000
	g := segment.Grid{Size: n << 20, Block: 1 << 20}
	c := &segment.Checkpoint{Grid: g, Done: segment.NewBitmap(n), Sums: make([]uint32, n), Part: segment.Stamp{Size: g.Size}}
	older := &segment.Checkpoint{Grid: g, Done: segment.NewBitmap(n), Sums: make([]uint32, n)}
	for i := range n {
		c.Done.Set(i)
		if i != 700 {
			older.Done.Set(i)
		}
	}
	same := info{size: g.Size}
	for _, test := range []struct {
		name  string
		older *segment.Checkpoint
		st    info
		clean bool
		least int // blocks read
		most  int
		must  int // one of them
	}{
		{"sample", older, same, false, 3, 3 + samples, 700},
		{"untouched", older, same, true, 3, 3 + samples, 700},
		{"touched", older, info{size: g.Size, modified: 5}, true, n, n, 5},
		{"unclean, newer", older, info{size: g.Size, modified: 5}, false, 3, 3 + samples, 700},
		{"another inode", older, info{size: g.Size, ino: 4}, false, n, n, 5},
		{"no other slot", nil, same, false, n, n, 5},
	} {
		r := &countingReader{seen: map[int]bool{}}
		c.Clean = test.clean
		for i := range c.Sums { // the sum of a megabyte of zeros
			c.Sums[i] = zeros
			older.Sums[i] = zeros
		}
		if bad, err := check(bg, r, c, test.older, test.st, false, VerifySample); len(bad) != 0 || err != nil {
			t.Errorf("%s: %d blocks are bad", test.name, len(bad))
		}
		if len(r.seen) < test.least || len(r.seen) > test.most || !r.seen[test.must] || !r.seen[0] || !r.seen[n-1] {
			t.Errorf("%s: %d blocks were read", test.name, len(r.seen))
		}
	}
	c.Clean = false
	c.Done.Clear(1500)
	c.Heads = []segment.Head{{Block: 1500, Len: 1000, Sum: 1}}
	if bad, err := check(bg, &countingReader{seen: map[int]bool{}}, c, older, same, false, VerifySample); err != nil || len(bad) != 1 || bad[0] != c.Heads[0] {
		t.Errorf("a bad head: %v, %v", bad, err)
	}
	c.Done.Set(1500)
	c.Heads = nil
	c.Sums[0], older.Sums[0] = 1, 1
	c.Sums[1234], older.Sums[1234] = 1, 1
	bad, err := check(bg, &countingReader{seen: map[int]bool{}}, c, older, same, false, VerifySample)
	if err != nil || len(bad) != 2 || bad[0].Block != 0 || bad[1].Block != 1234 {
		t.Errorf("a bad sample: %v", bad)
	}
}

// leftFinished leaves a file that was killed between the rename and the removal
// of its checkpoint.
func leftFinished(t *testing.T) string {
	path, d := tempPath(t), &scripted{disk: local{}}
	f, err := openTest(d, path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Begin(bg, Remote{Identity: identity}); err != nil {
		t.Fatal(err)
	}
	d.fail = func(_ int, op string) error {
		if op == "forget .part.ck" {
			return errors.New("killed")
		}
		return nil
	}
	if err := finish(f, nil); err == nil {
		t.Fatal("Commit went well")
	}
	f.Close()
	if _, err := os.Stat(path + checkpointSuffix); err != nil {
		t.Fatal(err)
	}
	return path
}

// A crash between the rename and the removal of the checkpoint: only that is
// left to do.
func TestFinished(t *testing.T) {
	t.Run("tidy up", func(t *testing.T) {
		path := leftFinished(t)
		f := mustOpen(t, path, Options{})
		if !f.Finished() || f.Missing() != 0 || !f.Done().Full() {
			t.Fatalf("Finished = %v, Missing = %d", f.Finished(), f.Missing())
		}
		if err := f.Begin(bg, Remote{Identity: identity}); err == nil {
			t.Error("it was begun again")
		}
		if f.Size() != testSize {
			t.Errorf("Size = %d", f.Size())
		}
		read := 0
		if err := f.Commit(func(r *io.SectionReader) error {
			p, err := io.ReadAll(r)
			read = len(p)
			return err
		}); err != nil || read != testSize {
			t.Fatalf("%v, %d bytes were verified", err, read)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		alone(t, path)
	})
	t.Run("verify says no", func(t *testing.T) {
		path := leftFinished(t)
		for range 2 {
			f := mustOpen(t, path, Options{})
			err := f.Commit(func(*io.SectionReader) error { return &segment.DigestError{Algorithm: "md5"} })
			if !as[*segment.DigestError](err) || !strings.Contains(err.Error(), path) || f.Resumable() != 0 {
				t.Errorf("%v; Resumable = %d", err, f.Resumable())
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			if got, _ := os.ReadFile(path); !slices.Equal(got, content) {
				t.Error("the file did not stay")
			}
		}
		f := mustOpen(t, path, Options{})
		if err := f.Commit(func(*io.SectionReader) error { return nil }); err != nil {
			t.Error(err)
		}
		alone(t, path)
	})
	t.Run("changed in place", func(t *testing.T) {
		path := leftFinished(t)
		flip(t, path, 5*testBlock)
		f := mustOpen(t, path, Options{})
		if err := f.Commit(nil); !errors.Is(err, fs.ErrExist) || f.Resumable() != 0 {
			t.Errorf("%v; Resumable = %d", err, f.Resumable())
		}
		nothingBeside(t, path)
	})
	t.Run("a link since Open", func(t *testing.T) {
		path := leftFinished(t)
		f := mustOpen(t, path, Options{})
		if err := errors.Join(os.Rename(path, path+".moved"), os.Symlink(path+".moved", path)); err != nil {
			t.Skip("symbolic links are missing here, as for most users of windows:", err)
		}
		if err := f.Commit(nil); err == nil {
			t.Error("it was followed")
		}
	})
	t.Run("Overwrite", func(t *testing.T) {
		path := leftFinished(t)
		f := begun(t, path, Options{Overwrite: true})
		if f.Finished() || f.Done().Count() != 0 {
			t.Errorf("Finished = %v, %d blocks", f.Finished(), f.Done().Count())
		}
		mustFinish(t, f)
	})
	t.Run("stopped between link and unlink", func(t *testing.T) {
		path := leftFinished(t)
		if err := os.Link(path, path+partSuffix); err != nil {
			t.Skip("hard links are missing on this file system:", err)
		}
		f := mustOpen(t, path, Options{})
		if !f.Finished() {
			t.Fatal("not Finished")
		}
		if err := f.Commit(nil); err != nil {
			t.Fatal(err)
		}
		alone(t, path)
	})
	t.Run("another URL", func(t *testing.T) {
		path := leftFinished(t)
		if _, err := openTest(nil, path, Options{URL: "https://example.org/another"}); !errors.Is(err, fs.ErrExist) {
			t.Fatal(err)
		}
		alone(t, path) // and its checkpoint is not in the way any more
	})
	t.Run("another URL, Overwrite", func(t *testing.T) {
		path := leftFinished(t)
		f := begun(t, path, Options{URL: "https://example.org/another", Overwrite: true})
		if f.Done().Count() != 0 {
			t.Error("something is done")
		}
		mustFinish(t, f)
	})
	t.Run("final file replaced", func(t *testing.T) {
		path := leftFinished(t)
		mine := make([]byte, testSize) // its length is right, that is all
		if err := os.WriteFile(path+".mine", mine, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".mine", path); err != nil {
			t.Fatal(err)
		}
		if f, err := openTest(nil, path, Options{}); !errors.Is(err, fs.ErrExist) {
			f.Close()
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(path); !slices.Equal(got, mine) {
			t.Error("it was changed")
		}
	})
	t.Run("final file gone", func(t *testing.T) {
		path := leftFinished(t)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		f := begun(t, path, Options{})
		if !noted(f, "is gone") {
			t.Errorf("notes %q", f.Notes())
		}
		mustFinish(t, f)
	})
}

// The slots of a continued file keep their length, whatever the server calls
// itself now.
func TestSlotLengthIsKept(t *testing.T) {
	path := tempPath(t)
	id := identity
	long := func(n int) string { return `"` + fmt.Sprintf("%0*d", n-2, 1) + `"` }
	id.ETag = "W/" + long(200)
	f := mustOpen(t, path, Options{})
	if err := f.Begin(bg, Remote{Identity: id, Host: fmt.Sprintf("%0300d", 1)}); err != nil {
		t.Fatal(err)
	}
	mustPut(t, f, 5)
	mustSave(t, f, 5)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	id.ETag = long(3000) // too long to be kept, so as good as none
	f = mustOpen(t, path, Options{})
	if err := f.Begin(bg, Remote{Identity: id, Host: "b"}); err != nil || f.Done().Count() != 1 {
		t.Fatalf("%v, %q", err, f.Notes())
	}
	mustFinish(t, f)
}

// Many short runs, each killed (in effect) without Close at its end.
func TestManyRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "big.iso")
	for i := range smallBlocks(testSize).Len() {
		f := begun(t, path, Options{})
		if n := f.Done().Count(); n != i {
			t.Fatalf("run %d begins with %d blocks: %q", i, n, f.Notes())
		}
		mustPut(t, f, i)
		mustSave(t, f, i)
		if i+1 < f.Grid().Len() {
			mustPut(t, f, i+1) // written, never saved
		}
		f.data.Close()
		f.slots.file.Close()
		f.closed = true
	}
	f := begun(t, path, Options{})
	if !f.Done().Full() {
		t.Error("not full")
	}
	mustFinish(t, f)
}
