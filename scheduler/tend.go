package scheduler

import (
	"context"
	"time"
)

// tend does what is to be done every second until ctx ends: it makes a
// checkpoint, sooner when much has come, and sees to the connections.
func (j *Job) tend(ctx context.Context) error {
	for before := time.Now(); ; {
		timer := time.NewTimer(j.SaveEvery)
		more := j.ledger.due(ctx, timer.C)
		timer.Stop()
		if !more {
			return nil
		}
		now := time.Now()
		if slept(now.Round(0).Sub(before.Round(0)), now.Sub(before)) {
			j.ledger.dropAll()
		}
		before = now
		j.ledger.grow(now)
		j.ledger.laggards(now, j.Limiter != nil)
		if err := j.save(); err != nil {
			return err
		}
	}
}

// slept says whether the machine was suspended while so much time passed on the
// wall and so much on Go's own clock, which stands still meanwhile. No
// connection outlives that, and none says so. A clock that is set forward looks
// the same; that costs a few connections.
func slept(wall, own time.Duration) bool { return wall-own > 10*time.Second }

// save makes what is written durable. The snapshot is taken first: what is
// written meanwhile does not count.
func (j *Job) save() error {
	done, written := j.ledger.snapshot()
	if _, durable := j.ledger.count(); written == durable {
		return nil
	}
	if err := j.Sink.Save(done); err != nil {
		return sinkError(err)
	}
	j.ledger.saved(written)
	j.tell(Event{Kind: EventSave})
	return nil
}
