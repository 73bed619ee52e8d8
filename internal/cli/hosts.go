package cli

import (
	"net/url"
	"strings"
	"sync"

	"braid/scheduler"
)

// hosts are those that a run asks, each with what it puts up with, whatever file
// a request is for. They share one budget of requests.
type hosts struct {
	budget *scheduler.Budget

	mu    sync.Mutex
	known map[string]*scheduler.Host // by host and port
}

// newHosts lets most requests be out at once, whatever host they go to.
func newHosts(most int) *hosts {
	return &hosts{budget: scheduler.NewBudget(most), known: map[string]*scheduler.Host{}}
}

// at is the host of that name and port, however they are written.
func (h *hosts) at(name string) *scheduler.Host {
	name = plain(name)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known[name] == nil {
		h.known[name] = &scheduler.Host{Budget: h.budget}
	}
	return h.known[name]
}

// plain is a host and port without what says nothing: capitals, and the ports
// that http and https have anyway. Without a port, both are one host too.
func plain(name string) string {
	name = strings.ToLower(name)
	for _, port := range []string{":80", ":443", ":"} {
		name = strings.TrimSuffix(name, port)
	}
	return name
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
