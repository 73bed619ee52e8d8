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
}

// ask opens r at the source. The caller closes the answer, and uses the context
// that comes with it for all that belongs to this request.
func (j *Job) ask(ctx context.Context, r segment.Range) (context.Context, *answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	a := &answer{job: j, cancel: cancel, asked: r}
	a.watch = time.AfterFunc(j.Stall, func() { cancel(stalled(j.Stall)) })
	j.active.Add(1)
	start := time.Now()
	body, err := j.Source.Open(ctx, r)
	if err != nil {
		err = a.wrap(ctx, err)
		a.close()
		return nil, nil, err
	}
	a.body, a.rtt = body, time.Since(start)
	return ctx, a, nil
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
func (a *answer) fill(ctx context.Context, p []byte) (n int, err error) {
	limit := a.job.Limiter
	for start := time.Now(); n < len(p) && err == nil; {
		want := p[n:]
		if limit != nil {
			want = want[:min(len(want), limit.Burst())]
		}
		var m int
		m, err = a.body.Read(want)
		n += m
		a.job.fetched.Add(int64(m))
		if m > 0 {
			a.watch.Reset(a.job.Stall)
		}
		if m > 0 && limit != nil {
			a.watch.Stop()
			if err := limit.WaitN(ctx, m); err != nil {
				return n, err
			}
			a.watch.Reset(a.job.Stall)
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
