package scheduler

import (
	"errors"
	"slices"
	"testing"
	"time"

	"braid/segment"
)

var (
	errBusy   = Crowded(errors.New("503"))
	errDenied = Crowded(Permanent(errors.New("403")))
	errGone   = Permanent(errors.New("404"))
)

// full answers like a server that lets only so many in.
func full(j *Job, places int, err error) func(int, segment.Range) reply {
	return func(int, segment.Range) reply {
		if j.active.Load() > int64(places) {
			return reply{err: err}
		}
		return steady(mib)
	}
}

// A server that takes three at once is left with three, and hardly asked for
// more (cases 31 and 32).
func TestACrowdThins(t *testing.T) {
	for name, err := range map[string]error{"503": errBusy, "403": errDenied} {
		bubble(t, func(t *testing.T) {
			j, src, dst := job(48*mib, 12, nil)
			src.answer = full(j, 3, err)
			if err := j.Run(t.Context()); err != nil {
				t.Fatal(name, err)
			}
			if err := dst.whole(); err != nil {
				t.Fatal(name, err)
			}
			// 48 MiB by three, at a MiB a second each, with the lease ends.
			if s := j.Stats(); s.Elapsed > 30*time.Second || s.Retries > 24 {
				t.Fatalf("%s: it took %v and %d refusals", name, s.Elapsed, s.Retries)
			}
		})
	}
}

// What refuses large ranges is asked for small ones (case 26).
func TestASmallerRange(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, src, dst := job(32*mib, 2, func(_ int, r segment.Range) reply {
			if r.Len() > 3*mib {
				return reply{err: errDenied}
			}
			return steady(4 * mib)
		})
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := dst.whole(); err != nil {
			t.Fatal(err)
		}
		large := slices.IndexFunc(src.asked[6:], func(r segment.Range) bool { return r.Len() > 3*mib })
		if large >= 0 {
			t.Fatalf("after %v it asked for %v", src.asked[:6], src.asked[6+large])
		}
	})
}

// A refusal that is meant ends the job, after no more requests than it takes
// to be sure.
func TestADenialIsMeant(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, src, _ := job(256*mib, 8, func(int, segment.Range) reply { return reply{err: errDenied, delay: time.Second} })
		err := j.Run(t.Context())
		if !errors.Is(err, errDenied) {
			t.Fatal(err)
		}
		if n := len(src.asked); n > 8+6 {
			t.Fatalf("%d requests", n)
		}
	})
}

// The only answer there will be brings the whole file, whatever happens to the
// other requests (case 36).
func TestTheOnlyAnswerIsKept(t *testing.T) {
	for name, err := range map[string]error{"404": errGone, "403": errDenied} {
		bubble(t, func(t *testing.T) {
			j, src, dst := job(64*mib, 8, func(_ int, r segment.Range) reply {
				if r.Off > 0 {
					return reply{err: err, delay: 100 * time.Millisecond}
				}
				a := steady(4 * mib)
				a.reach = 64 * mib
				return a
			})
			if err := j.Run(t.Context()); err != nil {
				t.Fatal(name, err)
			}
			if err := dst.whole(); err != nil {
				t.Fatal(name, err)
			}
			if n := len(src.asked); n > 8 || j.Stats().Elapsed > 20*time.Second {
				t.Fatalf("%s: %d requests in %v: %v", name, n, j.Stats().Elapsed, src.asked)
			}
		})
	}
}

// It waits for the others to be refused, however fast it is itself.
func TestTheOnlyAnswerWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, src, dst := job(64*mib, 8, func(_ int, r segment.Range) reply {
			if r.Off > 0 {
				return reply{err: errGone, delay: 5 * time.Second}
			}
			return reply{reach: 64 * mib, every: time.Millisecond} // it has a rate
		})
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := len(src.asked); dst.whole() != nil || n > 8 {
			t.Fatalf("%d requests, %v", n, dst.whole())
		}
	})
}

// A server that answers one request after the other is no server with one
// answer: the requests that wait for it give up their bytes after a moment.
func TestOneRequestAfterTheOther(t *testing.T) {
	for name, pacer := range map[string]Pacer{"fixed": nil, "auto": &Climb{Max: 16}} {
		bubble(t, func(t *testing.T) {
			j, src, dst := job(32*mib, 4, nil)
			if pacer != nil {
				j.Workers, j.Pacer = 16, pacer
			}
			src.turns = make(chan struct{}, 1)
			src.answer = func(n int, r segment.Range) reply {
				a := steady(4 * mib)
				a.reach = 32 * mib
				return a
			}
			if err := j.Run(t.Context()); err != nil {
				t.Fatal(name, err)
			}
			if s := j.Stats(); s.Elapsed > 16*time.Second || dst.whole() != nil || len(src.asked) > 16 {
				t.Errorf("%s: it took %v and %d requests, %v", name, s.Elapsed, len(src.asked), dst.whole())
			}
		})
	}
}

