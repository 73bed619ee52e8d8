package sink

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"braid/scheduler"
	"braid/segment"
)

// Errors of Begin that leave everything as it was, for a later run.
func TestBeginKeeps(t *testing.T) {
	weak := segment.Identity{Size: testSize}
	elsewhere := Options{URL: "https://mirror.example/x"}
	refused := errors.New("503")
	for _, test := range []struct {
		name   string
		o      Options
		remote Remote
		want   error
		says   string
	}{
		{"another tag", Options{}, Remote{Identity: segment.Identity{Size: testSize, ETag: `"v2"`}}, scheduler.ErrChanged, "has changed since"},
		{"another tag, another URL", elsewhere, Remote{Identity: segment.Identity{Size: testSize, ETag: `"v2"`}}, scheduler.ErrChanged, "big.iso.part is of another URL"},
		{"other bytes", Options{}, Remote{Identity: weak, Source: sourceOf(otherContent)}, scheduler.ErrChanged, "has changed since"},
		{"other bytes, another URL", elsewhere, Remote{Identity: identity, Source: sourceOf(otherContent)}, scheduler.ErrChanged, "is of another URL"},
		{"another URL that cannot be asked", elsewhere, Remote{Identity: identity}, scheduler.ErrChanged, "is of another URL"},
		{"a server that fails", Options{}, Remote{Identity: weak, Source: &servant{err: refused}}, refused, "bytes "},
		{"a server that fails, Restart", Options{Restart: true}, Remote{Identity: weak, Source: &servant{err: refused}}, refused, "bytes "},
		{"a server that sends nothing", Options{}, Remote{Identity: weak, Source: &servant{p: content[:0:0]}}, nil, "unexpected EOF"},
		{"no ranges now", Options{}, Remote{Identity: identity, Plain: true}, scheduler.ErrNoRanges, "big.iso.part is kept"},
		{"no ranges and no size now", Options{}, Remote{Identity: segment.Identity{Size: -1}, Plain: true}, scheduler.ErrNoRanges, "big.iso.part is kept"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := tempPath(t)
			left(t, path, 0, 1, 2, 10)
			before := snapshot(t, path)
			f := mustOpen(t, path, test.o)
			err := f.Begin(bg, test.remote)
			if err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("Begin: %v", err)
			}
			if f.Resumable() != 3*testBlock+100 {
				t.Errorf("Resumable = %d", f.Resumable())
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			if snapshot(t, path) != before {
				t.Error("part or checkpoint changed")
			}
		})
	}
}

// A part in which nothing was done yet is no reason to refuse.
func TestNoRangesNothingDone(t *testing.T) {
	path := tempPath(t)
	left(t, path)
	f := mustOpen(t, path, Options{})
	if err := f.Begin(bg, Remote{Identity: identity, Plain: true}); err != nil || len(f.Notes()) != 0 {
		t.Errorf("%v, %q", err, f.Notes())
	}
}

// Few bytes are asked for again, only such as are there, and short answers are
// put together.
func TestCompareAsksLittle(t *testing.T) {
	path := tempPath(t)
	f := mustOpen(t, path, Options{})
	f.cut = func(size int64) segment.Grid { return segment.Grid{Size: size, Block: 1 << 20} }
	want := bytesOf(3<<20 + 10)
	id := segment.Identity{Size: int64(len(want))}
	if err := f.Begin(bg, Remote{Identity: id}); err != nil {
		t.Fatal(err)
	}
	for _, r := range []segment.Range{{Off: 1 << 20, End: 2 << 20}, {Off: 2 << 20, End: 2<<20 + 5000}, {Off: 3 << 20, End: 3<<20 + 10}} {
		if _, err := f.WriteAt(want[r.Off:r.End], r.Off); err != nil {
			t.Fatal(err)
		}
	}
	mustSave(t, f, 1, 3)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	src := &servant{p: want, max: 10_000}
	f = mustOpen(t, path, Options{})
	if err := f.Begin(bg, Remote{Identity: id, Source: src}); err != nil || f.Done().Count() != 2 || len(f.Begun()) != 1 {
		t.Fatalf("%v, %d blocks, begun %v", err, f.Done().Count(), f.Begun())
	}
	total := int64(0)
	for _, r := range src.at {
		if r.Off < 1<<20 || r.Off < 3<<20 && r.End > 2<<20+5000 || r.End > id.Size {
			t.Errorf("asked for %v", r)
		}
		total += min(r.Len(), src.max)
	}
	if total > probes*probeSize || total != probeSize+5000+10 {
		t.Errorf("%d bytes were asked for", total)
	}
}

