package scheduler

import (
	"math"
	"slices"
	"time"
)

// A connection that brings a tenth of what the others bring is given up for a
// new one. It is left alone for five seconds first, and twice as long each time
// that this worker's was replaced.
const (
	lagging = 10
	leash   = 5 * time.Second

	maxLeash = 5 * time.Minute
	least    = 50 << 10 // bytes a second that are usual even if nobody gets them: a modem has a tenth of that
	forget   = 0.97     // of what was usual a second ago
)

// asked says that l's request is out, and how it can be given up.
func (b *ledger) asked(l *lease, now time.Time, drop func(why error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l.sent, l.drop = now, drop
}

// began says that l's answer has begun. It is not judged before unjudged is
// over.
func (b *ledger) began(l *lease, now time.Time, unjudged time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l.judged, l.answered = now.Add(unjudged), true
	b.rtt = max(b.rtt, now.Sub(l.sent))
	b.answers++
	b.host.serves(1)
	b.wake()
}

// remember keeps how fast the last answers were.
func (b *ledger) remember(rate float64) {
	if rate > 0 {
		b.speeds[b.answers%len(b.speeds)] = rate
	}
}

// laggards gives up the answers that are far slower than the usual one, or than
// a modem if they are all alike; unless limited, when it is our own doing. The
// bytes that they would still bring must be worth a new connection. It gives up
// requests, too, that have waited for an answer ten times longer than any other.
func (b *ledger) laggards(now time.Time, limited bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.weighed.IsZero() {
		b.usual *= math.Pow(forget, now.Sub(b.weighed).Seconds())
	}
	b.weighed = now
	b.usual = max(b.usual, b.median(now)) // or the last ones, all of them slow, would be the measure
	if !b.replaceable() {
		return // there may be no other answer, or none that begins in the middle
	}
	usual := b.usual
	if !limited {
		usual = max(usual, least)
	}
	for _, l := range b.out {
		if !l.answered && l.drop != nil && now.Sub(l.sent) > leash+lagging*b.rtt {
			l.drop(ErrReplaced) // everybody else was answered long ago
			l.drop = nil
		}
		rate := speed(l, now)
		if !l.answered || l.drop == nil || l.busy() || now.Before(l.judged) || rate*lagging >= usual {
			continue
		}
		if float64(l.end-l.claim) > rate*leash.Seconds()/2 { // a new one takes about so long to get going
			l.drop(ErrReplaced)
			l.drop = nil
		}
	}
}

// median is the rate in the middle of those that the answers have, and the last
// ones had; 0 if there was only one.
func (b *ledger) median(now time.Time) float64 {
	var rates []float64
	for _, rate := range b.speeds {
		if rate > 0 {
			rates = append(rates, rate)
		}
	}
	for _, l := range b.out {
		if l.answered && l.rate > 0 {
			rates = append(rates, speed(l, now))
		}
	}
	if len(rates) < 2 {
		return 0
	}
	slices.Sort(rates)
	return rates[len(rates)/2]
}

// dropAll gives up every answer: none of the connections is what it was.
func (b *ledger) dropAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.out {
		if l.drop != nil {
			l.drop(ErrReplaced)
			l.drop = nil
		}
	}
}
