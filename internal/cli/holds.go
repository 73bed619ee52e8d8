package cli

import (
	"sync"

	"braid/scheduler"
)

// holds keeps requests back from the hosts that have asked for it, whatever file
// they are for.
type holds struct {
	mu    sync.Mutex
	hosts map[string]*scheduler.Hold
}

func newHolds() *holds { return &holds{hosts: map[string]*scheduler.Hold{}} }

func (h *holds) of(host string) *scheduler.Hold {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hosts[host] == nil {
		h.hosts[host] = new(scheduler.Hold)
	}
	return h.hosts[host]
}
