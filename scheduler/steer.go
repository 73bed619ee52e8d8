package scheduler

import (
	"cmp"
	"context"
	"slices"
	"time"

	"braid/segment"
)

// steer lets the pacer say, every tick, how many requests may be out.
func (j *Job) steer(ctx context.Context) {
	if j.Pacer == nil {
		return
	}
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	var before look
	for now := time.Now(); ; {
		this := j.ledger.look(now)
		sample := Sample{Now: now, Active: this.active, Idle: this.idle || j.Limiter != nil, Refused: this.refused - before.refused}
		if d := now.Sub(before.at); !before.at.IsZero() && d > 0 {
			sample.Rate = float64(this.written-before.written) / d.Seconds()
		}
		before = this
		if n := j.Pacer.Pace(sample); j.ledger.setPace(n, now) {
			j.tell(Event{Kind: EventPace, Count: n})
		}
		select {
		case <-ctx.Done():
			return
		case now = <-ticker.C:
		}
	}
}

// tick is how often the pacer is asked.
const tick = 500 * time.Millisecond

// A look is what a pacer can learn from a ledger.
type look struct {
	at      time.Time
	written int64
	active  int
	refused int
	idle    bool
}

// look also begins to watch anew for those who are idle.
func (b *ledger) look(now time.Time) look {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := look{at: now, written: b.written, refused: b.refusals, idle: b.idle}
	for _, o := range b.out {
		if o.answered {
			l.active++
		}
	}
	b.idle = false
	return l
}

// setPace lets n requests be out, and says whether that is new. If more are, the
// slowest end with the block that they are in, unless there may be no other
// answer.
func (b *ledger) setPace(n int, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n == b.pace {
		return false
	}
	b.pace = n
	if many := len(b.out) - n; many > 0 && b.replaceable() {
		slowest := slices.SortedFunc(slices.Values(b.out), func(a, c *lease) int { return cmp.Compare(pace(a, now), pace(c, now)) })
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
