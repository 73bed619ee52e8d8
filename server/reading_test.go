package server

import (
	"context"
	"errors"
	"io/fs"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"
)

// folderAt is what the system says of a folder that was changed then.
func folderAt(t *testing.T, modified time.Time) fs.FileInfo {
	t.Helper()
	fi, err := fs.Stat(fstest.MapFS{"d": {Mode: fs.ModeDir | 0o755, ModTime: modified}}, "d")
	if err != nil {
		t.Fatal(err)
	}
	return fi
}

func TestReadingIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		fi := folderAt(t, time.Now())
		var readings, most, now atomic.Int32
		open := make(chan struct{})
		read := func() ([]entry, error) {
			readings.Add(1)
			most.Store(max(most.Load(), now.Add(1)))
			<-open
			now.Add(-1)
			return []entry{{Name: "f"}}, nil
		}
		got := make(chan int, 100)
		for i := range 100 {
			go func() {
				entries, err := d.entries(t.Context(), string(rune('a'+i%10)), fi, read)
				if err != nil {
					t.Error(err)
				}
				got <- len(entries)
			}()
		}
		left, leave := context.WithCancel(t.Context())
		synctest.Wait()
		gone := make(chan error, 1)
		go func() {
			_, err := d.entries(left, "a", fi, read)
			gone <- err
		}()
		synctest.Wait()
		leave()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("who leaves is told %v", err)
		}
		if n := readings.Load(); n != maxReadings {
			t.Errorf("%d folders are read at once, want %d", n, maxReadings)
		}
		close(open)
		for range 100 {
			if n := <-got; n != 1 {
				t.Errorf("%d entries", n)
			}
		}
		if readings.Load() != 10 || most.Load() != maxReadings || d.last != nil || len(d.under) > 0 {
			t.Errorf("%d readings of 10 folders, %d at once, %v and %v are kept", readings.Load(), most.Load(), d.last, d.under)
		}
	})
}

func TestReadingIsKeptForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		old, fresh := folderAt(t, time.Now().Add(-time.Hour)), folderAt(t, time.Now().Add(-time.Second))
		readings := 0
		ask := func(name string, fi fs.FileInfo, n int) (read bool) {
			t.Helper()
			before := readings
			entries, err := d.entries(t.Context(), name, fi, func() ([]entry, error) {
				readings++
				return make([]entry, n), nil
			})
			if err != nil || len(entries) != n {
				t.Errorf("%d entries, %v", len(entries), err)
			}
			return readings > before
		}
		for range 2 {
			if !ask("small", old, 3) {
				t.Error("a small folder was kept")
			}
			if !ask("fresh", fresh, 5000) {
				t.Error("a folder that may be changing was kept")
			}
		}
		if !ask("big", old, 5000) || ask("big", old, 5000) {
			t.Error("a big folder was not kept")
		}
		if !ask("other", old, 5000) || !ask("other", folderAt(t, time.Now().Add(-time.Minute)), 5000) {
			t.Error("another folder, or another time, was taken for the one that was kept")
		}
		ask("big", old, 5000)
		time.Sleep(goodFor + 1)
		if !ask("big", old, 5000) {
			t.Error("a reading was kept for too long")
		}
	})
}
