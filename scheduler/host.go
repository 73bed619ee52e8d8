package scheduler

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// A Host is what all jobs that ask one host share: for how long it wants to be
// left alone (RFC 9110, section 10.2.3), and how many requests it puts up with at
// once. Whoever asks it takes a place first. The zero Host has shown no limit yet.
type Host struct {
	Budget *Budget // of places at all hosts; nil means no end of them

	mu     sync.Mutex
	until  time.Time     // nobody asks before then
	out    int           // places taken
	served int           // and those of them where an answer has begun
	limit  int           // most places; 0 means as many as anybody likes
	cut    time.Time     // when limit was last lowered or raised
	calm   time.Duration // how long after that it is raised by one
	queue  queue
}

// Enter waits until the host may be asked and takes a place, for a request that
// is the first of its job. It returns ctx's cause if that ends first.
func (h *Host) Enter(ctx context.Context) error {
	for {
		if err := h.wait(ctx, nil); err != nil {
			return err
		}
		full := h.try(true, time.Now())
		if full == nil {
			return nil
		}
		full.Add(1)
		err := rest(ctx, patrol/8+rand.N(patrol/8), nil)
		full.Add(-1)
		if err != nil {
			return err
		}
	}
}

// Leave gives a place back.
func (h *Host) Leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.out--
	h.Budget.leave()
}

// Move gives a place back for one at another host, which may have none: a
// redirect leads there, and the request is out already. Both have one Budget.
func (h *Host) Move(to *Host) {
	if h == to {
		return
	}
	h.mu.Lock()
	h.out--
	h.mu.Unlock()
	to.mu.Lock()
	to.out++
	to.mu.Unlock()
}

// Ask calls f, which sends one request, until it succeeds, fails in a way that
// asking again cannot help, or has been tried r.Tries times more. It takes a
// place for each try; when Ask returns nil, the place is the caller's. told, if
// not nil, is told before each wait.
func (h *Host) Ask(ctx context.Context, r Retry, f func() error, told func(Event)) error {
	var sent time.Time
	try := func() error {
		if err := h.Enter(ctx); err != nil {
			return err
		}
		sent = time.Now()
		err := f()
		if err != nil {
			h.Leave()
		}
		return err
	}
	return r.do(ctx, try, func(e Event) (counts bool) {
		counts = !isCrowded(e.Err) || !h.refused(sent, sent)
		if isCrowded(e.Err) && asksToWait(e.Err) {
			h.set(e.Wait)
		}
		if told != nil {
			told(e)
		}
		return counts
	})
}

// try takes a place. If there is none, it returns where to wait for one. A
// request that is not the first of its job lets those go first who wait.
func (h *Host) try(first bool, now time.Time) (full *queue) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.limit > 0 && now.Sub(h.cut) >= h.calm {
		h.limit, h.cut = h.limit+1, now
	}
	if h.limit > 0 && h.out >= h.limit || !first && h.queue.Load() > 0 {
		return &h.queue
	}
	if full := h.Budget.try(first); full != nil {
		return full
	}
	h.out++
	return nil
}

// refused says that a request sent then was refused, as if there were too many,
// and left. It lowers the limit, and says whether that could make a difference.
func (h *Host) refused(sent, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.out == 0:
		return false
	case !h.cut.IsZero() && !sent.After(h.cut):
		return true // many are refused at once, and counted as one
	}
	if h.calm == 0 {
		h.calm = calm
	} else {
		h.calm = min(2*h.calm, maxCalm)
	}
	h.limit, h.cut = max((h.out+1)/2, h.served, 1), now
	return true
}

// serves counts the answers that have begun: n more, or less.
func (h *Host) serves(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.served += n
}

// set keeps everybody back for d, or for as long as they are already.
func (h *Host) set(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if until := time.Now().Add(d); until.After(h.until) {
		h.until = until
	}
}

// left is how long requests are still kept back.
func (h *Host) left() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Until(h.until)
}

// wait returns when requests may go out, or when enough is closed, or with
// ctx's cause. Those who waited together do not leave together.
func (h *Host) wait(ctx context.Context, enough <-chan struct{}) error {
	for waited := false; ; waited = true {
		left := h.left()
		if left <= 0 && !waited {
			return nil
		}
		if left <= 0 {
			return rest(ctx, rand.N(jitter), enough)
		}
		if err := rest(ctx, left, enough); err != nil {
			return err
		}
		select {
		case <-enough:
			return nil
		default:
		}
	}
}

// jitter spreads the requests of those who waited for one moment.
const jitter = 250 * time.Millisecond
