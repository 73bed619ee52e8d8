package sink

import (
	"context"
	"errors"
	"testing"
	"time"

	"braid/scheduler"
	"braid/segment"
)

var (
	long   = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	dated  = segment.Identity{Size: testSize, ETag: `"a"`, Modified: long, Date: long.Add(time.Hour)}
	retold = segment.Identity{Size: testSize, ETag: `"b"`, Modified: long, Date: long.Add(time.Hour)}
)

// leftDated leaves three blocks of a file known as id, about which known was
// found out.
func leftDated(t *testing.T, path string, id, known segment.Identity) {
	t.Helper()
	f := mustOpen(t, path, Options{})
	if err := f.Begin(bg, Remote{Identity: id}); err != nil {
		t.Fatal(err)
	}
	mustPut(t, f, 0, 1, 2)
	mustSave(t, f, 0, 1, 2)
	f.Know(known)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// What was found out about entity-tags outlives the run.
func TestKnow(t *testing.T) {
	untagged := dated
	untagged.ETag = ""
	for known, want := range map[segment.Identity]error{dated: scheduler.ErrChanged, untagged: nil} {
		path := tempPath(t)
		leftDated(t, path, dated, known)
		f := mustOpen(t, path, Options{})
		if err := f.Begin(bg, Remote{Identity: retold}); !errors.Is(err, want) {
			t.Errorf("known as %q: %v", known.ETag, err)
		}
		if want == nil && f.Resumable() != 3*testBlock {
			t.Errorf("%d bytes", f.Resumable())
		}
		f.Close()
	}
}

// Tags that mean nothing are no reason to refuse, but none to believe either:
// bytes are compared. It is asked only if nothing else speaks against the file.
func TestFickleTags(t *testing.T) {
	yes := func(context.Context) (bool, error) { return true, nil }
	no := func(context.Context) (bool, error) { return false, nil }
	broken := errors.New("503")
	fails := func(context.Context) (bool, error) { return false, broken }
	never := func(context.Context) (bool, error) { t.Error("it was asked"); return true, nil }
	newer := retold
	newer.Modified = long.Add(time.Minute)
	for _, row := range []struct {
		name   string
		now    segment.Identity
		fickle func(context.Context) (bool, error)
		source scheduler.Source
		want   error
	}{
		{"they mean nothing", retold, yes, sourceOf(content), nil},
		{"they mean nothing, but the bytes differ", retold, yes, sourceOf(otherContent), scheduler.ErrChanged},
		{"they mean something", retold, no, sourceOf(content), scheduler.ErrChanged},
		{"the server fails", retold, fails, sourceOf(content), broken},
		{"the date differs too", newer, never, sourceOf(content), scheduler.ErrChanged},
		{"the same tag", dated, never, sourceOf(content), nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := tempPath(t)
			leftDated(t, path, dated, dated)
			f := mustOpen(t, path, Options{})
			if err := f.Begin(bg, Remote{Identity: row.now, Source: row.source, Fickle: row.fickle}); !errors.Is(err, row.want) {
				t.Fatal(err)
			}
			if f.Resumable() == 0 {
				t.Error("nothing is left")
			}
		})
	}
}
