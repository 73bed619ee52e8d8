package cli

import (
	"math"

	"golang.org/x/time/rate"

	"braid/scheduler"
)

// limiter is the limit that all downloads of the run share. Its bursts are a
// twentieth of a second: a slow rate is steady too, and what a fast one misses
// while everybody waits for the disk is made up for.
func (o *getOptions) limiter() scheduler.Limiter {
	if o.Limit == 0 {
		return nil
	}
	burst := min(max(o.Limit/20, 1), math.MaxInt32)
	return rate.NewLimiter(rate.Limit(o.Limit), int(burst))
}
