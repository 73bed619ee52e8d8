package scheduler

import (
	"slices"
	"time"
)

// The sizes of leases, and how far ahead a worker is planned for.
const (
	minLease = 4 << 20 // or a fair share of the file
	maxLease = 256 << 20

	// The first lease is larger, since its answer is open-ended, and its
	// connection is lost when it is cut off. But a file can be hashed only as
	// far as it is there from its beginning.
	firstLease = 32 << 20
	horizon    = 4 * time.Second
)

// A bid is what a worker knows of itself when it asks for work.
type bid struct {
	rate float64       // bytes a second that it has been getting; 0 unknown
	rtt  time.Duration // how long the server takes to begin an answer
}

// lend takes a lease off the first free run.
func (b *ledger) lend(who bid) *lease {
	if len(b.free) == 0 {
		return nil
	}
	return b.lendRun(0, who)
}

// lendRun takes a lease off free run i: what the worker gets through in four
// seconds, or in half the time that the whole rest needs; but no more than half
// of a fair share of the rest, since rates at the beginning are often those of a
// burst, and a lease that takes long keeps the file from being hashed. A worker
// of unknown rate gets no more than a fair share: a thief would soon cut it, and
// what is under way of a cut answer came for nothing.
func (b *ledger) lendRun(i int, who bid) *lease {
	size := max(min(b.fair, minLease), b.first)
	b.first = 0
	if who.rate > 0 {
		sum, left := who.rate, b.grid.Size-b.written
		for _, l := range b.out {
			sum += l.rate
			left -= l.claim - l.off
		}
		ahead := min(horizon.Seconds(), float64(left)/sum/2)
		guided := max((b.grid.Size-b.written)/int64(2*b.pace), minLease)
		size = max(size, min(int64(who.rate*ahead), guided))
	}
	size = min(size, maxLease)
	r := b.free[i]
	end := min(b.up(r.Off+size), r.End)
	if end == r.End {
		b.free = slices.Delete(b.free, i, i+1)
	} else {
		b.free[i].Off = end
	}
	return &lease{off: r.Off, claim: r.Off, end: end, rate: who.rate}
}

// steal shortens the lease that would end last and returns its tail: as much
// as lets both end together. The victim keeps the block it is in. A lease that
// ends soon is left alone, since asking costs a round trip.
func (b *ledger) steal(who bid, now time.Time) *lease {
	var victim *lease
	var longest float64
	for _, l := range b.out {
		if b.grid.Border(l.claim) >= l.end {
			continue
		}
		if t := b.remaining(l, who, now); victim == nil || t > longest {
			victim, longest = l, t
		}
	}
	if victim == nil || longest < (2*who.rtt+20*time.Millisecond).Seconds() {
		return nil
	}
	left, share := float64(victim.end-victim.claim), 0.5
	if rate := speed(victim, now); who.rate > 0 && rate > 0 {
		left = max(0, left-rate*who.rtt.Seconds())
		share = who.rate / (who.rate + rate)
	}
	cut := max(b.up(victim.end-int64(share*left)), b.grid.Border(victim.claim))
	if cut >= victim.end {
		return nil
	}
	thief := &lease{off: cut, claim: cut, end: victim.end, rate: who.rate, stolen: true}
	victim.end = cut
	return thief
}

// relieve takes the last block of the slowest lease over, from where its writing
// stands: the asking worker must bring it in less than half the time, a round
// trip included, and the one who had it loses his connection.
func (b *ledger) relieve(who bid, now time.Time) *lease {
	if !b.replaceable() || who.rate <= 0 {
		return nil
	}
	var slowest *lease
	var longest float64
	for _, l := range b.out {
		if l.drop == nil || l.busy() || l.off >= l.end || now.Sub(l.sent) < spare+who.rtt {
			continue
		}
		if t := b.remaining(l, who, now); t > longest {
			slowest, longest = l, t
		}
	}
	if slowest == nil {
		return nil
	}
	needs := 2*who.rtt.Seconds() + float64(slowest.end-slowest.off)/who.rate
	if longest < 2*needs+(spare<<min(slowest.relieved, 8)).Seconds() {
		return nil
	}
	taken := &lease{off: slowest.off, claim: slowest.off, end: slowest.end, rate: who.rate, stolen: true, relieved: slowest.relieved + 1}
	slowest.end = slowest.off
	slowest.drop(errRelieved)
	slowest.drop = nil
	return taken
}

// spare is the least time that a connection is given, and that must be saved by
// giving it up; it doubles each time that the same bytes change hands.
const spare = 200 * time.Millisecond

// remaining is how many seconds l would still take, by its own rate or else by
// the asking worker's.
func (b *ledger) remaining(l *lease, who bid, now time.Time) float64 {
	rate := speed(l, now)
	if l.rate == 0 {
		rate = fade(max(who.rate, 1), l, now)
	}
	return float64(l.end-l.claim) / max(rate, 1)
}

// speed is l's rate now. A worker tells of itself every second, so one that has
// been silent for longer has slowed down, and soon counts for nothing.
func speed(l *lease, now time.Time) float64 { return fade(l.rate, l, now) }

func fade(rate float64, l *lease, now time.Time) float64 {
	const quiet = 2 * time.Second
	if gap := now.Sub(l.moved); gap > quiet {
		part := quiet.Seconds() / gap.Seconds()
		return rate * part * part
	}
	return rate
}

// up is the first block border at or above off, or the end of the file.
func (b *ledger) up(off int64) int64 {
	if off >= b.grid.Size {
		return b.grid.Size
	}
	if off%b.grid.Block == 0 {
		return off
	}
	return b.grid.Border(off)
}
