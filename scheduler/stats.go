package scheduler

import (
	"sync"
	"time"
)

// Stats is how a job stands. Sizes are bytes.
type Stats struct {
	Size    int64   // of the file; -1 if unknown
	Durable int64   // would survive a crash now; what "done" means to anyone who asks
	Written int64   // in the file, durable or not
	Resumed int64   // were there before the job began
	Fetched int64   // came over the network since
	Rate    float64 // bytes a second, over the last few seconds
	Active  int     // requests under way
	Retries int     // requests that had to be asked again
	Steals  int     // leases shortened to make another
	Elapsed time.Duration
}

// ETA is how long the rest will take at the present rate, or a negative
// duration if that cannot be told.
func (s Stats) ETA() time.Duration {
	if s.Size < 0 || s.Rate <= 0 {
		return -1
	}
	return time.Duration(float64(s.Size-s.Written) / s.Rate * float64(time.Second))
}

// A meter is a rate in bytes a second, smoothed over about half a second. The
// zero meter knows no rate yet.
type meter struct{ rate float64 }

const meterTime = 500 * time.Millisecond

// add counts n bytes that took d to come.
func (m *meter) add(n int64, d time.Duration) {
	if d <= 0 {
		return
	}
	now := float64(n) / d.Seconds()
	if m.rate == 0 {
		m.rate = now
		return
	}
	weight := d.Seconds() / (d.Seconds() + meterTime.Seconds())
	m.rate += weight * (now - m.rate)
}

// A speedometer turns a growing count into a rate over the last few seconds.
// It looks only when asked; several may ask at once.
type speedometer struct {
	mu      sync.Mutex
	samples []sample
}

type sample struct {
	at    time.Time
	count int64
}

const speedWindow = 5 * time.Second

func (s *speedometer) read(now time.Time, count int64) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.samples) > 1 && now.Sub(s.samples[1].at) >= speedWindow {
		s.samples = s.samples[1:]
	}
	first := sample{now, count}
	if len(s.samples) > 0 {
		first = s.samples[0]
	}
	if n := len(s.samples); n == 0 || now.Sub(s.samples[n-1].at) >= speedWindow/50 {
		s.samples = append(s.samples, sample{now, count})
	}
	if !now.After(first.at) {
		return 0
	}
	return float64(count-first.count) / now.Sub(first.at).Seconds()
}
