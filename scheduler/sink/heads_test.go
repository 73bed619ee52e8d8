package sink

import (
	"errors"
	"os"
	"slices"
	"testing"

	"braid/segment"
)

func newest(t *testing.T, path string) *segment.Checkpoint {
	t.Helper()
	ck, err := os.ReadFile(path + checkpointSuffix)
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := segment.Newest(ck)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func span(block int, n int64) segment.Range {
	return segment.Range{Off: int64(block) * testBlock, End: int64(block)*testBlock + n}
}

// On a slow link a stop must not cost the beginnings of blocks: they survive,
// are gone on with where they end, and are forgotten once their block is whole.
func TestHeads(t *testing.T) {
	path := tempPath(t)
	f := begun(t, path, Options{})
	mustPut(t, f, 0)
	mustBegin(t, f, 1, 1000)
	mustBegin(t, f, 7, 1)
	mustBegin(t, f, 10, 99)
	mustSave(t, f, 0)
	want := []segment.Range{span(1, 1000), span(7, 1), span(10, 99)}
	for _, stopped := range []string{"Close", "a kill"} {
		if got := f.Begun(); !slices.Equal(got, want) {
			t.Errorf("before %s: Begun = %v", stopped, got)
		}
		if stopped == "Close" {
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		} else {
			_, _ = f.data.Close(), f.slots.file.Close()
			f.closed = true
		}
		if n, err := audit(path, content); n != 1 || err != nil || len(newest(t, path).Heads) != 3 {
			t.Errorf("after %s: %d blocks, %v", stopped, n, err)
		}
		f = mustOpen(t, path, Options{})
		if f.Missing() != testBlock+1000 || f.Resumable() != testBlock+1100 {
			t.Errorf("after %s: Missing = %d, Resumable = %d", stopped, f.Missing(), f.Resumable())
		}
		if err := f.Begin(bg, Remote{Identity: identity}); err != nil || len(f.Notes()) > 0 {
			t.Fatalf("%v, %q", err, f.Notes())
		}
		if got := f.Begun(); !slices.Equal(got, want) || f.Resumable() != testBlock+1100 || f.Done().Count() != 1 {
			t.Errorf("after %s: Begun = %v, Resumable = %d", stopped, got, f.Resumable())
		}
	}
	if _, err := f.WriteAt(content[testBlock+999:testBlock+1010], testBlock+999); err == nil {
		t.Error("a byte of a head was written again")
	}
	for _, r := range want[:2] {
		end := min(r.Off+testBlock, testSize)
		if _, err := f.WriteAt(content[r.End:end], r.End); err != nil {
			t.Fatal(err)
		}
	}
	mustSave(t, f, 0, 1, 7)
	if got := f.Begun(); !slices.Equal(got, want[2:]) || f.Done().Count() != 3 {
		t.Errorf("Begun = %v, %d blocks", got, f.Done().Count())
	}
	if n, err := audit(path, content); n != 3 || err != nil {
		t.Errorf("%d blocks, %v", n, err)
	}
	mustFinish(t, f) // which begins block 10 anew
}

// A head that is not on disk as it was written is dropped.
func TestHeadDamaged(t *testing.T) {
	path := tempPath(t)
	f := begun(t, path, Options{})
	mustBegin(t, f, 1, 1000)
	mustBegin(t, f, 2, 2000)
	mustSave(t, f)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	flip(t, path+partSuffix, testBlock+999)
	f = begun(t, path, Options{})
	if got := f.Begun(); !slices.Equal(got, []segment.Range{span(2, 2000)}) || !noted(f, "big.iso.part: the beginnings of 1 blocks") {
		t.Errorf("Begun = %v, %q", got, f.Notes())
	}
	if n, err := audit(path, content); n != 0 || err != nil {
		// The older slot may still claim it; only the newest counts here.
		if falseClaim(newest(t, path), mustRead(t, path+partSuffix), content) >= 0 {
			t.Error(err)
		}
	}
	mustFinish(t, f)
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What is written while a Save flushes is not in that Save: nobody knows
// whether the flush caught it.
func TestSnapshotBeforeSync(t *testing.T) {
	path, d := tempPath(t), &scripted{disk: local{}}
	f, err := openTest(d, path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Begin(bg, Remote{Identity: identity}); err != nil {
		t.Fatal(err)
	}
	mustPut(t, f, 0)
	mustBegin(t, f, 1, 100)
	mustBegin(t, f, 2, 100)
	d.before = func(op string) {
		if op == "datasync .part" {
			d.before = nil
			_, err := f.WriteAt(content[testBlock+100:testBlock+300], testBlock+100) // a head grows
			_, err2 := f.WriteAt(content[2*testBlock+100:3*testBlock], 2*testBlock+100)
			if err := errors.Join(err, err2, put(f, 3)); err != nil {
				t.Error(err)
			}
			mustBegin(t, f, 4, 5)
		}
	}
	mustSave(t, f, 0)
	c := newest(t, path)
	if got := f.Begun(); !slices.Equal(got, []segment.Range{span(1, 100), span(2, 100)}) || len(c.Heads) != 2 ||
		c.Heads[0].Len != 100 || c.Done.Count() != 1 || c.Sums[3] != 0 {
		t.Errorf("Begun = %v, slot claims %d blocks and %v", got, c.Done.Count(), c.Heads)
	}
	if n, err := audit(path, content); n != 1 || err != nil {
		t.Errorf("%d claimed: %v", n, err)
	}
	mustSave(t, f, 0, 2, 3)
	if got := f.Begun(); !slices.Equal(got, []segment.Range{span(1, 300), span(4, 5)}) {
		t.Errorf("then: Begun = %v", got)
	}
	if n, err := audit(path, content); n != 3 || err != nil {
		t.Errorf("then: %d claimed: %v", n, err)
	}
}

// With more heads than a slot has room for, the longest are kept.
func TestManyHeads(t *testing.T) {
	const n = segment.MaxHeads + 20
	path := tempPath(t)
	f := mustOpen(t, path, Options{})
	id := segment.Identity{Size: n * testBlock, ETag: `"x"`}
	if err := f.Begin(bg, Remote{Identity: id}); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if _, err := f.WriteAt(make([]byte, 1+(i*7)%n), int64(i)*testBlock); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Save(segment.NewBitmap(n)); err != nil {
		t.Fatal(err)
	}
	got := f.Begun()
	if len(got) != segment.MaxHeads || !slices.IsSortedFunc(got, func(a, b segment.Range) int { return int(a.Off - b.Off) }) {
		t.Errorf("%d heads", len(got))
	}
	for _, r := range got {
		if r.Len() <= n-segment.MaxHeads {
			t.Errorf("%v is among them", r)
		}
	}
	// A write on a block whose head found no room goes on all the same.
	if _, err := f.WriteAt(make([]byte, testBlock-1), 1); err != nil {
		t.Error(err)
	}
}
