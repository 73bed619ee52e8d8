package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"braid/server"
)

// stallRound is one download, with the settings that braid has by itself, whose
// connections die without a word: no byte comes any more, and no end either.
// What counts is how long the bytes that a dead one owed take to come over
// another.
func stallRound(ctx context.Context, r *round) error {
	d := &download{seed: r.rand.Uint64(), path: filepath.Join(r.dir, "file")}
	rate := int64(128+r.rand.IntN(512)) << 10
	seconds := 3 + r.rand.Int64N(6)
	d.size = 8*rate*seconds + r.rand.Int64N(1<<20)
	m := &morgue{size: d.size, next: map[*answer]int64{}, kind: [...]string{"one", "half", "all", "unanswered"}[r.n%4]}
	r.note("%v, %d bytes/s a connection, %s", d, rate, m.kind)
	r.patience = 5 * time.Minute // it may wait for every one of them
	o := server.Options{Shape: server.Shape{RatePerConnection: rate}}
	return serving(ctx, o, m.wrap, func(og *origin) error {
		ctx, stop := context.WithCancel(ctx)
		var striking sync.WaitGroup
		striking.Go(func() { m.strikes(ctx, r.rand, 1+r.rand.IntN(3), time.Duration(seconds)*time.Second) })
		out, err := r.run(ctx, harm{}, "get", "-q", "-o", d.path, fmt.Sprintf("%spattern/%d?seed=%d", og.url, d.size, d.seed))
		stop()
		striking.Wait()
		if err != nil {
			return err
		}
		if out.code != 0 {
			return violated("a run ended with %s: %s", out.how, strings.TrimSpace(out.said))
		}
		if s, err := d.inspect(); err != nil || !s.named {
			return errors.Join(err, violated("exit status 0, and this is there: %+v", s))
		}
		m.mu.Lock() // answers to what is gone may still be on their way out
		defer m.mu.Unlock()
		r.tally.add("survived", len(m.dead))
		for _, dead := range m.dead {
			if !dead.revived {
				r.tally.add("owed nothing", 1) // its bytes had gone over another connection before
				continue
			}
			r.tally.sample(fmt.Sprintf("%s: last byte to first elsewhere, s", m.kind), dead.gap.Seconds())
			r.tally.sample("all kinds: last byte to first elsewhere, s", dead.gap.Seconds())
		}
		return nil
	})
}

// A morgue is where connections go that die without a word.
type morgue struct {
	size int64
	kind string

	mu    sync.Mutex
	alive []*answer
	next  map[*answer]int64 // the byte that comes next over each of them
	dead  []*corpse
	doom  bool // the next request gets no answer at all
}

// A corpse is a connection that is dead, and what it owed.
type corpse struct {
	answer  *answer
	next    int64     // the byte that would have come next
	last    time.Time // when its last byte went out, or its request came in
	revived bool      // that byte went over another one
	gap     time.Duration
}

// strikes lets connections die, n times within about the time that is given.
func (m *morgue) strikes(ctx context.Context, r *rand.Rand, n int, within time.Duration) {
	for range n {
		wait := time.NewTimer(time.Duration(r.Int64N(int64(within) / int64(n))))
		select {
		case <-wait.C:
			m.strike(r)
		case <-ctx.Done():
			wait.Stop()
			return
		}
	}
}

// strike lets some of the connections that are bringing something die.
func (m *morgue) strike(r *rand.Rand) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kind == "unanswered" {
		m.doom = true
		return
	}
	r.Shuffle(len(m.alive), func(i, j int) { m.alive[i], m.alive[j] = m.alive[j], m.alive[i] })
	n := map[string]int{"one": 1, "half": (len(m.alive) + 1) / 2, "all": len(m.alive)}[m.kind]
	n = min(n, len(m.alive))
	for _, a := range m.alive[:n] {
		m.dead = append(m.dead, &corpse{answer: a, next: m.next[a], last: time.Now()})
	}
	m.alive = append([]*answer(nil), m.alive[n:]...)
}

// wrap stands between the client and the origin.
func (m *morgue) wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := &answer{ResponseWriter: w, went: m.went}
		a.pass = func(a *answer, _ int) error {
			if m.isDead(a) {
				return silence(r)
			}
			return nil
		}
		m.mu.Lock()
		first := asked(r, m.size).off
		if m.doom && !m.owed(first) {
			m.doom = false
			m.dead = append(m.dead, &corpse{answer: a, next: first, last: time.Now()})
			m.mu.Unlock()
			_ = silence(r)
			panic(http.ErrAbortHandler)
		}
		m.alive = append(m.alive, a)
		m.next[a] = first
		m.mu.Unlock()
		defer m.leave(a)
		h.ServeHTTP(a, r)
	})
}

// silence lasts until the client has gone.
func silence(r *http.Request) error {
	<-r.Context().Done()
	return context.Cause(r.Context())
}

// owed says whether a dead one owes the byte off: who asks for that is not to
// be killed as well.
func (m *morgue) owed(off int64) bool {
	for _, c := range m.dead {
		if !c.revived && c.next == off {
			return true
		}
	}
	return false
}

func (m *morgue) isDead(a *answer) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.dead {
		if c.answer == a {
			return true
		}
	}
	return false
}

func (m *morgue) leave(a *answer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.next, a)
	for i, other := range m.alive {
		if other == a {
			m.alive = append(m.alive[:i], m.alive[i+1:]...)
			return
		}
	}
}

// went takes down the n bytes that a has just sent.
func (m *morgue) went(a *answer, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	m.next[a] = a.off + int64(n)
	for _, c := range m.dead {
		switch {
		case c.answer == a: // they were on their way when it died
			c.next, c.last = a.off+int64(n), now
		case !c.revived && a.off <= c.next && c.next < a.off+int64(n):
			c.revived, c.gap = true, now.Sub(c.last)
		}
	}
}
