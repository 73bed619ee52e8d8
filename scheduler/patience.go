package scheduler

import (
	"context"

	"braid/segment"
)

// patience counts one worker's failures in a row, waits between them and says
// when to give up. A worker whose requests fail while others get bytes does
// not end the job: the server may only want fewer connections.
type patience struct {
	job   *Job
	tries int
	seen  int64 // what the job had fetched at the last of them
}

// after is called after every request, with what it wrote and how it ended. It
// returns nil when the worker should go on, after any wait.
func (p *patience) after(ctx context.Context, worker int, r segment.Range, got int64, err error) error {
	if err == nil {
		p.tries = 0
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if IsPermanent(err) {
		return err
	}
	if got > 0 {
		p.tries = 0
	}
	fetched := p.job.fetched.Load()
	if p.tries < p.job.Retry.Tries {
		p.tries++
	} else if p.job.Plain || p.tries == 0 || fetched == p.seen {
		return err
	}
	p.seen = fetched
	wait := p.job.Retry.Wait(p.tries, err)
	p.job.retries.Add(1)
	p.job.tell(Event{Kind: EventRetry, Worker: worker, Range: r, Try: p.tries, Wait: wait, Err: err})
	return rest(ctx, wait, p.job.whole())
}
