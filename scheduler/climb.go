package scheduler

import (
	"fmt"
	"math"
	"sync"
	"time"
)

// A Climb is a Pacer that looks for the fewest requests that bring what can be
// had. Fill it in before its first use. It has no clock, the samples tell the
// time. Pace is for one goroutine; Why and Good may be called meanwhile.
//
// Read aloud, it is this:
//
//	begin with a few requests, and wait until the rate stops rising by itself;
//	double: while twice as many bring 1.4 times as much, take twice as many; [1]
//	narrow: between the last count that paid and the first that did not,
//	    try the middle, until both are close;
//	hold: stay, and know the rate ever better;
//	probe: now and then, try a sixth fewer, or a sixth more; [2]
//	    if that is worth more, stay there and try on in the same direction,
//	        and double again if many more seem to pay;
//	    if not, go back, look the other way next, and wait longer before that.
//	if the rate collapses, the host punishes: halve, every two seconds, until
//	    each request earns again what it should; then double anew, up to half
//	    of what was punished, and to no more for five minutes;
//	if the host refuses, halve, but not below those it serves, and stay below
//	    what was refused for a minute;
//	if it leaves some unanswered, want no more than it answers, for a minute.
//
// [1] It is looked at for three ticks before it counts as failed, and on and on
// while the rate still rises, as that of new connections does. One tick is
// enough to pay. So steps follow each other as fast as the host answers.
//
// [2] Requests are worth more if each added brings at least a quarter of what
// one brings already: one that does not is a burden to others. So fewer are
// better if they bring nearly as much. After a climb that ended below the
// ceiling the first probe comes soon, and tries a third fewer.
//
// Nothing is learned from a tick in which nothing came, since a line that is
// down says nothing about counts; nor from one in which fewer are answered than
// should be since the last change, or still more.
type Climb struct {
	Min   int // at least; 0 means 1
	Max   int // at most; 0 means 16
	Start int // to begin with; 0 means 8
	Known int // what Good said about this host before, to begin with instead; 0 means nothing

	mu     sync.Mutex
	lo, hi int // Min and Max
	n      int // the count now; 0 before the first sample
	good   int
	why    string // why n is what it is
	reason string // why base was settled on
	stage  stage
	now    time.Duration // since the first sample

	base   mark          // the best count so far, which others are compared with
	bad    int           // narrow: the smallest count that did not pay
	looked time.Duration // double: at this count
	last   float64       // double: the rate in the tick before
	dir    int           // probe: 1 for more, -1 for fewer
	part   int           // probe: the part of the count that is added or left out
	wait   time.Duration // hold: until it looks for more
	next   time.Duration // hold: when the next probe begins; throttled: when n is halved

	ceil   int           // hi, or what the host puts up with
	above  string        // why not more than that
	lifted time.Duration // when ceil is hi again

	peak   float64       // what there was at best, lately
	recent float64       // the last two ticks
	low    time.Duration // for how long that has been far below the peak
	share  float64       // throttled: what each request earned before
	freed  time.Duration // throttled: when that is over at the latest
	cut    time.Duration // when the host last refused

	set     time.Duration // when n was last changed
	reached bool          // since then, n have been answered
	since   time.Duration // when that was
	heard   time.Duration // ticks since then that counted
	sum     float64       // and the bytes they brought
}

// A stage is what a Climb is at.
type stage int

const (
	doubling stage = iota
	narrowing
	holding
	probing
	throttled
)

// A mark is a count of requests and the rate that it brings; 0 is unknown.
type mark struct {
	n    int
	rate float64
}

// worth is what m is worth: see [2] above.
func (m mark) worth() float64 { return m.rate / math.Pow(float64(m.n), 0.25) }

const (
	minWait = 5 * time.Second        // between probes for more that fail
	maxWait = 15 * time.Second       // it doubles each time up to this
	glance  = time.Second            // before a probe that may save requests
	settle  = 500 * time.Millisecond // after a change, before differences of a few percent are measured
)

// Pace learns from s and says how many requests should be out: from Min to Max,
// and 1 at least.
func (c *Climb) Pace(s Sample) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == 0 {
		c.begin()
	}
	s.Elapsed = min(max(s.Elapsed, 0), time.Hour)
	c.now += s.Elapsed
	if c.now >= c.lifted {
		c.ceil, c.above = c.hi, "the ceiling"
	}
	if s.Refused > 0 {
		c.refused(s)
	}
	if c.tells(s) {
		c.learn(s)
	}
	return c.n
}

// begin is where it begins.
func (c *Climb) begin() {
	c.lo = max(c.Min, 1)
	c.hi = c.Max
	if c.hi <= 0 {
		c.hi = 16
	}
	c.hi = max(c.hi, c.lo)
	c.ceil, c.above = c.hi, "the ceiling"
	c.wait = minWait
	start := c.Start
	if start <= 0 {
		start = 8
	}
	if c.Known > 0 {
		c.to(c.Known)
		c.hold(mark{n: c.n}, "as many as were good before")
		c.next = glance
		return
	}
	c.to(start)
	c.why = "to begin with"
}

// tells says whether anything can be learned from s, and keeps account of
// whether the host answers as many requests as are wanted.
func (c *Climb) tells(s Sample) bool {
	switch {
	case s.Idle:
		c.set = c.now // nobody knows whether they would have been answered
		return false
	case !(s.Rate > 0), math.IsInf(s.Rate, 0), s.Elapsed < tick/10, s.Elapsed > 10*tick:
		return false // down, or asleep
	case c.reached: // since then all count
	case s.Active >= c.n:
		c.reached, c.since = true, c.now-s.Elapsed
	case s.Active > 0 && c.now-c.set >= deaf:
		c.unanswered(s)
		return false
	default:
		return false
	}
	return s.Active <= c.n
}