// SIGINT while a long resume reads blocks back.
func TestBeginStops(t *testing.T) {
	path, d := tempPath(t), &scripted{disk: local{}}
	left(t, path, 0, 1, 2, 3, 4, 5)
	before := snapshot(t, path)
	f, err := openTest(d, path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(bg)
	stop, reads := errors.New("SIGINT"), 0
	d.before = func(op string) {
		if op == "read .part" {
			if reads++; reads == 2 {
				cancel(stop)
			}
		}
	}
	if err := f.Begin(ctx, Remote{Identity: identity}); !errors.Is(err, stop) || errors.Is(err, scheduler.ErrSink) {
		t.Errorf("Begin: %v", err)
	}
	if reads != 2 {
		t.Errorf("%d reads", reads)
	}
	if f.Resumable() != 6*testBlock {
		t.Errorf("Resumable = %d", f.Resumable())
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if snapshot(t, path) != before {
		t.Error("part or checkpoint changed")
	}
}

// The part of a plain job outlives a name that was taken meanwhile, and is known
// for ours.
func TestPlainNameTakenMeanwhile(t *testing.T) {
	path := tempPath(t)
	fetch := func(o Options) error {
		f := mustOpen(t, path, o)
		if err := f.Begin(bg, Remote{Identity: identity, Plain: true}); err != nil {
			t.Fatal(err)
		}
		if !o.Overwrite {
			if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := f.WriteAt(content, 0); err != nil {
			t.Fatal(err)
		}
		if f.Size() != testSize {
			t.Errorf("Size = %d", f.Size())
		}
		return errors.Join(f.Commit(nil), f.Close())
	}
	if err := fetch(Options{}); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("Commit: %v", err)
	}
	if _, err := openTest(nil, path, Options{}); !errors.Is(err, fs.ErrExist) || errors.Is(err, ErrForeign) {
		t.Errorf("the next run: %v", err)
	}
	if err := fetch(Options{Overwrite: true}); err != nil {
		t.Fatal(err)
	}
	alone(t, path)
}

// A part that appears between looking and locking is nobody's of ours.
func TestForeignPartInTheMeantime(t *testing.T) {
	path, d := tempPath(t), &scripted{disk: local{}}
	d.before = func(op string) {
		if op == "lock .part.ck" {
			if err := os.WriteFile(path+partSuffix, []byte("mine"), 0o600); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := openTest(d, path, Options{Overwrite: true, Restart: true}); !errors.Is(err, ErrForeign) || !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
	if got := list(t, strings.TrimSuffix(path, "big.iso")); !slices.Equal(got, []string{"big.iso.part"}) {
		t.Errorf("left: %v", got)
	}
}

// A checkpoint that another run has put there since is not ours to remove.
func TestUnlockRemovesOnlyItsOwn(t *testing.T) {
	for name, end := range map[string]func(f *File) error{
		"Close": func(f *File) error { return f.Close() },
		"Commit": func(f *File) error {
			if err := f.Begin(bg, Remote{Identity: identity}); err != nil {
				return err
			}
			d := f.disk.(*scripted)
			d.before = func(op string) {
				if op == "renameNew " {
					d.before = nil
					if err := errors.Join(os.Remove(f.ck), os.WriteFile(f.ck, []byte("theirs"), 0o600)); err != nil {
						t.Error(err)
					}
				}
			}
			return errors.Join(finish(f, nil), f.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := tempPath(t)
			f, err := openTest(&scripted{disk: local{}}, path, Options{Overwrite: name == "Close"})
			if err != nil {
				t.Fatal(err)
			}
			if name == "Close" {
				if err := errors.Join(os.Rename(f.ck, f.ck+".old"), os.WriteFile(f.ck, []byte("theirs"), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			if err := end(f); err != nil {
				t.Error(err)
			}
			if got, _ := os.ReadFile(f.ck); string(got) != "theirs" {
				t.Errorf("it holds %q", got)
			}
		})
	}
}

func TestSetModified(t *testing.T) {
	for _, test := range []struct {
		date time.Time
		kept bool
	}{
		{day, true},
		{time.Unix(0, 0), true},
		{time.Now().Add(time.Hour), true},
		{time.Now().Add(48 * time.Hour), false},
		{time.Unix(-1, 0), false},
		{time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), false},
		{time.Time{}, false},
	} {
		path := tempPath(t)
		f := begun(t, path, Options{})
		f.SetModified(test.date)
		mustFinish(t, f)
		fi, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := fi.ModTime().Equal(test.date); got != test.kept && test.date.Nanosecond() == 0 {
			t.Errorf("%v: modified %v", test.date, fi.ModTime())
		}
		if ago := time.Since(fi.ModTime()); !test.kept && (ago < -time.Minute || ago > time.Minute) {
			t.Errorf("%v: modified %v", test.date, fi.ModTime())
		}
	}
}
