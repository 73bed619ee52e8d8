package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Load says how many requests there are, and when.
type Load struct {
	Connections int           // workers, each of which has one connection and one request out at most
	Rate        float64       // requests a second in an open loop; 0 closes it: the next follows the last
	Think       time.Duration // how long a worker of a closed loop waits between the two

	Warmup   time.Duration // load before what is measured
	Cooldown time.Duration // load after it, so that its last requests meet as many others as its first
}

const (
	// giveUp is how long a server may answer nothing right before a run ends.
	giveUp = 5 * time.Second
	// lag is how long, in an open loop, requests that were due in time are still
	// sent when the time is over.
	lag = time.Second
)

// A GoneError says that a server stopped answering, and how it did.
type GoneError struct{ Last error }

func (e *GoneError) Error() string {
	return fmt.Sprintf("no right answer for %v: %v", giveUp, e.Last)
}

func (e *GoneError) Unwrap() error { return e.Last }

// A gun sends one request after the other, for one worker.
type gun interface {
	// shoot sends the next request. What is due earlier than now counts from then.
	shoot(ctx context.Context, due time.Time) shot
	// aim says how many bytes the next request will ask for.
	aim() int64
	close()
}

// A round is one stretch of load. It is used once.
type round struct {
	load    Load
	left    left
	begin   time.Time // of the load
	measure time.Time // when what counts begins

	record *recorder
	beside atomic.Int64 // requests of warming up and cooling down that were answered right
	spill  atomic.Int64 // and their bytes
	ticket atomic.Int64 // of an open loop: the next request
	over   atomic.Int64 // when the bounds were reached, as time since begin; 0 before
	good   atomic.Int64 // when the last right answer came, likewise
}

func newRound(l Load, b Bounds, now time.Time) *round {
	r := &round{load: l, begin: now, measure: now.Add(l.Warmup), record: newRecorder(l.Connections)}
	r.left.bounds = b
	if b.Duration > 0 {
		r.left.until = r.measure.Add(b.Duration)
	}
	return r
}

// run fires all guns until the bounds are reached, and waits for the last
// answers. It ends early if ctx does, which it ends itself if the server seems
// gone.
func (r *round) run(ctx context.Context, cancel context.CancelCauseFunc, guns []gun) error {
	var workers sync.WaitGroup
	for i, g := range guns {
		workers.Go(func() { r.work(ctx, cancel, i, g) })
	}
	workers.Wait()
	return context.Cause(ctx)
}

// A phase is a part of a round.
type phase int

const (
	warming phase = iota
	measuring
	cooling
	ended
)

// phase says to which part of the round a request belongs that is due at a time.
func (r *round) phase(due time.Time) phase {
	if due.Before(r.measure) {
		return warming
	}
	if r.over.Load() == 0 {
		if r.left.take(due) {
			return measuring
		}
		r.over.CompareAndSwap(0, max(1, int64(due.Sub(r.begin))))
	}
	if due.Sub(r.begin) < time.Duration(r.over.Load())+r.load.Cooldown {
		return cooling
	}
	return ended
}

func (r *round) work(ctx context.Context, cancel context.CancelCauseFunc, i int, g gun) {
	var failing struct {
		since time.Time
		times int
	}
	for ctx.Err() == nil {
		due, ok := r.next(ctx)
		if !ok {
			return
		}
		part := r.phase(due)
		if part == ended {
			return
		}
		if part == measuring {
			if late := r.left.until; r.load.Rate > 0 && !late.IsZero() && time.Since(late) > lag {
				r.record.unsent(i)
				continue
			}
			r.left.bytes.Add(g.aim())
		}
		s := g.shoot(ctx, due)
		if s.err != nil && ctx.Err() != nil {
			return // it was cut off, which is nobody's failure
		}
		switch {
		case part == measuring:
			r.record.add(i, s)
		case s.err == nil:
			r.beside.Add(1)
			r.spill.Add(s.bytes)
		}
		if s.err == nil {
			failing.times = 0
			if now := int64(s.done.Sub(r.begin)); now-r.good.Load() > int64(giveUp/10) {
				r.good.Store(now)
			}
			r.pause(ctx, r.load.Think)
			continue
		}
		if failing.times++; failing.times == 1 {
			failing.since = s.due
		}
		quiet := s.done.Sub(r.begin) - time.Duration(r.good.Load())
		if quiet > giveUp && s.done.Sub(failing.since) > giveUp && failing.times > 1 {
			cancel(&GoneError{s.err})
			return
		}
		if s.first.IsZero() && r.load.Rate == 0 { // asking at once would only find out the same
			r.pause(ctx, min(10*time.Millisecond<<min(failing.times-1, 6), 500*time.Millisecond))
		}
		r.pause(ctx, r.load.Think)
	}
}

// next waits until the next request is due, and says since when it was.
func (r *round) next(ctx context.Context) (due time.Time, ok bool) {
	now := time.Now()
	if r.load.Rate == 0 {
		return now, true
	}
	n := r.ticket.Add(1) - 1
	due = r.begin.Add(time.Duration(float64(n) / r.load.Rate * float64(time.Second)))
	if wait := due.Sub(now); wait > 0 && !r.pause(ctx, wait) {
		return due, false
	}
	return due, true
}

// pause waits, unless ctx ends.
func (r *round) pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// seconds is how long what counts took, from its beginning to its last answer.
func (r *round) seconds(last time.Time) float64 {
	if !last.After(r.measure) {
		return 0
	}
	return last.Sub(r.measure).Seconds()
}

// gone says whether err is that of a server that stopped answering.
func gone(err error) bool {
	_, ok := errors.AsType[*GoneError](err)
	return ok
}
