package bench

import (
	"sync/atomic"
	"time"
)

// Bounds end a run: by whichever comes first. Zero is no bound.
type Bounds struct {
	Duration time.Duration
	Requests int64
	Bytes    int64 // the request that goes beyond it is the last
}

// share is that of round i of n, from 0: all shares together make b, unless it has
// less than one request or byte for each.
func (b Bounds) share(i, n int) Bounds {
	share := func(all int64) int64 {
		part := all / int64(n)
		if int64(i) < all%int64(n) {
			part++
		}
		return max(part, min(all, 1))
	}
	return Bounds{Duration: b.Duration / time.Duration(n), Requests: share(b.Requests), Bytes: share(b.Bytes)}
}

// left is what is left of the bounds of a round, for many workers at once.
type left struct {
	until    time.Time // zero for no end
	bounds   Bounds
	requests atomic.Int64 // that were begun
	bytes    atomic.Int64 // that were asked for
}

// take says whether a request that is due at a time is within the bounds, and
// counts it if so.
func (l *left) take(due time.Time) bool {
	if !l.until.IsZero() && !due.Before(l.until) {
		return false
	}
	if l.bounds.Bytes > 0 && l.bytes.Load() >= l.bounds.Bytes {
		return false
	}
	return l.bounds.Requests <= 0 || l.requests.Add(1) <= l.bounds.Requests
}
