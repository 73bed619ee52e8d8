package scheduler

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"braid/segment"
)

// several runs jobs of size bytes each, all at one host, and fails t if one is
// not whole.
func several(t *testing.T, n int, size int64, h *Host, src *script, workers int) {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			dst := newStrict(cut(size), nil)
			j := &Job{Source: src, Sink: dst, Grid: dst.grid, Workers: workers, Host: h, Entered: true}
			if err := h.Enter(t.Context()); err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(j.Run(t.Context()), dst.whole()); err != nil {
				t.Errorf("job %d: %v", i, err)
			}
		})
	}
	all.Wait()
	if h.out != 0 || h.served != 0 {
		t.Errorf("at the end %d places are taken, %d of them are being served", h.out, h.served)
	}
}

func TestJobsShareABudget(t *testing.T) {
	for _, places := range []int{1, 3, 8} {
		bubble(t, func(t *testing.T) {
			src := &script{size: 8 * mib, answer: func(int, segment.Range) reply { return steady(4 * mib) }}
			several(t, 6, 8*mib, &Host{Budget: NewBudget(places)}, src, 4)
			if src.most > places {
				t.Errorf("%d requests at once, and the budget is %d", src.most, places)
			}
			if places > 1 && src.most < places {
				t.Errorf("only %d requests at once of %d", src.most, places)
			}
		})
	}
}

// A job with many requests out lets the next one have its first.
func TestTheFirstRequestGoesFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := &Host{Budget: NewBudget(4)}
		j, src, _ := job(64*mib, 8, func(int, segment.Range) reply { return steady(mib) })
		j.Host = h
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { j.Run(ctx) })
		time.Sleep(time.Second)
		src.mu.Lock()
		most := src.most
		src.mu.Unlock()
		if most != 4 {
			t.Errorf("%d requests at once", most)
		}
		began := time.Now()
		if err := h.Enter(t.Context()); err != nil {
			t.Error(err)
		}
		if waited := time.Since(began); waited > 10*time.Second {
			t.Errorf("waited %v", waited)
		}
		stop()
		running.Wait()
		h.Leave()
		if h.out != 0 || h.Budget.left != 4 {
			t.Errorf("%d places taken, %d left", h.out, h.Budget.left)
		}
	})
}

// Small files that are refused because there are too many of them at once are
// asked for again, a few at a time, and none fails for it.
func TestAHostIsCrowdedByManyJobs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := new(Host)
		src := &script{size: mib / 2}
		refused := 0
		src.answer = func(int, segment.Range) reply {
			if src.out > 3 {
				refused++
				return reply{err: Crowded(errors.New("503"))}
			}
			return steady(mib / 2)
		}
		several(t, 24, mib/2, h, src, 1)
		if h.limit == 0 || refused > 60 {
			t.Errorf("the limit is %d after %d refusals", h.limit, refused)
		}
	})
}

func TestAHostLearns(t *testing.T) {
	h := new(Host)
	now := time.Now()
	enter := func() bool { return h.try(false, now) == nil }
	for range 8 {
		if !enter() {
			t.Fatal("no place, and no limit either")
		}
	}
	h.serves(3)
	sent := now
	now = now.Add(time.Second)
	h.Leave()
	if !h.refused(sent, now) || h.limit != 4 {
		t.Fatalf("after 7 of 8 the limit is %d", h.limit)
	}
	h.Leave()
	if !h.refused(sent, now) || h.limit != 4 {
		t.Fatalf("two of one moment are counted twice: %d", h.limit)
	}
	for range 6 {
		h.Leave()
	}
	if h.refused(now.Add(time.Second), now.Add(time.Second)) {
		t.Error("it was the only one, so fewer would not help")
	}
	for range 4 {
		if !enter() {
			t.Fatal("below the limit there is no place")
		}
	}
	if enter() {
		t.Error("a place beyond the limit")
	}
	if now = now.Add(calm); !enter() || h.limit != 5 {
		t.Errorf("after a calm the limit is %d", h.limit)
	}
	h.serves(-3)
}

func TestAMoveToAnotherHost(t *testing.T) {
	budget := NewBudget(2)
	a, b := &Host{Budget: budget}, &Host{Budget: budget}
	if err := a.Enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.Move(b)
	b.Move(b)
	if a.out != 0 || b.out != 1 || budget.left != 1 {
		t.Errorf("%d and %d places taken, %d left", a.out, b.out, budget.left)
	}
	b.Leave()
	if b.out != 0 || budget.left != 2 {
		t.Errorf("%d taken, %d left", b.out, budget.left)
	}
}

// Asking is as patient as a job: while somebody else is there, a crowd is no
// failure.
func TestAskIsPatient(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := new(Host)
		h.out = 1 // somebody else is there
		times, told := 0, 0
		err := h.Ask(t.Context(), Retry{Tries: 1, Min: time.Second, Max: time.Second}, func() error {
			if times++; times < 6 {
				return Crowded(fmt.Errorf("no %d", times))
			}
			return nil
		}, func(Event) { told++ })
		if err != nil || times != 6 || told != 5 || h.out != 2 {
			t.Errorf("%v after %d, %d told, %d out", err, times, told, h.out)
		}
	})
}

// A Retry-After that one is told of is for everybody, and alone there is no crowd
// to blame.
func TestARetryAfterIsForEverybody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := new(Host)
		times := 0
		err := h.Ask(t.Context(), Retry{Tries: 1}, func() error {
			times++
			return Crowded(busy{30 * time.Second})
		}, func(Event) {
			if left := h.left(); left != 30*time.Second {
				t.Errorf("others wait for %v", left)
			}
		})
		if !isCrowded(err) || times != 2 || h.out != 0 {
			t.Errorf("%v after %d; a failed request keeps no place, but %d are out", err, times, h.out)
		}
	})
}

// An answer that is open already is read, whatever the host has asked for since.
func TestAnOpenAnswerDoesNotWait(t *testing.T) {
	for _, plain := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			h := new(Host)
			if err := h.Enter(t.Context()); err != nil {
				t.Fatal(err)
			}
			h.set(10 * time.Minute)
			j, src, dst := job(mib, 4, func(int, segment.Range) reply { return steady(mib) })
			j.Host, j.Entered, j.Plain, dst.plain = h, true, plain, plain
			if err := j.Run(t.Context()); err != nil || j.Stats().Elapsed > 5*time.Second || len(src.asked) != 1 {
				t.Errorf("%v after %v, %d requests", err, j.Stats().Elapsed, len(src.asked))
			}
		})
	}
}
