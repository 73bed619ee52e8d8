package server

import "net/http"

// answer lets h answer a request, unless its client has too many under way already, or its connection is only there to be
// told that there is no room.
func (g *guard) answer(w http.ResponseWriter, r *http.Request, h http.Handler) {
	g.counts.Requests.Add(1)
	g.counts.InFlight.Add(1)
	defer g.counts.InFlight.Add(-1)
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		unread(w, r) // nor will an h that is no origin read it
	}
	v := connFrom(r).visit
	switch {
	case v.excess:
		turnAway(w, r, true)
		return
	case g.limits.PerClient > 0:
		if !g.begin(v.who) {
			g.counts.TurnedAway.Add(1)
			turnAway(w, r, r.ProtoMajor < 2) // the other streams go on
			return
		}
		defer g.end(v.who)
	}
	h.ServeHTTP(w, r)
}

// begin counts a request of a client, or says that it has enough.
func (g *guard) begin(who *client) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if who.busy >= g.limits.PerClient {
		return false
	}
	who.busy++
	return true
}

func (g *guard) end(who *client) {
	g.mu.Lock()
	defer g.mu.Unlock()
	who.busy--
}

// turnAway says that there is no room, and how soon to ask again.
func turnAway(w http.ResponseWriter, r *http.Request, hangUp bool) {
	unread(w, r)
	h := w.Header()
	h.Set("Retry-After", retryAfter)
	if hangUp {
		h.Set("Connection", "close")
	}
	fail(w, http.StatusServiceUnavailable)
}
