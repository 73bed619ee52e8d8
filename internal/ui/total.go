package ui

import (
	"fmt"
	"math"
	"sync"
	"time"

	"braid/scheduler"
)

// A total is how a run of several downloads stands. The speed that it tells is
// that of the last seconds.
type total struct {
	downloads int
	started   time.Time

	mu      sync.Mutex
	begun   int
	ended   int
	failed  int
	fetched int64            // by jobs that are no longer watched
	running map[watched]bool // those that are
	at      time.Time        // when sample was called last
	seen    int64            // what had been fetched by then
	rate    float64          // bytes a second
}

func newTotal(downloads int) *total {
	now := time.Now()
	return &total{downloads: downloads, started: now, at: now, running: map[watched]bool{}}
}

func (t *total) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun++
}

func (t *total) end(r Result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended++
	if r.Err != nil {
		t.failed++
	}
}

// watch counts what j fetches.
func (t *total) watch(j watched) (stop func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running[j] = true
	return sync.OnceFunc(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.running, j)
		t.fetched += j.Stats().Fetched
	})
}

// A standing is a total at one moment.
type standing struct {
	downloads, underWay, ended, failed int
	fetched                            int64
	stats                              scheduler.Stats // Rate and Active are those of all together
}

// settling is how long the speed takes to follow.
const settling = 3 * time.Second

// sample says how it stands.
func (t *total) sample() standing {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := standing{downloads: t.downloads, underWay: t.begun - t.ended, ended: t.ended, failed: t.failed, fetched: t.fetched}
	for j := range t.running {
		stats := j.Stats()
		s.fetched += stats.Fetched
		s.stats.Active += stats.Active
	}
	now := time.Now()
	if past := now.Sub(t.at); past > 0 {
		weight := 1 - math.Exp(-past.Seconds()/settling.Seconds())
		t.rate += weight * (float64(s.fetched-t.seen)/past.Seconds() - t.rate)
		t.at, t.seen = now, s.fetched
	}
	s.stats.Rate = t.rate
	return s
}

// line is how it stands, in one line.
func (t *total) line() string {
	s := t.sample()
	line := fmt.Sprintf("%d of %s, %s at %s, %d under way", s.ended, count(s.downloads, "file"), Size(s.fetched), speed(s.stats.Rate), s.underWay)
	if s.failed > 0 {
		line += fmt.Sprintf(", %d failed", s.failed)
	}
	return line
}

// sum is what the whole run has done.
func (t *total) sum() string {
	s, took := t.sample(), time.Since(t.started)
	sum := fmt.Sprintf("%s in %s", Size(s.fetched), span(took))
	if took > 0 {
		sum += " (" + speed(float64(s.fetched)/took.Seconds()) + ")"
	}
	return sum
}
