package scheduler

import (
	"sync"
	"sync/atomic"
)

// A Budget is how many requests may be out at once, whatever host they go to. A
// nil Budget never runs out.
type Budget struct {
	mu    sync.Mutex
	left  int
	queue queue
}

// A queue is how many jobs wait for a place for their first request.
type queue = atomic.Int64

// NewBudget is a budget of n requests at once.
func NewBudget(n int) *Budget { return &Budget{left: n} }

// try takes a place. If there is none, it returns where to wait for one. A
// request that is not the first of its job lets those go first who wait.
func (b *Budget) try(first bool) (full *queue) {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left <= 0 || !first && b.queue.Load() > 0 {
		return &b.queue
	}
	b.left--
	return nil
}

func (b *Budget) leave() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left++
}
