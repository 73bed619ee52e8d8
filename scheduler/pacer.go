package scheduler

import "time"

// A Sample is what a Pacer learns at each tick.
type Sample struct {
	Elapsed time.Duration // since the sample before
	Rate    float64       // goodput meanwhile, in bytes a second; of bytes as they arrive, since writes come in lumps
	Active  int           // requests that are out and answered
	Refused int           // refusals meanwhile: 429, 503, no connection, a reset before the first byte

	// Idle says that the rate tells nothing about the count: workers were
	// without work, as at a file's end, or something on our side held them back.
	Idle bool
}

// A Pacer says how many requests should be out; less than one counts as one. It is asked at each tick, by
// one goroutine.
type Pacer interface{ Pace(Sample) int }

// tick is how often a Pacer is asked.
const tick = 250 * time.Millisecond

var _ Pacer = (*Climb)(nil)
