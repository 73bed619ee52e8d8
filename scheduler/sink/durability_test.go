package sink

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"braid/scheduler"
	"braid/segment"
)

// A disk that loses what it was told to keep is noticed by Strict, and only by
// Strict, before the file has its name. The next run fetches only what was lost.
func TestStrict(t *testing.T) {
	for _, test := range []struct {
		name  string
		o     Options
		plain bool
		kept  int64
	}{
		{"normal", Options{}, false, 0},
		{"strict", Options{Durability: Strict}, false, simSize - simBlock},
		{"strict, plain", Options{Durability: Strict}, true, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSimRun(t, 1)
			s.d.before = nil
			s.o, s.remote.Plain = test.o, test.plain
			s.d.lies = func(at int) bool { return at == 25 } // of the part: the checkpoint is shorter
			f := s.mustOpen()
			if err := errors.Join(f.Begin(bg, s.remote), s.fill(f)); err != nil {
				t.Fatal(err)
			}
			err := f.Commit(nil)
			if test.o.Durability == Normal {
				if err != nil {
					t.Errorf("Commit: %v", err)
				}
				return
			}
			if !errors.Is(err, errLost) || !errors.Is(err, scheduler.ErrSink) || !strings.Contains(err.Error(), f.part) {
				t.Errorf("Commit: %v", err)
			}
			if f.Resumable() != test.kept {
				t.Errorf("Resumable = %d", f.Resumable())
			}
			s.mustClose(f)
			if s.d.get(simPath) != nil {
				t.Error("it has its name")
			}
			s.d.lies = nil
			f = s.mustOpen()
			if err := f.Begin(bg, s.remote); err != nil || f.Resumable() != test.kept || noted(f, "were not as") {
				t.Fatalf("%v; Resumable = %d; %q", err, f.Resumable(), f.Notes())
			}
			if err := s.fill(f); err != nil {
				t.Fatal(err)
			}
			s.commit(f)
		})
	}
}

func TestStrictOnRealDisk(t *testing.T) {
	mustFinish(t, begun(t, tempPath(t), Options{Durability: Strict}))
}

// A strict plain job that was not written in order cannot be vouched for.
func TestStrictStream(t *testing.T) {
	f := mustOpen(t, tempPath(t), Options{Durability: Strict})
	if err := f.Begin(bg, Remote{Identity: identity, Plain: true}); err != nil {
		t.Fatal(err)
	}
	for _, off := range []int64{100, 0} {
		if _, err := f.WriteAt(content[off:], off); err != nil {
			t.Fatal(err)
		}
		if off == 100 {
			if err := f.Commit(nil); !errors.Is(err, scheduler.ErrSink) || !strings.Contains(err.Error(), "in order") {
				t.Errorf("Commit: %v", err)
			}
		}
	}
	if err := f.Commit(nil); err != nil {
		t.Fatal(err)
	}
	alone(t, f.path)
}

// A relaxed run flushes nothing, says so, and its checkpoint says so too: it is
// read back in full, whatever the next run is told.
func TestRelaxed(t *testing.T) {
	path, d := tempPath(t), &scripted{disk: local{}}
	o := Options{Durability: Relaxed, VerifyResume: VerifyNone}
	f, err := openTest(d, path, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Begin(bg, Remote{Identity: identity}); err != nil {
		t.Fatal(err)
	}
	if !noted(f, "big.iso.part: nothing is flushed") {
		t.Errorf("notes %q", f.Notes())
	}
	mustPut(t, f, 1, 2)
	mustSave(t, f, 1, 2)
	if f.Resumable() != 2*testBlock {
		t.Errorf("Resumable = %d", f.Resumable())
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if !newest(t, path).Relaxed {
		t.Error("the checkpoint does not say so")
	}
	st, err := local{}.lstat(path + partSuffix)
	if err != nil {
		t.Fatal(err)
	}
	flip(t, path+partSuffix, 2*testBlock)
	if err := os.Chtimes(path+partSuffix, time.Time{}, time.Unix(0, st.modified)); err != nil {
		t.Fatal(err)
	}
	if f, err = openTest(d, path, o); err != nil {
		t.Fatal(err)
	}
	if err := f.Begin(bg, Remote{Identity: identity}); err != nil || f.Done().Count() != 1 || !noted(f, "1 of 2 blocks") {
		t.Fatalf("%v, %d blocks are done; %q", err, f.Done().Count(), f.Notes())
	}
	mustFinish(t, f)
	for _, op := range d.ops {
		if strings.Contains(op, "sync") {
			t.Errorf("it did: %s", op)
		}
	}
}

// How much is read back of what an earlier run left.
func TestVerifyResume(t *testing.T) {
	const n = 2000
	g := segment.Grid{Size: n << 20, Block: 1 << 20}
	c := &segment.Checkpoint{Grid: g, Done: segment.NewBitmap(n), Sums: make([]uint32, n), Part: segment.Stamp{Size: g.Size}}
	for i := range n {
		c.Done.Set(i)
		c.Sums[i] = zeros
	}
	older := *c
	same := info{size: g.Size}
	for _, test := range []struct {
		name    string
		want    VerifyResume
		st      info
		older   *segment.Checkpoint
		relaxed bool
		most    int // blocks read
	}{
		{"sample", VerifySample, same, &older, false, samples + 2},
		{"sample, relaxed", VerifySample, same, &older, true, n},
		{"all", VerifyAll, same, &older, false, n},
		{"none", VerifyNone, same, &older, false, 0},
		{"none, another file", VerifyNone, info{size: g.Size, ino: 1}, &older, false, n},
		{"none, cut", VerifyNone, info{size: g.Size - 1}, &older, false, n},
		{"none, one slot damaged", VerifyNone, same, nil, false, n},
		{"none, relaxed", VerifyNone, same, &older, true, n},
	} {
		r := &countingReader{seen: map[int]bool{}}
		c.Relaxed = test.relaxed
		if bad, err := check(bg, r, c, test.older, test.st, false, test.want); len(bad) != 0 || err != nil {
			t.Errorf("%s: %d blocks are bad, %v", test.name, len(bad), err)
		}
		if len(r.seen) > test.most || test.most > 100 && len(r.seen) < test.most || test.most > 0 && len(r.seen) == 0 {
			t.Errorf("%s: %d blocks were read", test.name, len(r.seen))
		}
	}
}
