package ui

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"braid/scheduler"
	"braid/segment"
)

// tellMany plays three downloads to r: a small one, one that takes a while and
// is troubled, and one that fails.
func tellMany(r Reporter, while func(when string)) {
	r.Expect(3)
	begin := func(id int) Transfer {
		return r.Begin(id, fmt.Sprintf("https://a.example/%d.iso", id), fmt.Sprintf("out/%d.iso", id))
	}
	watch := func(t Transfer, j watched) (stop func()) {
		switch t := t.(type) {
		case *rowMember:
			return t.watch(j)
		case *member:
			return t.total.watch(j)
		case *eventTransfer:
			return t.watch(j)
		}
		return t.Watch(nil)
	}
	small, big, bad := begin(1), begin(2), begin(3)
	for i, t := range []Transfer{small, big, bad} {
		t.Probe(segment.Identity{Size: 40 * mib}, true, "HTTP/1.1", 0)
		r.Note(fmt.Sprintf("out/%d.iso.part: nothing is flushed", i+1))
		r.Warn(fmt.Sprintf("%d.iso: no ranges", i+1))
	}
	r.Warn("the certificate is not checked")
	one, _ := halfway()
	watch(small, one)()
	small.End(Result{Output: "out/1.iso", Bytes: 100, Wire: 100, Elapsed: 50 * time.Millisecond})
	two, _ := halfway()
	stop := watch(big, two)
	reset := scheduler.Event{Try: 1, Wait: 812 * time.Millisecond, Err: errors.New("connection reset")}
	big.Retry(reset)
	bad.Retry(reset)
	time.Sleep(12 * time.Second)
	while("under way")
	two.set(func(s *scheduler.Stats) { s.Written, s.Fetched, s.Active = 40*mib, 40*mib, 0 })
	stop()
	while("written")
	stop = big.Verify("sha256", 40*mib, func() int64 { return 10 * mib })
	time.Sleep(time.Second)
	while("read back")
	stop()
	big.End(Result{Output: "out/2.iso", Bytes: 40 * mib, Wire: 40 * mib, Elapsed: 13 * time.Second, Verified: "sha256:9f86"})
	bad.End(Result{Output: "out/3.iso", Err: errors.New("not found"), Code: 8, Kind: "http"})
	while("two ended")
	r.Exit(Exit{Code: 12, OK: 2, Failed: 1})
	while("all over")
}

func TestManyInLines(t *testing.T) {
	for name, o := range map[string]Options{
		"many-lines.txt":       {},
		"many-no-progress.txt": {NoProgress: true},
		"many-quiet.txt":       {Quiet: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out, err bytes.Buffer
				o.Out, o.Err = &out, &err
				tellMany(For(o), func(string) {})
				golden(t, name, "-- stdout\n"+out.String()+"-- stderr\n"+err.String())
			})
		})
	}
}

// Events are of one download each; one that takes a moment has no progress.
func TestManyInEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out, err bytes.Buffer
		tellMany(For(Options{JSON: true, Out: &out, Err: &err}), func(string) {})
		checkSchema(t, out.String())
		for id, want := range map[int]int{1: 0, 2: 25, 3: 0} {
			if got := strings.Count(out.String(), fmt.Sprintf(`"type":"progress","id":%d,`, id)); got != want {
				t.Errorf("%d events of the progress of %d, want %d", got, id, want)
			}
		}
		if got := strings.Count(out.String(), `"type":"warning"`); got != 4 {
			t.Errorf("%d warnings, want 4: programs get all", got)
		}
		if got := strings.Count(err.String(), "no ranges"); got != 2 {
			t.Errorf("%d warnings about ranges, want 2: people get the first, and how many there are", got)
		}
	})
}

func TestManyOnAScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err stream
		var frames strings.Builder
		b := barsOn(&err, 100)
		tellMany(b, func(when string) {
			time.Sleep(300 * time.Millisecond)
			synctest.Wait()
			fmt.Fprintf(&frames, "-- %s\n%s", when, screen(t, 100, err.String()))
		})
		golden(t, "many-bars.txt", frames.String())
	})
}

// A file that takes a moment has no row, and of those that take longer only
// some have, however many there are.
func TestRowsAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err stream
		b := barsOn(&err, 100)
		const files = 3 * mostRows
		b.Expect(files)
		j, _ := halfway()
		var all []*rowMember
		var stops []func()
		for i := range files {
			m := b.Begin(i+1, "https://a.example/f", fmt.Sprintf("f%d", i)).(*rowMember)
			all, stops = append(all, m), append(stops, m.watch(&job{stats: j.stats}))
		}
		shown := func() int {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.shown
		}
		time.Sleep(barEvery / 2)
		if n := shown(); n != 0 {
			t.Errorf("%d rows at once", n)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := strings.Count(screen(t, 100, err.String()), "\n"); got != mostRows+1 {
			t.Errorf("%d rows, want %d and the total's", got, mostRows)
		}
		for i, m := range all {
			stops[i]()
			m.End(Result{Output: m.name})
		}
		b.Exit(Exit{OK: files})
		if n := shown(); n != 0 || b.p != nil {
			t.Errorf("%d rows are left", n)
		}
	})
}

// Ten thousand files that end within a moment cost a line each, and no more.
func TestTenThousandFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const files = 10_000
		var err stream
		r := For(Options{Out: io.Discard, Err: &err})
		r.Expect(files)
		for i := range files {
			m := r.Begin(i+1, "https://a.example/f", "f")
			r.Note("f.part: nothing is flushed")
			m.Retry(scheduler.Event{Try: 1, Err: io.ErrUnexpectedEOF})
			m.End(Result{Output: "f", Bytes: 1})
		}
		r.Exit(Exit{OK: files})
		if got := strings.Count(err.String(), "\n"); got != files+4 {
			t.Errorf("%d lines for %d files, want 4 more: the note twice, what is asked for again, and the summary", got, files)
		}
	})
}
