package scheduler

import (
	"context"
	"errors"
	"time"

	"braid/segment"
)

// An attempt is one request, and how it ended.
type attempt struct {
	worker int
	asked  segment.Range
	sent   time.Time
	got    int64 // bytes written
	err    error
}

// yield is how long a worker whose connection was replaced lets those go first
// who have nothing to do: theirs are new, and judged soon.
const yield = 50 * time.Millisecond

// patience counts one worker's failures in a row, waits between them and says
// when to give up. A worker whose requests fail while others get bytes does
// not end the job: the server may only want fewer connections.
type patience struct {
	job   *Job
	tries int   // failures in a row
	less  int   // refusals in a row that asking for less may avoid; they are no failures
	seen  int64 // what the job had fetched at the last of them
	told  bool  // that the source is sequential, once
}

// after is called after every request. It returns nil when the worker should go
// on, after any wait.
func (p *patience) after(ctx context.Context, a attempt) error {
	if a.err == nil || a.got > 0 {
		p.tries, p.less = 0, 0
	}
	switch {
	case a.err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(a.err, ErrSink), errors.Is(a.err, ErrChanged), errors.Is(a.err, ErrNoRanges):
		return a.err
	case errors.Is(a.err, ErrSequential) && !p.job.Plain && !p.told:
		p.told = true
		p.job.single.Store(true)
		p.job.ledger.single()
		return nil
	case errors.Is(a.err, errYielded), errors.Is(a.err, errRelieved), errors.Is(a.err, ErrReplaced) && (a.got > 0 || p.fails()):
		p.tell(a, yield)
		return rest(ctx, yield, p.job.whole())
	}
	try := 0
	switch {
	case p.lessens(a):
		p.less++
		try = p.less
	case IsPermanent(a.err) && !p.streams(a.err):
		return a.err
	case IsPermanent(a.err):
		return nil
	case !p.fails():
		return a.err
	default:
		try = p.tries
	}
	wait := p.job.Retry.Wait(try, a.err)
	if isCrowded(a.err) && asksToWait(a.err) {
		p.job.Host.set(wait)
	}
	p.tell(a, wait)
	return rest(ctx, wait, p.job.whole())
}

// lessens lowers what is asked of the server, if that may be why it refused.
func (p *patience) lessens(a attempt) bool {
	r := refusal{asked: a.asked, sent: a.sent, crowded: isCrowded(a.err), final: IsPermanent(a.err)}
	return !p.job.Plain && a.got == 0 && (r.crowded || r.final) && p.job.ledger.refused(r, time.Now())
}

// streams makes do without ranges, if the source can, and once.
func (p *patience) streams(refused error) bool {
	s, ok := p.job.Source.(Streamer)
	if !ok || p.job.Plain || !s.Stream(refused) || p.job.single.Swap(true) {
		return false
	}
	p.job.ledger.single()
	return true
}

// fails counts a failure and says whether there is another try.
func (p *patience) fails() bool {
	fetched := p.job.fetched.Load()
	if p.tries < p.job.Retry.Tries {
		p.tries++
	} else if p.job.Plain || p.tries == 0 || fetched == p.seen {
		return false
	}
	p.seen = fetched
	return true
}

func (p *patience) tell(a attempt, wait time.Duration) {
	p.job.retries.Add(1)
	p.job.tell(Event{Kind: EventRetry, Worker: a.worker, Range: a.asked, Try: max(p.tries, p.less, 1), Wait: wait, Err: a.err})
}

func asksToWait(err error) bool {
	var asked RetryAfter
	return errors.As(err, &asked) && asked.RetryAfter() > 0
}
