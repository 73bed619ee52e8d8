package scheduler

import (
	"time"

	"braid/segment"
)

// A Kind says what an Event is about.
type Kind string

// The kinds of events.
const (
	EventLease Kind = "lease" // a worker was lent Range
	EventSteal Kind = "steal" // a worker took Range from another's lease
	EventRetry Kind = "retry" // asking for Range failed with Err; Try asks again after Wait
	EventSave  Kind = "save"  // a checkpoint became durable
	EventPace  Kind = "pace"  // from now on Count requests may be out
)

// An Event is one of the few things worth telling as they happen. What can be
// asked at any time is in Stats.
type Event struct {
	Time   time.Time
	Kind   Kind
	Worker int // from 0
	Range  segment.Range
	Try    int           // of a retry: how many came before it without a byte, from 1
	Wait   time.Duration // of a retry: how long until it
	Err    error         // of a retry: why
	Count  int           // of a pace
}
