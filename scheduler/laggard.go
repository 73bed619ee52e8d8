package scheduler

import (
	"slices"
	"time"

	"braid/segment"
)

// A connection that brings a tenth of what the others bring is given up for a
// new one. It is watched for ten seconds first, and twice as long each time
// that a new one was no better.
const (
	lagging = 10
	leash   = 10 * time.Second

	maxLeash = 5 * time.Minute
	forget   = 0.97 // of what was usual a second ago
)

// began says that l's answer has begun. drop gives it up; nobody calls it
// before leash is over.
func (b *ledger) began(l *lease, now time.Time, leash time.Duration, drop func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l.judged, l.drop = now.Add(leash), drop
}

// laggards, called once a second, gives up the answers that are far slower than
// the usual one. The
// bytes that they would still bring must be worth a new connection.
func (b *ledger) laggards(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var rates []float64
	for _, l := range b.out {
		if l.drop != nil && l.rate > 0 {
			rates = append(rates, pace(l, now))
		}
	}
	b.usual *= forget // or the last ones, if they are all slow, would be the measure
	if len(rates) > 1 {
		slices.Sort(rates)
		b.usual = max(b.usual, rates[len(rates)/2])
	}
	for _, l := range b.out {
		writing := l.claim > l.off
		rate := pace(l, now)
		if l.drop == nil || writing || now.Before(l.judged) || rate*lagging >= b.usual {
			continue
		}
		if float64(l.end-l.claim) > rate*leash.Seconds()/2 {
			l.drop()
			l.drop = nil
		}
	}
}

// dropAll gives up every answer: none of the connections is what it was.
func (b *ledger) dropAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.out {
		if l.drop != nil {
			l.drop()
			l.drop = nil
		}
	}
}

// follow takes l back, which is fulfilled, and lends what comes after it to the
// same worker: the bytes right behind it, or, if skip is true, the first free
// ones further on. It returns nil if there are none.
func (b *ledger) follow(l *lease, who bid, skip bool, now time.Time) *lease {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := slices.IndexFunc(b.free, func(r segment.Range) bool { return r.Off >= l.end })
	if at < 0 || b.free[at].Off != l.end && !skip {
		return nil
	}
	next := b.lendRun(at, who)
	next.lent, next.moved, next.judged, next.drop = segment.Range{Off: next.off, End: next.end}, now, l.judged, l.drop
	b.out[slices.Index(b.out, l)] = next
	return next
}
