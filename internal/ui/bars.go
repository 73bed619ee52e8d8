package ui

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"braid/scheduler"
	"braid/segment"
)

// barEvery is how often a job is asked for its picture.
const barEvery = 100 * time.Millisecond

// home goes to the left edge and clears the line. What people type is echoed
// where the cursor stands, ^C for one, and mpb goes up from there, but not back.
const home = "\r\x1b[K"

// bars draws on a terminal: per download a row for the whole, and below it one
// that shows the file's blocks arrive.
//
// mpb moves the cursor, knows the terminal's width and puts lines above the
// rows; what stands in a row is written by view. No row ever completes by its
// count, so none disappears while the last bytes are made durable; End takes
// them away.
type bars struct {
	*console
	extra []mpb.ContainerOption // for tests

	// Guarded by the console's lock:
	p    *mpb.Progress // nil while nothing is drawn
	open int           // downloads between Begin and End
	rows int           // ever made; newer ones stand lower

	several // of several downloads
}

// Begin implements Reporter.
func (b *bars) Begin(_ int, url, output string) Transfer {
	if b.total != nil {
		return b.joined(url, output)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.p == nil {
		b.draw()
	}
	b.open++
	t := &barTransfer{bars: b, name: label(output, url)}
	t.set(func(v *view) { v.name, v.phase, v.ink = t.name, "asking "+host(url)+"…", b.ink })
	t.whole = b.add(func(s decor.Statistics) string {
		return t.view.Load().row(s.AvailableWidth-1, s.Current, s.Total, s.Refill)
	})
	return t
}

// draw begins to draw; the lock is held. mpb gets a context of its own: under
// the download's an interrupt would stop the drawing before the last picture.
func (b *bars) draw() {
	options := append([]mpb.ContainerOption{mpb.WithOutput(b.o.Err)}, b.extra...)
	b.p = mpb.NewWithContext(context.Background(), options...)
	b.above = b.p
}

// rest ends the drawing, once all rows have been taken away; the lock is held.
func (b *bars) rest() {
	b.p.Wait()
	b.p, b.above = nil, nil
}

// add makes a row below all that there are; the lock is held.
func (b *bars) add(row func(decor.Statistics) string) *mpb.Bar {
	b.rows++
	return b.place(b.rows, row)
}

// place makes a row that stands below those of lower places. One column stays free, since some
// terminals begin a new line as soon as the last is written.
func (b *bars) place(at int, row func(decor.Statistics) string) *mpb.Bar {
	fill := mpb.BarFillerFunc(func(w io.Writer, s decor.Statistics) error {
		_, err := io.WriteString(w, home+row(s))
		return err
	})
	bar, err := b.p.Add(0, fill, mpb.BarFillerTrim(), mpb.BarPriority(at))
	if err != nil { // the terminal went away, and mpb with it: draw for nobody
		b.p, b.above = mpb.NewWithContext(context.Background(), mpb.WithOutput(io.Discard)), nil
		bar, _ = b.p.Add(0, fill)
	}
	return bar
}

// A barTransfer is one download's two rows. A single goroutine at a time
// changes the view; mpb's reads it.
type barTransfer struct {
	*bars
	name  string
	size  int64
	view  atomic.Pointer[view]
	whole *mpb.Bar
	cells *mpb.Bar // nil until Watch
	hush  hush
}

// set changes a copy of the view, so that the one being drawn stays as it is.
func (t *barTransfer) set(change func(*view)) {
	var v view
	if old := t.view.Load(); old != nil {
		v = *old
	}
	change(&v)
	t.view.Store(&v)
}

func (t *barTransfer) count(current, total, before int64) { move(t.whole, current, total, before) }

// move moves a bar. Zero bytes of zero is how mpb says "unknown".
func move(bar *mpb.Bar, current, total, before int64) {
	bar.SetTotal(max(total, 0), false)
	bar.SetCurrent(current)
	bar.SetRefill(before)
}

func (t *barTransfer) Probe(id segment.Identity, _ bool, _ string, resumed int64) {
	t.size = id.Size
	t.set(func(v *view) { v.phase = "starting" })
	t.count(resumed, id.Size, resumed)
}

func (t *barTransfer) Watch(j *scheduler.Job) (stop func()) { return t.watch(j, j.Grid) }

func (t *barTransfer) watch(j watched, g segment.Grid) (stop func()) {
	t.set(func(v *view) { v.phase, v.grid = "", g })
	sample := func() {
		stats := j.Stats()
		done, lent := j.Blocks()
		t.set(func(v *view) { v.stats, v.done, v.lent = stats, done, lent })
		t.count(stats.Written, stats.Size, stats.Resumed)
	}
	sample()
	if t.view.Load().mapped() {
		t.mu.Lock()
		t.cells = t.add(func(s decor.Statistics) string { return t.view.Load().cells(s.AvailableWidth - 1) })
		t.mu.Unlock()
	}
	end := every(barEvery, sample)
	return sync.OnceFunc(func() {
		end()
		sample()
		t.set(func(v *view) { v.phase, v.lent = "finishing", nil })
	})
}

func (t *barTransfer) Retry(e scheduler.Event) {
	if s := t.hush.line(t.o, t.name, e); s != "" {
		t.line(s)
	}
}

func (t *barTransfer) Verify(algorithm string, total int64, done func() int64) (stop func()) {
	t.set(func(v *view) { v.phase = "verifying " + Safe(algorithm) })
	sample := func() { t.count(done(), total, 0) }
	sample()
	end := every(barEvery, sample)
	return sync.OnceFunc(func() {
		end()
		sample()
		t.set(func(v *view) { v.phase = "finishing" })
	})
}

// End takes the rows away and prints how it went. The last line a container is
// given could get lost when it ends, so it ends first.
func (t *barTransfer) End(r Result) {
	t.mu.Lock()
	t.whole.Abort(true)
	if t.cells != nil {
		t.cells.Abort(true)
	}
	if t.open--; t.open == 0 {
		t.rest()
	}
	if r.Err != nil {
		t.print(t.failure(t.name, t.size, r))
	} else {
		t.print(resultLine(t.name, r))
	}
	t.mu.Unlock()
	t.path(r)
}
