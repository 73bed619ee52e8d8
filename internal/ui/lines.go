package ui

import (
	"fmt"
	"time"

	"braid/scheduler"
	"braid/segment"
)

// lineEvery is how often a log gets a line about a transfer.
const lineEvery = 10 * time.Second

// lines tells a log, or whatever reads a pipe: a line when a download begins,
// one every ten seconds, one when it ends. No escapes, nothing redrawn.
//
// Of several downloads there is a line when one ends, and one every ten seconds
// about all of them.
type lines struct {
	*console
	terse bool   // only how it ends
	hush  hush   // of several downloads
	stop  func() // ends what Expect began; nil if there is nothing
}

// Expect implements Reporter.
func (l *lines) Expect(downloads int) {
	l.console.Expect(downloads)
	if !l.terse {
		l.stop = every(lineEvery, func() { l.line(l.total.line()) })
	}
}

// Exit implements Reporter.
func (l *lines) Exit(x Exit) {
	if l.stop != nil {
		l.stop()
	}
	l.console.Exit(x)
}

// Begin implements Reporter.
func (l *lines) Begin(_ int, url, output string) Transfer {
	if l.total != nil {
		return l.join(label(output, url), !l.terse, &l.hush)
	}
	t := &lineTransfer{lines: l, name: label(output, url)}
	t.progress("%s: fetching %s", t.name, l.o.text(url))
	return t
}

type lineTransfer struct {
	*lines
	name string
	size int64
	hush hush
}

// progress prints a line that those who want no progress do not want.
func (t *lineTransfer) progress(format string, args ...any) {
	if !t.terse {
		t.line(fmt.Sprintf(format, args...))
	}
}

func (t *lineTransfer) Probe(id segment.Identity, _ bool, _ string, resumed int64) {
	t.size = id.Size
	if resumed > 0 {
		t.progress("%s: going on at %s, %s of %s are here", t.name, percent(resumed, id.Size), Size(resumed), Size(id.Size))
	}
}

func (t *lineTransfer) Watch(j *scheduler.Job) (stop func()) { return t.watch(j) }

func (t *lineTransfer) watch(j watched) (stop func()) {
	return every(lineEvery, func() { t.progress("%s", progressLine(t.name, j.Stats())) })
}

func (t *lineTransfer) Retry(e scheduler.Event) {
	if s := t.hush.line(t.o, t.name, e); s != "" {
		t.progress("%s", s)
	}
}

func (t *lineTransfer) Verify(algorithm string, total int64, done func() int64) (stop func()) {
	return every(lineEvery, func() {
		t.progress("%s: verifying %s, %s", t.name, Safe(algorithm), percent(done(), total))
	})
}

func (t *lineTransfer) End(r Result) {
	if r.Err != nil {
		t.line(t.failure(t.name, t.size, r))
		return
	}
	t.line(resultLine(t.name, r))
	t.path(r)
}

// watched is what a reporter asks a *scheduler.Job.
type watched interface {
	Stats() scheduler.Stats
	Blocks() (done *segment.Bitmap, lent []segment.Range)
}