// learn takes a tick that tells something.
func (c *Climb) learn(s Sample) {
	if c.stage == throttled {
		c.repent(s)
		return
	}
	if c.collapsed(s) {
		return
	}
	if c.stage == doubling {
		c.double(s)
		return
	}
	if c.now-s.Elapsed < c.since+settle {
		return
	}
	c.heard += s.Elapsed
	c.sum += s.Rate * s.Elapsed.Seconds()
	enough := 500 * time.Millisecond
	if c.stage == probing {
		enough = time.Second // these differences are small
	}
	if c.heard < enough {
		return
	}
	m := mark{c.n, c.sum / c.heard.Seconds()}
	c.heard, c.sum = 0, 0
	switch c.stage {
	case narrowing:
		c.narrow(m)
	case holding:
		c.stay(m)
	case probing:
		c.compare(m)
	}
}

// double goes on as long as that pays.
func (c *Climb) double(s Sample) {
	rate := s.Rate
	before := c.last
	rising := rate > 1.5*before
	c.last = rate
	c.looked += s.Elapsed
	patient := c.looked < 3*tick || rising && c.looked < 8*tick
	switch {
	case c.base.n == 0 && rising && patient:
		// It is not the first requests' own rate yet.
	case c.base.n == 0, rate >= c.base.times(c.n, 0.4):
		c.more(mark{c.n, rate})
	case patient:
	default:
		c.bad = c.n
		c.middle()
	}
}

// times is the rate that n requests bring if each of those added earns part of
// what m's do.
func (m mark) times(n int, part float64) float64 {
	return m.rate * (1 + part*(float64(n)/float64(m.n)-1))
}

// more tries twice as many as m, unless the ceiling is reached.
func (c *Climb) more(m mark) {
	if m.n >= c.ceil {
		c.hold(m, c.above)
		return
	}
	c.base, c.stage = m, doubling
	c.to(2 * m.n)
	c.why = fmt.Sprintf("%d may not be all", m.n)
}

// narrow takes the middle for good or for bad.
func (c *Climb) narrow(m mark) {
	if m.worth() > 1.02*c.base.worth() {
		c.base = m
	} else {
		c.bad = m.n
	}
	c.middle()
}

// middle tries the middle between good and bad, if there is one.
func (c *Climb) middle() {
	good := c.base.n
	if c.bad-good <= max(1, good/6) {
		c.hold(c.base, fmt.Sprintf("%d brought no more", c.bad))
		c.dir, c.part, c.next = -1, 3, c.now+glance
		return
	}
	c.stage = narrowing
	c.to((good + c.bad) / 2)
	c.why = fmt.Sprintf("between %d and %d", good, c.bad)
}

// hold stays at m.
func (c *Climb) hold(m mark, why string) {
	if c.stage != probing {
		c.dir, c.part, c.next = 1, 6, c.now+c.wait
	}
	c.base, c.stage, c.reason = m, holding, why
	c.to(m.n)
	c.good, c.why = m.n, why
}

// stay knows the rate of the count that is held better, and probes in time.
func (c *Climb) stay(m mark) {
	if c.base.rate == 0 {
		c.base.rate = m.rate
	}
	c.base.rate += 0.3 * (m.rate - c.base.rate)
	if c.now < c.next {
		return
	}
	if !c.probe() {
		c.dir = -c.dir
		if !c.probe() {
			c.next = c.now + c.wait
		}
	}
}

// probe tries some more or some fewer, if there are any.
func (c *Climb) probe() bool {
	n := min(max(c.n+c.dir*max(1, c.n/c.part), c.lo), c.ceil)
	if n == c.n {
		return false
	}
	c.stage = probing
	c.to(n)
	c.why = fmt.Sprintf("fewer than %d may do", c.base.n)
	if c.dir > 0 {
		c.why = fmt.Sprintf("more than %d may pay", c.base.n)
	}
	return true
}

// compare stays at m if it is worth more than what was held.
func (c *Climb) compare(m mark) {
	from := c.base
	if m.worth() <= 1.01*from.worth() {
		if c.dir > 0 {
			c.next = c.now + glance
		} else {
			c.next = c.now + c.wait
		}
		c.hold(from, c.reason)
		c.dir, c.part = -c.dir, 6
		c.wait = min(2*c.wait, maxWait)
		return
	}
	c.next, c.wait = c.now+minWait, minWait
	if c.dir > 0 && m.rate > from.times(m.n, 0.6) {
		c.more(m)
		return
	}
	why := fmt.Sprintf("%d brought less", from.n)
	if c.dir < 0 {
		why = fmt.Sprintf("%d brought no more", from.n)
	}
	c.hold(m, why)
	c.probe()
}

// to changes the count, and what is heard from now on is about that.
func (c *Climb) to(n int) {
	n = min(max(n, c.lo), c.ceil)
	if n != c.n {
		c.n, c.set, c.reached = n, c.now, false
	}
	c.heard, c.sum, c.looked, c.last = 0, 0, 0, 0
}

// Why says in a few words how many requests there should be and why.
func (c *Climb) Why() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("%d: %s", c.n, c.why)
}

// Good is the count that is worth remembering for this host; 0 while unknown.
func (c *Climb) Good() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.good
}
