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
// will be.
func (b *ledger) follow(ctx context.Context, l *lease, who bid, skip bool) *lease {
	for {
		b.mu.Lock()
		next := b.lendAfter(l, who, skip)
		only := b.answers < 2 && len(b.out) > 1
		changed := b.changed
		b.mu.Unlock()
		if next != nil || !only {
			return next
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

func (b *ledger) lendAfter(l *lease, who bid, skip bool) *lease {
	at := slices.IndexFunc(b.free, func(r segment.Range) bool { return r.Off >= l.end })
	if at < 0 || b.free[at].Off != l.end && !skip {
		return nil
	}
	next := b.lendRun(at, who)
	next.lent, next.moved = segment.Range{Off: next.off, End: next.end}, time.Now()
	next.judged, next.drop = l.judged, l.drop
	b.out[slices.Index(b.out, l)] = next
	return next
}
