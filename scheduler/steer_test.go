package scheduler

import (
	"sync/atomic"
	"testing"
	"time"

	"braid/segment"
)

// An always is a pacer that says the same.
type always int

func (f always) Pace(Sample) int { return int(f) }

// A list is a pacer that says one count after the other.
type list struct {
	counts []int
	seen   []Sample
}

func (l *list) Pace(s Sample) int {
	l.seen = append(l.seen, s)
	return l.counts[min(len(l.seen), len(l.counts))-1]
}

func TestThePacerIsObeyed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		counts := &list{counts: []int{2, 2, 2, 2, 8, 8, 8, 8, 8, 8, 3}} // a quarter of a second each
		j, _, dst := job(96*mib, 8, func(int, segment.Range) reply {
			return reply{delay: 20 * time.Millisecond, step: 64 << 10, every: time.Second / 64} // 4 MiB/s
		})
		j.Pacer = counts
		var paces atomic.Int64
		j.Events = func(e Event) {
			if e.Kind == EventPace {
				paces.Add(1)
			}
		}
		done := make(chan error, 1)
		go func() { done <- j.Run(t.Context()) }()
		for _, c := range []struct {
			at     time.Duration
			active int
		}{{900 * time.Millisecond, 2}, {1500 * time.Millisecond, 8}, {4 * time.Second, 3}} {
			time.Sleep(c.at - j.Stats().Elapsed)
			if n := j.Stats().Active; n != c.active {
				t.Errorf("after %v there are %d requests, want %d", c.at, n, c.active)
			}
		}
		if err := <-done; err != nil || dst.whole() != nil {
			t.Fatal(err, dst.whole())
		}
		if paces.Load() != 3 {
			t.Errorf("told of %d changes, want 3", paces.Load())
		}
		s := counts.seen[3] // of two requests, under way
		if want := 2. * 4 * mib; s.Elapsed != tick || s.Active != 2 || s.Rate < 0.9*want || s.Rate > 1.1*want {
			t.Errorf("sample %+v", s)
		}
	})
}

// The default controller finds what a link bears, in a job.
func TestAClimbFindsTheCount(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const size = 1 << 30
		src := &script{size: size, answer: func(int, segment.Range) reply {
			return reply{delay: 50 * time.Millisecond, step: 64 << 10, every: time.Second / 128, blank: true} // 8 MiB/s
		}}
		climb := &Climb{Max: 16}
		j := &Job{Source: src, Sink: drain{}, Grid: cut(size), Workers: 16, Pacer: climb}
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		ideal := size / (16. * 8 * mib)
		if got := j.Stats().Elapsed.Seconds() / ideal; got > 1.2 {
			t.Errorf("%.2f of the ideal; %s", got, climb.Why())
		}
	})
}

// The prefix never counts a byte that is not written.
func TestThePrefixIsWritten(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, _, dst := job(16*mib, 4, func(n int, _ segment.Range) reply {
			return reply{delay: time.Duration(n%3) * 100 * time.Millisecond, step: 64 << 10, every: time.Second / 32}
		})
		j.Pacer = always(4)
		j.Sink = &hooked{dst, func() {
			prefix := j.Prefix()
			dst.mu.Lock()
			defer dst.mu.Unlock()
			for off := range prefix {
				if dst.times[off] == 0 {
					t.Fatalf("byte %d is called written, of %d", off, prefix)
				}
			}
		}}
		if err := j.Run(t.Context()); err != nil || j.Prefix() != 16*mib {
			t.Fatal(err, j.Prefix())
		}
	})
}

// A hooked sink calls before each write.
type hooked struct {
	*strict
	before func()
}

func (h *hooked) WriteAt(p []byte, off int64) (int, error) {
	h.before()
	return h.strict.WriteAt(p, off)
}

// A pacer that says nothing at all does not end the job.
func TestAPacerMayBeWrong(t *testing.T) {
	for _, n := range []int{0, -5, 1 << 40} {
		bubble(t, func(t *testing.T) {
			j, _, dst := job(16*mib, 4, func(int, segment.Range) reply { return steady(4 * mib) })
			j.Pacer = always(n)
			if err := j.Run(t.Context()); err != nil || dst.whole() != nil {
				t.Fatal(n, err, dst.whole())
			}
		})
	}
}
