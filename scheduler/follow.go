package scheduler

import (
	"context"
	"slices"
	"time"

	"braid/segment"
)

// follow puts what comes after l, which is fulfilled, in l's place, for the same
// worker: the bytes right behind it, or, if skip is true, the first free ones
// further on. It returns nil if there are none, and l stays out: the caller
// settles it.
//
// As long as one answer is all that this job ever had, follow waits for what
// becomes of the other requests: if they are refused, it is the only one there
// will be. Who has had no answer for a moment gives the bytes up: the server may
// be one that answers one request after the other.
func (b *ledger) follow(ctx context.Context, l *lease, who bid, skip bool) *lease {
	for {
		b.mu.Lock()
		next := b.lendAfter(l, who, skip)
		only := b.answers < 2 && b.awaited(l)
		wait := moment
		if only && next == nil {
			wait = b.hurry(l.end)
		}
		changed := b.changed
		b.mu.Unlock()
		if next != nil || !only {
			return next
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return nil
		}
	}
}

// awaited says whether a request is out for bytes behind l. For those before it
// l's answer is of no use: the sooner it ends, the sooner a server that answers
// one request after the other turns to them.
func (b *ledger) awaited(l *lease) bool {
	return slices.ContainsFunc(b.out, func(o *lease) bool { return o != l && o.off >= l.end })
}

// moment is how long a request may be without an answer before bytes of it are
// taken over by the only answer there is.
const moment = 2 * time.Second

// hurry gives the request up that begins at off, if it has had its moment, and
// lets fewer be out from now on. It returns how long to wait for what becomes of it.
func (b *ledger) hurry(off int64) time.Duration {
	for _, l := range b.out {
		if l.off != off || l.answered || l.drop == nil {
			continue
		}
		if left := moment - time.Since(l.sent); left > 0 {
			return left
		}
		l.drop(errYielded)
		l.drop = nil
		b.crowd.lower(min(b.crowd.limit, b.pace, len(b.out))-1, time.Now())
	}
	return moment
}

func (b *ledger) lendAfter(l *lease, who bid, skip bool) *lease {
	at := slices.IndexFunc(b.free, func(r segment.Range) bool { return r.Off >= l.end })
	if at < 0 || b.free[at].Off != l.end && !skip {
		return nil
	}
	next := b.lendRun(at, who)
	next.lent, next.moved = segment.Range{Off: next.off, End: next.end}, time.Now()
	next.sent, next.answered, next.judged, next.drop = l.sent, l.answered, l.judged, l.drop
	b.out[slices.Index(b.out, l)] = next
	return next
}
