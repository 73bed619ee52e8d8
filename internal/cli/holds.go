package cli

import (
	"net/url"
	"sync"

	"braid/scheduler"
)

// holds keeps requests back from the hosts that have asked for it, whatever file
// they are for, and from all if the run has as many as it may have.
type holds struct {
	budget *scheduler.Budget

	mu    sync.Mutex
	hosts map[string]*scheduler.Host
}

// newHolds holds back what is more than most requests at once.
func newHolds(most int) *holds {
	return &holds{budget: scheduler.NewBudget(most), hosts: map[string]*scheduler.Host{}}
}

func (h *holds) of(host string) *scheduler.Host {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hosts[host] == nil {
		h.hosts[host] = &scheduler.Host{Budget: h.budget}
	}
	return h.hosts[host]
}

// hostOf is the host and port that rawURL names; a URL that names none has been
// refused before.
func hostOf(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return u.Host
}
