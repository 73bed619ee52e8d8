package scheduler

import "time"

type Sample struct {
	Now     time.Time
	Rate    float64
	Active  int
	Idle    bool
	Refused int
}
type Pacer interface{ Pace(Sample) int }
