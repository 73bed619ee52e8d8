package scheduler

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// A Retry says how long to wait before asking again, and when to give up. A Job
// takes the zero Retry to mean DefaultRetry.
type Retry struct {
	Tries int           // give up after so many retries in a row that brought no byte; 0 means none at all
	Min   time.Duration // the first wait, before jitter
	Max   time.Duration // the longest wait, unless the server asks for more
}

// DefaultRetry is five tries, from half a second to half a minute apart.
var DefaultRetry = Retry{Tries: 5, Min: 500 * time.Millisecond, Max: 30 * time.Second}

// The bounds that a server's Retry-After is held to.
const (
	minAfter = time.Second
	maxAfter = 10 * time.Minute
)

// Wait is how long to wait before try number try, from 1: a random part of a
// doubling bound, so that workers that failed together do not come back
// together. A server's own Retry-After wins.
func (r Retry) Wait(try int, err error) time.Duration {
	var asked RetryAfter
	if errors.As(err, &asked) && asked.RetryAfter() > 0 {
		return min(max(asked.RetryAfter(), minAfter), maxAfter)
	}
	bound := r.Max
	if shift := try - 1; shift < 30 && r.Min < r.Max>>shift {
		bound = r.Min << shift
	}
	return bound/2 + rand.N(bound/2+1)
}

// do calls f until it succeeds, fails in a way that asking again cannot help,
// or has failed r.Tries times more. told is told before each wait, and says
// whether the failure counts; after maxAfter every one does.
func (r Retry) do(ctx context.Context, f func() error, told func(Event) (counts bool)) error {
	began := time.Now()
	for try, refused := 1, 0; ; {
		err := f()
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err == nil || try > r.Tries || IsPermanent(err) {
			return err
		}
		wait := r.Wait(try+refused, err)
		if told(Event{Time: time.Now(), Kind: EventRetry, Try: try, Wait: wait, Err: err}) || time.Since(began) > maxAfter {
			try++
		} else {
			refused++
		}
		if err := rest(ctx, wait, nil); err != nil {
			return err
		}
	}
}

// rest waits for d, or until enough is closed, or until ctx ends, whose cause
// it returns.
func rest(ctx context.Context, d time.Duration, enough <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	case <-enough:
		return nil
	}
}
