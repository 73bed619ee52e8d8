package scheduler

import (
	"time"

	"braid/segment"
)

// A crowd is how much at once a job is granted, as far as the server has shown:
// how many requests, and how large a range. What all jobs together may have at
// one host is its Host. It is lowered when the server
// refuses, and raised again when it has been calm for a while, as TCP does with
// its window. The ledger's mutex guards it.
type crowd struct {
	workers int           // what the job would like
	most    int           // what it may come back to
	limit   int           // requests at once now, from 1
	reach   int64         // the longest range to ask for
	cut     time.Time     // when limit was last lowered or raised
	calm    time.Duration // how long after that it is raised by one
	alone   bool          // only one may ever be out
}

const (
	minReach = 1 << 20          // a block of most files: what refuses that refuses everything
	calm     = 10 * time.Second // one more request in that time is a burden to nobody
	maxCalm  = 10 * time.Minute // as long as a Retry-After may be
)

func newCrowd(workers int) crowd {
	return crowd{workers: workers, most: workers, limit: workers, reach: maxLease, calm: calm}
}

// A refusal is a request that the server did not answer with bytes.
type refusal struct {
	asked   segment.Range
	sent    time.Time
	crowded bool // it may have been too much at once
	final   bool // waiting does not help
	others  int  // requests that are out besides it
	served  int  // and those of them that are being answered
}

// refused lowers what is asked of the server and says whether that could have
// made a difference: if not, the refusal is meant.
//
// A final refusal stands only if no other request is out. As long as there is
// one, its answer may be the only one that will ever be had, as with links that
// work once; so nobody is to disturb it any more.
func (c *crowd) refused(r refusal, now time.Time) bool {
	switch {
	case r.final && r.others > 0:
		c.limit = min(c.limit, r.others)
		c.most = c.limit
		return true
	case r.final && r.crowded && r.asked.Len() > minReach:
		// It was alone: then it was too large.
		c.reach = max(r.asked.Len()/2, minReach)
		c.most = c.workers
		c.lower(1, now)
		return true
	case r.final || !r.crowded:
		return false
	case !c.cut.IsZero() && !r.sent.After(c.cut):
		return true // many are refused at once, and counted as one
	case c.limit == 1:
		return false
	}
	c.lower(min(max(c.limit/2, r.served), c.limit-1), now)
	return true
}

func (c *crowd) lower(limit int, now time.Time) {
	c.limit = max(limit, 1)
	if !c.cut.IsZero() {
		c.calm = min(2*c.calm, maxCalm)
	}
	c.cut = now
}

// grow raises the limit by one if the server has been calm for long enough.
func (c *crowd) grow(now time.Time) bool {
	if c.limit >= c.most || now.Sub(c.cut) < c.calm {
		return false
	}
	c.limit, c.cut = c.limit+1, now
	return true
}

// single lets one request at a time be out, for good.
func (c *crowd) single() { c.workers, c.most, c.limit, c.alone = 1, 1, 1, true }

// refused lowers what is asked of the server, after l's request was refused and
// l was settled, and says whether that could have made a difference.
func (b *ledger) refused(r refusal, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	r.others = len(b.out)
	for _, l := range b.out {
		if l.answered {
			r.served++
		}
	}
	if r.crowded {
		b.refusals++
	}
	// Both are to know: others may ask the same host.
	shared := r.crowded && !r.final && b.host.refused(r.sent, now)
	return b.crowd.refused(r, now) || shared
}

// single lets one request at a time be out from now on.
func (b *ledger) single() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.crowd.single()
}

// grow lets one more request be out, if the server has been calm.
func (b *ledger) grow(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.crowd.grow(now) {
		b.wake()
	}
}

// reach cuts r to what may be asked for in one request.
func (b *ledger) reach(r segment.Range) segment.Range {
	b.mu.Lock()
	defer b.mu.Unlock()
	r.End = min(r.End, r.Off+b.crowd.reach)
	return r
}
