package server

import (
	"context"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"
)

const (
	// maxChecks is how many credentials may be waiting to be checked, or be checked, at a time.
	maxChecks = 32

	// guesses is how many wrong passwords a client may offer in a row; guessAgain is how long it takes to have one more.
	guesses    = 8
	guessAgain = 5 * time.Second

	// maxGuessers is how many clients are told apart. All others are one.
	maxGuessers = 1024
)

// A verdict is what became of a credential.
type verdict int

const (
	denied   verdict = iota
	granted          // it is who they say
	tooOften         // this client has guessed too often: later
	tooMany          // too many are being checked: later
	departed         // the client has gone
)

// A door is where passwords are checked: few at a time, none twice at once, and of one client not many that are wrong. A
// password costs 50 ms of a processor and more, and whoever asks is a stranger.
type door struct {
	slots chan struct{} // as many as may be checked at once

	mu       sync.Mutex
	checks   map[credential]*check
	guessers map[netip.Addr]*guesser
}

// A check is one credential that is being looked at. Others who offer the same wait for it.
type check struct {
	done    chan struct{}
	verdict verdict // once done is closed
}

// A guesser is a client that has offered wrong passwords. One that has offered none for long is forgotten.
type guesser struct{ until time.Time } // when all its guesses will be there again

func newDoor() *door {
	return &door{
		slots:    make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/4)), // most of the machine is for those who are in
		checks:   make(map[credential]*check),
		guessers: make(map[netip.Addr]*guesser),
	}
}

// try finds out whether compare holds for a credential, on behalf of a client. With tooOften and tooMany goes how long to wait.
func (d *door) try(ctx context.Context, c credential, from netip.Addr, compare func() bool) (verdict, time.Duration) {
	for {
		d.mu.Lock()
		if other := d.checks[c]; other != nil {
			d.mu.Unlock()
			select {
			case <-other.done:
				if other.verdict == departed {
					continue // whoever was first has gone; now it may be us
				}
				return other.verdict, 0
			case <-ctx.Done():
				return departed, 0
			}
		}
		if len(d.checks) >= maxChecks {
			d.mu.Unlock()
			return tooMany, guessAgain
		}
		guesser, wait := d.guess(from, time.Now())
		if wait > 0 {
			d.mu.Unlock()
			return tooOften, wait
		}
		mine := &check{done: make(chan struct{})}
		d.checks[c] = mine
		d.mu.Unlock()
		mine.verdict = d.check(ctx, compare)
		d.mu.Lock()
		delete(d.checks, c)
		if mine.verdict != denied {
			guesser.pardon()
		}
		d.mu.Unlock()
		close(mine.done)
		return mine.verdict, 0
	}
}

// check waits for its turn.
func (d *door) check(ctx context.Context, compare func() bool) verdict {
	select {
	case d.slots <- struct{}{}:
	case <-ctx.Done():
		return departed
	}
	defer func() { <-d.slots }()
	if compare() {
		return granted
	}
	return denied
}

// guess takes one guess from a client, or says how long it must wait for one. The lock is held.
func (d *door) guess(from netip.Addr, now time.Time) (g *guesser, wait time.Duration) {
	g = d.guessers[from]
	if g == nil {
		if len(d.guessers) >= maxGuessers {
			d.forget(now)
		}
		if len(d.guessers) >= maxGuessers {
			from = netip.Addr{}
			g = d.guessers[from]
		}
	}
	if g == nil {
		g = new(guesser)
		d.guessers[from] = g
	}
	if g.until.Before(now) {
		g.until = now
	}
	if wait = g.until.Add(guessAgain).Sub(now) - guesses*guessAgain; wait > 0 {
		return g, wait
	}
	g.until = g.until.Add(guessAgain)
	return g, 0
}

// pardon gives a guess back: it was none. The lock of the door is held.
func (g *guesser) pardon() { g.until = g.until.Add(-guessAgain) }

// forget drops those clients that have all their guesses again. The lock is held.
func (d *door) forget(now time.Time) {
	for from, g := range d.guessers {
		if !g.until.After(now) {
			delete(d.guessers, from)
		}
	}
}

// matches says whether a password hashes to hash.
func matches(hash []byte, password string) bool {
	return bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil
}