// The only answer is not given up for being slow.
func TestTheOnlyAnswerMayBeSlow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, src, dst := job(2*mib, 4, func(_ int, r segment.Range) reply {
			if r.Off > 0 {
				return reply{err: errGone}
			}
			return reply{step: 4000, every: time.Second, reach: 2 * mib}
		})
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if dst.whole() != nil || len(src.asked) > 4 {
			t.Fatalf("%d requests, %v", len(src.asked), dst.whole())
		}
	})
}

// Nor is one that has to begin at the file's beginning.
func TestAStreamMayBeSlow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, src, dst := job(2*mib, 4, nil)
		j.Retry = Retry{Min: time.Second, Max: time.Second}
		src.answer = func(n int, r segment.Range) reply {
			if j.active.Load() > 1 {
				return reply{err: ErrSequential}
			}
			return reply{step: 4000, every: time.Second, reach: 2 * mib, far: true}
		}
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if dst.whole() != nil || len(src.asked) > 5 {
			t.Fatalf("%d requests, %v", len(src.asked), dst.whole())
		}
	})
}

// A source that has become sequential is asked by one, which reads on.
func TestOneAtATime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		done := segment.NewBitmap(64)
		for i := range 64 {
			if i%8 == 3 {
				done.Set(i)
			}
		}
		size := int64(64 * mib)
		j, src, dst := job(size, 4, nil)
		*dst = *newStrict(j.Grid, done)
		j.Done = done
		src.answer = func(n int, r segment.Range) reply {
			switch {
			case n == 0:
				return reply{send: 2 * mib, step: mib / 4, every: time.Second}
			case n < 4 || j.active.Load() > 1:
				return reply{err: ErrSequential}
			}
			a := steady(8 * mib)
			a.reach, a.far = size, true
			return a
		}
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := dst.whole(); err != nil {
			t.Fatal(err)
		}
		if n := len(src.asked); n > 5 {
			t.Fatalf("%d requests: %v", n, src.asked)
		}
	})
}

// Nobody asks while the server wants to be left alone (cases 33 and 34).
func TestEverybodyHolds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, src, _ := job(64*mib, 8, nil)
		var until time.Time
		refusals := 0
		src.answer = func(n int, r segment.Range) reply {
			if told := until.Add(-20 * time.Second); time.Now().After(told) && time.Now().Before(until) {
				t.Errorf("request %d comes %v early", n, time.Until(until))
			}
			if n%9 == 8 {
				refusals++
				until = time.Now().Add(20 * time.Second)
				return reply{err: Crowded(busy{20 * time.Second})}
			}
			return steady(4 * mib)
		}
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if refusals == 0 {
			t.Fatal("nobody was refused")
		}
	})
}

func TestCrowd(t *testing.T) {
	now := time.Now()
	c := newCrowd(8)
	busy := refusal{crowded: true, sent: now, asked: segment.Range{End: 8 * mib}}
	step := func(what string, r refusal, after time.Duration, less bool, limit int) {
		t.Helper()
		now = now.Add(after)
		if got := c.refused(r, now); got != less || c.limit != limit {
			t.Fatalf("%s: %v and %d, want %v and %d", what, got, c.limit, less, limit)
		}
	}
	step("the first refusal halves", busy, time.Second, true, 4)
	step("those of the same moment do not", busy, 0, true, 4)
	busy.sent = now.Add(time.Second)
	busy.served = 3
	step("what is served is kept", busy, 2*time.Second, true, 3)
	busy.sent = now.Add(time.Second)
	step("but for one, if it is refused all the same", busy, 2*time.Second, true, 2)
	busy.sent, busy.served = now.Add(time.Second), 0
	step("down to one", busy, 2*time.Second, true, 1)
	busy.sent = now.Add(time.Second)
	step("that is the end of it", busy, 2*time.Second, false, 1)

	now = c.cut
	for _, wait := range []time.Duration{c.calm, c.calm, c.calm} {
		if c.grow(now.Add(wait - time.Nanosecond)) {
			t.Fatal("it grows too early")
		}
		now = now.Add(wait)
		if !c.grow(now) {
			t.Fatal("it does not grow")
		}
	}
	if c.limit != 4 || c.calm <= calm {
		t.Fatalf("limit %d, calm %v", c.limit, c.calm)
	}
	c.single()
	alone := refusal{final: true, crowded: true, asked: segment.Range{End: 8 * mib}}
	if !c.refused(alone, now) || c.reach != 4*mib {
		t.Fatalf("a large range is refused: it reaches for %d", c.reach)
	}
	if c.grow(now.Add(time.Hour)) || c.limit != 1 {
		t.Fatal("it grows though it is sequential")
	}
	c = newCrowd(8)
	if c.refused(refusal{final: true, others: 2}, now); c.grow(now.Add(time.Hour)) || c.limit != 2 {
		t.Fatal("it asks for more than what was denied")
	}
	if c.refused(alone, now); !c.grow(now.Add(time.Hour)) || c.limit != 2 {
		t.Fatal("it does not grow though the size was to blame")
	}
}
