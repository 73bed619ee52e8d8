package scheduler

import (
	"fmt"
	"time"
)

// What a host puts up with shows in three ways: it refuses, it leaves requests
// unanswered, or it lets everybody starve. Each lowers the ceiling of a Climb
// for a while.
const (
	refusing = time.Minute      // how long to stay below what was refused, or left unanswered
	punished = 5 * time.Minute  // how long half of what was throttled is the ceiling
	penance  = 20 * time.Second // how long a host is assumed to throttle
	deaf     = 5 * time.Second  // how long requests may be unanswered before fewer are wanted
	starving = 6 * tick         // how long the rate must have collapsed
)

// collapsed says whether the rate has been far below what it was, for longer
// than chance would have it; then the host throttles.
func (c *Climb) collapsed(s Sample) bool {
	if c.recent == 0 {
		c.recent = s.Rate
	}
	c.recent = (c.recent + s.Rate) / 2
	if c.n > c.lo && c.recent < 0.4*c.peak {
		c.low += s.Elapsed
		if c.low < starving {
			return true
		}
		c.share = c.peak / float64(c.n)
		c.limit(min(c.ceil, c.n)/2, punished, fmt.Sprintf("the host throttled %d", c.n))
		c.good, c.why = c.ceil, c.above
		c.stage = throttled
		c.freed, c.next = c.now+penance, c.now+2*time.Second
		c.to(c.n / 2)
		return true
	}
	c.low = 0
	c.peak = max(c.recent, c.peak+0.01*(c.recent-c.peak))
	return false
}

// repent asks for ever less until the host relents, then begins anew.
func (c *Climb) repent(s Sample) {
	switch {
	case s.Rate >= 0.5*c.share*float64(c.n), c.now >= c.freed:
		c.forget()
		c.stage, c.wait = doubling, minWait
		c.to(c.n)
	case c.now >= c.next:
		c.next = c.now + 2*time.Second
		c.to(max(c.n/2, min(2, c.n)))
	}
}

// refused asks for less of a host that did not serve all. What it refuses
// within a second was asked for before.
func (c *Climb) refused(s Sample) {
	if c.n == c.lo || c.cut > 0 && c.now-c.cut < time.Second {
		return
	}
	c.cut = c.now
	fewer := max(c.n/2, min(s.Active, c.n-1))
	c.limit(c.n-1, refusing, fmt.Sprintf("the host refused %d", c.n))
	c.forget()
	c.keep(fewer)
}

// unanswered asks for no more than the host answers.
func (c *Climb) unanswered(s Sample) {
	c.limit(s.Active, refusing, "the host answers no more at once")
	c.keep(s.Active)
}

// keep holds n, whatever that may bring, and no more is tried too soon.
func (c *Climb) keep(n int) {
	c.to(n)
	c.stage, c.wait = holding, minWait
	c.hold(mark{n: c.n}, c.above)
}

// limit lets there be no more than n for a while.
func (c *Climb) limit(n int, d time.Duration, why string) {
	c.ceil, c.above = min(max(n, c.lo), c.hi), why
	c.lifted = max(c.lifted, c.now+d)
}

// forget unlearns what counts bring.
func (c *Climb) forget() {
	c.base, c.peak, c.recent, c.low = mark{}, 0, 0, 0
}
