package scheduler

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// A Hold keeps requests back from a host that has asked to be left alone for a
// time (RFC 9110, section 10.2.3). All jobs that ask one host share one. The
// zero Hold holds nothing back.
type Hold struct {
	mu    sync.Mutex
	until time.Time
}

// set keeps everybody back for d, or for as long as they are already.
func (h *Hold) set(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if until := time.Now().Add(d); until.After(h.until) {
		h.until = until
	}
}

// left is how long requests are still kept back.
func (h *Hold) left() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Until(h.until)
}

// wait returns when requests may go out, or when enough is closed, or with
// ctx's cause. Those who waited together do not leave together.
func (h *Hold) wait(ctx context.Context, enough <-chan struct{}) error {
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
