package scheduler

import (
	"cmp"
	"context"
	"slices"
	"time"

	"braid/segment"
)

// steer lets the pacer say, every tick, how many requests may be out; before is
// what it has said something about already.
func (j *Job) steer(ctx context.Context, before look) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			before = j.pace(before, now)
		}
	}
}

// pace asks the pacer, once.
func (j *Job) pace(before look, now time.Time) look {
	this := j.ledger.look(now)
	this.fetched = j.fetched.Load()
	if n := j.Pacer.Pace(this.since(before, j.Limiter != nil)); j.ledger.setPace(n, now) {
		j.tell(Event{Kind: EventPace, Count: n})
	}
	return this
}

// A look is what a pacer can learn from a job at one time.
type look struct {
	at      time.Time
	fetched int64 // bytes that have come
	refused int   // requests
	active  int   // requests that are being answered
	idle    bool
}

// look also begins to watch anew for those who are idle.
func (b *ledger) look(now time.Time) look {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := look{at: now, refused: b.refusals, idle: b.idle || b.full()}
	for _, o := range b.out {
		if o.answered {
			l.active++
		}
	}
	b.idle = false
	return l
}

// since is what has happened between two looks; limited says that the rate is
// our own choice.
func (l look) since(before look, limited bool) Sample {
	if before.at.IsZero() {
		return Sample{Idle: true}
	}
	d := l.at.Sub(before.at)
	return Sample{
		Elapsed: d,
		Rate:    float64(l.fetched-before.fetched) / max(d, time.Nanosecond).Seconds(),
		Active:  l.active,
		Refused: l.refused - before.refused,
		Idle:    l.idle || limited,
	}
}

// setPace lets n requests be out, and says whether that is new. If more are, the
// slowest end with the block that they are in, unless there may be no other
// answer.
func (b *ledger) setPace(n int, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	n = max(n, 1) // or nobody could go on
	if n == b.pace {
		return false
	}
	b.pace = n
	if many := len(b.out) - n; many > 0 && b.replaceable() {
		slowest := slices.SortedFunc(slices.Values(b.out), func(a, c *lease) int { return cmp.Compare(speed(a, now), speed(c, now)) })
		for _, l := range slowest[:many] {
			if end := b.up(l.claim); end < l.end {
				b.release(segment.Range{Off: end, End: l.end})
				l.end = end
			}
		}
	}
	b.wake()
	return true
}

// replaceable says whether the server has shown that it answers another request
// for the same bytes.
func (b *ledger) replaceable() bool {
	return b.answers >= 2 && !b.crowd.alone && b.crowd.most >= b.crowd.workers
}
