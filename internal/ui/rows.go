package ui

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"braid/scheduler"
)

// mostRows is how many of several downloads have a row of their own at once.
const mostRows = 12

// several is what is drawn of several downloads: a row for all of them, which
// is the last and stays until Exit, and above it rows for those that take more
// than a moment. A small file has none, and costs nothing but its line.
type several struct {
	standing atomic.Pointer[standing]
	hush     hush
	shown    int    // rows of downloads; the console's lock guards it
	finish   func() // takes the last row away; nil if there is none
}

// Expect implements Reporter.
func (b *bars) Expect(downloads int) {
	b.console.Expect(downloads)
	sample := func() {
		s := b.total.sample()
		b.standing.Store(&s)
	}
	sample()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.draw()
	whole := b.place(math.MaxInt, func(s decor.Statistics) string {
		return b.standing.Load().row(s.AvailableWidth-1, b.ink)
	})
	stop := every(barEvery, sample)
	b.finish = func() {
		stop()
		b.mu.Lock()
		defer b.mu.Unlock()
		whole.Abort(true)
		b.rest()
	}
}

// Exit implements Reporter.
func (b *bars) Exit(x Exit) {
	if b.finish != nil {
		b.finish()
	}
	b.console.Exit(x)
}

// row is the row for all downloads: how many are there, and how fast it goes.
func (s *standing) row(width int, on ink) string {
	if width <= 0 {
		return ""
	}
	files := fmt.Sprintf("%d of %d", s.ended, s.downloads)
	fields := []field{
		{long: pad(files+" files", 2*len(fmt.Sprint(s.downloads))+len(" of  files")), short: files, rank: 0},
		{long: pad(Size(s.fetched), len("100.0 MiB")), rank: 3},
		{long: pad(speed(s.stats.Rate), len("100.0 MiB/s")), rank: 1},
	}
	if s.failed > 0 {
		fields = append(fields, field{long: fmt.Sprintf("%d failed", s.failed), rank: 2})
	}
	v := view{name: "total", ink: on}
	return v.lay(fields, width, int64(s.ended), int64(s.downloads), 0)
}

// A rowMember is a member that may get a row.
type rowMember struct {
	*member
	bars *bars
	view atomic.Pointer[view]
	row  *mpb.Bar // nil while it has none
}

func (b *bars) joined(url, output string) *rowMember {
	return &rowMember{member: b.join(label(output, url), true, &b.hush), bars: b}
}

func (m *rowMember) Watch(j *scheduler.Job) (stop func()) { return m.watch(j) }

func (m *rowMember) watch(j watched) (stop func()) {
	leave := m.total.watch(j)
	end := every(barEvery, func() {
		stats := j.Stats()
		m.show(view{stats: stats}, stats.Written, stats.Size, stats.Resumed)
	})
	return sync.OnceFunc(func() {
		end()
		leave()
		if m.row != nil {
			m.show(view{phase: "finishing"}, m.size, m.size, 0)
		}
	})
}

func (m *rowMember) Verify(algorithm string, total int64, done func() int64) (stop func()) {
	return every(barEvery, func() {
		m.show(view{phase: "verifying " + Safe(algorithm)}, done(), total, 0)
	})
}

// show draws v, if there is or can be a row for it.
func (m *rowMember) show(v view, current, total, before int64) {
	v.name, v.ink = m.name, m.ink
	m.view.Store(&v)
	b := m.bars
	if m.row == nil {
		b.mu.Lock()
		if b.shown < mostRows {
			b.shown++
			m.row = b.add(func(s decor.Statistics) string {
				return m.view.Load().row(s.AvailableWidth-1, s.Current, s.Total, s.Refill)
			})
		}
		b.mu.Unlock()
	}
	if m.row != nil {
		move(m.row, current, total, before)
	}
}

// End takes the row away.
func (m *rowMember) End(r Result) {
	if m.row != nil {
		m.row.Abort(true)
		m.bars.mu.Lock()
		m.bars.shown--
		m.bars.mu.Unlock()
	}
	m.member.End(r)
}
