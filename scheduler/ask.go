package scheduler

import (
	"context"
	"io"
	"time"

	"braid/segment"
)

// An answer is one request's body, watched: it is given up when it brings
// nothing for as long as the job allows.
type answer struct {
	job    *Job
	cancel context.CancelCauseFunc
	watch  *time.Timer
	body   io.ReadCloser
	asked  segment.Range
	rtt    time.Duration // from asking to the head of the answer
	got    int64         // bytes written of it
	whole  bool          // all of the last lease is
}

// ask opens r, the beginning of l, at the source; l is nil in a plain job. The
// caller closes the answer, and uses the context that comes with it for all that
// belongs to this request.
func (j *Job) ask(ctx context.Context, l *lease, r segment.Range) (context.Context, *answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	a := &answer{job: j, cancel: cancel, asked: r}
	first := 2 * j.Stall
	a.watch = time.AfterFunc(first, func() { cancel(stalled(first)) })
	j.active.Add(1)
	start := time.Now()
	if l != nil {
		j.ledger.asked(l, start, a.drop)
	}
	body, err := j.Source.Open(ctx, r)
	if a.watch.Stop() {
		a.watch = time.AfterFunc(j.Stall, func() { cancel(stalled(j.Stall)) })
	}
	if err != nil {
		err = a.wrap(ctx, err)
		a.close()
		return nil, nil, err
	}
	a.body, a.rtt = body, time.Since(start)
	return ctx, a, nil
}

// drop gives the answer up, for a reason: ErrReplaced, errYielded or errRelieved.
func (a *answer) drop(why error) { a.cancel(why) }

// follow goes on with r, if the answer holds it.
func (a *answer) follow(r segment.Range) bool {
	c, ok := a.body.(Continuer)
	if ok && c.Continue(r) {
		a.asked = r
		a.watch.Reset(a.job.Stall)
		return true
	}
	return false
}

func (a *answer) close() {
	a.watch.Stop()
	if a.body != nil {
		a.body.Close()
	}
	a.cancel(nil)
	a.job.active.Add(-1)
}

// fill reads until p is full, the body ends, or something has been held for as
// long as linger allows.
func (a *answer) fill(ctx context.Context, p []byte, allowed *allowance) (n int, err error) {
	limit := a.job.Limiter
	for start := time.Now(); n < len(p) && err == nil; {
		want := p[n:]
		if limit != nil {
			a.watch.Stop() // it is us who are slow
			may, err := allowed.wait(ctx, limit, len(want))
			if err != nil {
				return n, err
			}
			want = want[:may]
			a.watch.Reset(a.job.Stall)
		}
		var m int
		m, err = a.body.Read(want)
		n += m
		a.job.fetched.Add(int64(m))
		if limit != nil {
			allowed.use(m)
		}
		if err == nil {
			a.watch.Reset(a.job.Stall) // also when it skips what nobody wants
		}
		if n > 0 && time.Since(start) >= linger {
			break
		}
	}
	return n, err
}

// wrap says which bytes err kept back, and calls a stall by its name.
func (a *answer) wrap(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return &RangeError{Range: a.asked, Err: err}
}
