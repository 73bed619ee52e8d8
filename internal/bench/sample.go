package bench

import (
	"context"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A Live is how a run stands, for whoever watches.
type Live struct {
	Step, Steps   int // from 1
	Round, Rounds int // from 1
	Connections   int
	Warming       bool
	Elapsed       time.Duration // of this round, of what counts
	Bounds        Bounds        // of this round
	Count         Count         // of this round
	Rate, Speed   float64       // requests and bytes a second, over the last second
	P50, P99, Max int64         // of latency in microseconds, over the last second; 0 if nothing was answered
	Rates         []float64     // requests a second, of each second of the step so far
}

const (
	tick  = 250 * time.Millisecond // how often those who watch are told
	ticks = 4                      // of these make a Second
)

// A sampler looks at a recorder as time passes. It is the only one to do so.
type sampler struct {
	round   *round
	live    Live
	watch   func(Live)
	seconds []Second

	offset time.Duration // of the round's beginning, since the step's
	now    Second        // that is being filled
	filled int           // how many ticks it has
	from   time.Time
	hist   *hdrhistogram.Histogram
	ring   []Count     // of the last ticks
	times  []time.Time // when these were

	begun   time.Time     // when the processor time was read first
	before  time.Duration // and what it was
	spent   time.Duration // since then
	spentIn float64       // and in how many seconds
}

func (s *sampler) run(ctx context.Context) {
	s.hist = newHistogram()
	s.from = s.round.measure
	s.ring, s.times = []Count{{}}, []time.Time{s.round.begin}
	if s.round.load.Warmup == 0 {
		s.meter(s.from)
	}
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			s.look(true)
			return
		case <-t.C:
			s.look(false)
		}
	}
}

// look takes what came since the last time. The last look closes the second that
// is being filled.
func (s *sampler) look(last bool) {
	now := time.Now()
	c := s.round.record.take(s.hist)
	s.live.Count.join(c)
	s.live.Warming = now.Before(s.round.measure)
	s.live.Elapsed = max(0, now.Sub(s.round.measure))
	s.ring, s.times = append(s.ring, c), append(s.times, now)
	if len(s.ring) > ticks+1 {
		s.ring, s.times = s.ring[1:], s.times[1:]
	}
	s.rates()
	if !s.live.Warming {
		s.meter(now)
		s.fill(c, now, last)
	}
	if s.watch != nil {
		s.watch(s.live)
	}
}

// meter reads how much of the processors this process has used.
func (s *sampler) meter(now time.Time) {
	used, ok := cpuTime()
	switch {
	case !ok:
	case s.begun.IsZero():
		s.begun, s.before = now, used
	default:
		s.spent, s.spentIn = used-s.before, now.Sub(s.begun).Seconds()
	}
}

func (s *sampler) rates() {
	var sum Count
	for _, c := range s.ring[1:] {
		sum.join(c)
	}
	s.live.Rate, s.live.Speed = 0, 0
	if n := len(s.times) - 1; n > 0 {
		seconds := s.times[n].Sub(s.times[0]).Seconds()
		s.live.Rate, s.live.Speed = float64(sum.Requests)/seconds, float64(sum.Bytes)/seconds
	}
	q := quantilesOf(s.hist)
	if s.hist.TotalCount() > 0 || s.filled > 0 { // else the second has only begun
		s.live.P50, s.live.P99, s.live.Max = q.P50, q.P99, q.Max
	}
}

func (s *sampler) fill(c Count, now time.Time, last bool) {
	s.now.Done += c.Requests
	s.now.Bytes += c.Bytes
	s.now.Failed += c.Failed
	s.filled++
	if s.filled < ticks && !last {
		return
	}
	s.now.Length = now.Sub(s.from).Seconds()
	if n := len(s.seconds); last && n > 0 && s.now.Length < tick.Seconds() { // too short to have a rate
		end := &s.seconds[n-1]
		end.Done += s.now.Done
		end.Bytes += s.now.Bytes
		end.Failed += s.now.Failed
		end.Length += s.now.Length
		end.At += s.now.Length
		return
	}
	if last && s.now.Done+s.now.Failed == 0 || s.now.Length <= 0 {
		return
	}
	s.now.At = (s.offset + now.Sub(s.round.measure)).Seconds()
	s.now.P50, s.now.P99 = s.hist.ValueAtQuantile(50), s.hist.ValueAtQuantile(99)
	s.now.Round = s.live.Round
	s.seconds = append(s.seconds, s.now)
	s.live.Rates = append(s.live.Rates, float64(s.now.Done)/s.now.Length)
	s.now, s.filled, s.from = Second{}, 0, now
	s.hist.Reset()
}
