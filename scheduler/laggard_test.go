package scheduler

import (
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"braid/segment"
)

// A connection that trickles is replaced, again and again if need be, but ever
// more rarely (case 45).
func TestATrickleIsReplaced(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, _, dst := job(100*mib, 4, func(n int, r segment.Range) reply {
			if n == 2 {
				return reply{step: 1000, every: time.Second}
			}
			return steady(mib)
		})
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := dst.whole(); err != nil {
			t.Fatal(err)
		}
		// Alone, the block in its hand would take it 1048 s. The others need 33 s.
		if s := j.Stats(); s.Elapsed > 40*time.Second || s.Retries != 1 {
			t.Fatalf("%v, %d retries", s.Elapsed, s.Retries)
		}
	})
}

// The last one is compared with what was usual.
func TestATrickleAtTheEndIsReplaced(t *testing.T) {
	bubble(t, func(t *testing.T) {
		last := 0
		j, _, dst := job(64*mib, 2, nil)
		j.Source.(*script).answer = func(n int, r segment.Range) reply {
			if r.End == 64*mib && last < 2 {
				last++
				return reply{step: 1000, every: time.Second}
			}
			return steady(4 * mib)
		}
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := j.Stats(); s.Elapsed > time.Minute || dst.whole() != nil {
			t.Fatalf("%v, %v", s.Elapsed, dst.whole())
		}
	})
}

// One that says nothing while the others go on is replaced before it counts as
// stalled.
func TestSilenceIsNoticed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var noticed time.Duration
		j, _, dst := job(100*mib, 4, func(n int, r segment.Range) reply {
			a := steady(mib)
			if n == 2 {
				a.send, a.mute = 2*mib, true
			}
			return a
		})
		var mu sync.Mutex
		j.Events = func(e Event) {
			mu.Lock()
			defer mu.Unlock()
			if e.Kind == EventRetry {
				noticed = time.Since(j.started)
			}
		}
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if noticed < 5*time.Second || noticed > 10*time.Second || dst.whole() != nil {
			t.Fatalf("noticed after %v, %v", noticed, dst.whole())
		}
	})
}

// Answers that never bring a byte are failures, however often they are replaced.
func TestNothingAtAllEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, src, _ := job(64*mib, 4, func(n int, r segment.Range) reply {
			if n < 4 {
				return reply{send: mib, end: io.ErrUnexpectedEOF}
			}
			return reply{send: 1, every: time.Hour}
		})
		j.Stall = 10 * time.Minute
		j.Retry = Retry{Tries: 3, Min: time.Second, Max: time.Second}
		if err := j.Run(t.Context()); !errors.Is(err, ErrReplaced) || len(src.asked) > 4+4*5 {
			t.Fatalf("%v after %d requests", err, len(src.asked))
		}
	})
}

// A request that nobody answers is not waited for as long as for the first.
func TestNoAnswerIsNoticed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var noticed time.Duration
		j, _, dst := job(100*mib, 4, func(n int, r segment.Range) reply {
			if n == 5 {
				return reply{delay: time.Hour}
			}
			return steady(mib)
		})
		var lost time.Time
		var mu sync.Mutex
		j.Events = func(e Event) {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case e.Kind == EventRetry && errors.Is(e.Err, ErrReplaced):
				noticed = time.Since(lost)
			case e.Kind != EventSave:
				lost = time.Now()
			}
		}
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if noticed == 0 || noticed > 8*time.Second || dst.whole() != nil {
			t.Fatalf("noticed after %v, %v", noticed, dst.whole())
		}
	})
}

// All of them hardly moving may be better on new connections; with a limit it is
// our own doing.
func TestAllTrickle(t *testing.T) {
	for limited, want := range map[bool]int{false: 2, true: 0} {
		bubble(t, func(t *testing.T) {
			j, _, dst := job(4*mib, 2, func(n int, r segment.Range) reply {
				if n < 2 {
					return reply{step: 4000, every: time.Second}
				}
				return steady(mib)
			})
			if limited {
				j.Limiter = bucket{rate: 1 << 30, burst: 1 << 20}
			}
			if err := j.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if s := j.Stats(); s.Retries != want || dst.whole() != nil {
				t.Fatalf("limited %v: %d retries in %v, %v", limited, s.Retries, s.Elapsed, dst.whole())
			}
		})
	}
}

// All of them slow is nobody's fault.
func TestSlowTogetherIsNoLag(t *testing.T) {
	bubble(t, func(t *testing.T) {
		slow := time.Now().Add(10 * time.Second)
		j, _, _ := job(16*mib, 4, nil)
		j.Source.(*script).answer = func(int, segment.Range) reply {
			if time.Now().After(slow) {
				return reply{step: 6_000, every: 900 * time.Millisecond}
			}
			return reply{step: 100_000, every: time.Second, send: mib}
		}
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := j.Stats(); s.Retries > 4 {
			t.Fatalf("%d retries", s.Retries)
		}
	})
}

func TestSlept(t *testing.T) {
	for _, c := range []struct {
		wall, own time.Duration
		want      bool
	}{
		{time.Second, time.Second, false},
		{5 * time.Second, time.Second, false},  // a clock put right
		{-time.Hour, time.Second, false},       // or back
		{time.Minute, time.Minute, false},      // stopped, and continued
		{time.Minute, time.Second, true},       // suspended
		{9 * time.Hour, 2 * time.Second, true}, // over night
	} {
		if got := slept(c.wall, c.own); got != c.want {
			t.Errorf("%v on the wall, %v on ours: %v", c.wall, c.own, got)
		}
	}
}

// After the machine slept every connection is given up, and no failure counted.
func TestDropAll(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, src, dst := job(64*mib, 4, func(n int, r segment.Range) reply {
			if n < 4 {
				return reply{send: 100_000, mute: true}
			}
			return steady(4 * mib)
		})
		j.Retry = Retry{Tries: 1, Min: time.Second, Max: time.Second}
		j.Stall = time.Hour
		time.AfterFunc(5*time.Second, func() { j.ledger.dropAll() })
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := j.Stats(); s.Retries != 4 || dst.whole() != nil || len(src.asked) < 8 {
			t.Fatalf("%d retries, %v", s.Retries, dst.whole())
		}
	})
}
