package cli

import (
	"net/url"
	"sync"

	"braid/scheduler"
)

// holds keeps requests back from the hosts that have asked for it, whatever file
// they are for.
type holds struct {
	mu    sync.Mutex
	hosts map[string]*scheduler.Host
}

func newHolds() *holds { return &holds{hosts: map[string]*scheduler.Host{}} }

func (h *holds) of(host string) *scheduler.Host {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hosts[host] == nil {
		h.hosts[host] = new(scheduler.Host)
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
