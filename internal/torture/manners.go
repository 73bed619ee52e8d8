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

// mannersRound is one download from an origin that has enough of it now and
// then, and says so. What counts is how it is asked afterwards.
func mannersRound(ctx context.Context, r *round) error {
	d := &download{seed: r.rand.Uint64(), path: filepath.Join(r.dir, "file")}
	rate := int64(256+r.rand.IntN(512)) << 10
	d.size = 8*rate*(1+r.rand.Int64N(2)) + r.rand.Int64N(1<<20)
	b := newBouncer(r.rand, r.n, d.size)
	r.note("%v, %d bytes/s a connection, %v", d, rate, b)
	o := server.Options{Shape: server.Shape{RatePerConnection: rate}}
	return serving(ctx, o, b.wrap, func(og *origin) error {
		out, err := r.run(ctx, harm{}, "get", "-q", "-x", "8", "-o", d.path, fmt.Sprintf("%spattern/%d?seed=%d", og.url, d.size, d.seed))
		if err != nil {
			return err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		r.note("requests: %d, refused %d, asked again %d, too early %d: %v", b.requests, b.refusals, b.again, len(b.early), b.early)
		for _, kind := range []string{"all", b.String()} {
			r.tally.sample(kind+": requests a refusal", float64(b.again)/float64(max(1, b.refusals)))
			r.tally.sample(kind+": refusals a download", float64(b.refusals))
			r.tally.sample(kind+": seconds", out.took.Seconds())
		}
		r.tally.add("requests", b.requests)
		r.tally.add("refusals", b.refusals)
		r.tally.add("asked again", b.again)
		r.tally.add("Retry-After given", b.told)
		r.tally.add("asked too early", len(b.early))
		s, err := d.inspect()
		switch {
		case err != nil:
			return err
		case out.code == 0 && !s.named:
			return violated("exit status 0, and this is there: %+v", s)
		case out.code != 0 && s.named:
			return violated("%s, and the file has its name", out.how)
		case out.code == 0:
			r.tally.add("survived", b.refusals)
		default:
			r.tally.add("given up", 1)
			r.tally.detail("given up: " + strings.TrimSpace(strings.ReplaceAll(out.said, og.url, "")))
		}
		if len(b.early) > 0 {
			r.tally.detail("asked too early: " + b.String())
		}
		return nil
	})
}

// A bouncer refuses requests.
type bouncer struct {
	most   int           // requests at once that it lets in; 0 means any number
	bursts []span        // milliseconds since the first request, in which it lets nobody in and throws all out
	status int           // 503 or 429
	after  time.Duration // what it says in Retry-After; 0 means nothing
	date   bool          // and says it as a date

	mu       sync.Mutex
	size     int64
	began    time.Time
	inside   int
	requests int
	refusals int
	told     int         // refusals that said when to come back
	refused  []span      // bytes that were refused, and not served since
	again    int         // requests for such
	deadline []reprieve  // the times until which nobody should ask
	early    []time.Time // requests that came before
}

// A reprieve is a time in which a client was asked to ask nothing.
type reprieve struct{ from, until time.Time }

// grace is for requests that were on their way when the refusal was.
const grace = 50 * time.Millisecond

func newBouncer(r *rand.Rand, n int, size int64) *bouncer {
	b := &bouncer{size: size, status: [...]int{503, 429}[r.IntN(2)]}
	if n%2 == 0 {
		b.most = 1 + r.IntN(4)
	} else {
		for at := 200 + r.Int64N(400); len(b.bursts) < 3; at += 1500 + r.Int64N(1000) {
			b.bursts = append(b.bursts, span{at, at + 300 + r.Int64N(1000)})
		}
	}
	if n/2%3 > 0 {
		b.after = time.Duration(1+r.IntN(3)) * time.Second
		b.date = n/2%3 == 2
	}
	return b
}

func (b *bouncer) String() string {
	s := "bursts"
	if b.most > 0 {
		s = "a few at once"
	}
	switch {
	case b.date:
		s += ", Retry-After a date"
	case b.after > 0:
		s += ", Retry-After in seconds"
	}
	return s
}

var errThrownOut = errors.New("thrown out")

// wrap stands between the client and the origin.
func (b *bouncer) wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !b.admit(w, asked(r, b.size)) {
			return
		}
		a := &answer{ResponseWriter: w, went: b.went}
		a.pass = func(*answer, int) error {
			if b.closed(time.Now()) {
				return errThrownOut
			}
			return nil
		}
		defer func() {
			b.mu.Lock()
			b.inside--
			b.mu.Unlock()
		}()
		h.ServeHTTP(a, r)
	})
}

// admit lets a request in, or refuses it.
func (b *bouncer) admit(w http.ResponseWriter, s span) bool {
	now := time.Now()
	closed := b.closed(now)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.requests++; b.requests == 1 {
		b.began = now
	}
	for _, t := range b.deadline {
		if now.After(t.from.Add(grace)) && now.Before(t.until) {
			b.early = append(b.early, now)
			break
		}
	}
	for _, old := range b.refused {
		if old.off <= s.off && s.off < old.end {
			b.again++
			break
		}
	}
	if !closed && (b.most == 0 || b.inside < b.most) {
		b.inside++
		return true
	}
	b.refusals++
	b.refused = append(b.refused, s)
	if b.after > 0 {
		b.told++
		until := now.Add(b.after)
		if b.date {
			until = until.Truncate(time.Second) // dates have no more
			w.Header().Set("Retry-After", until.UTC().Format(http.TimeFormat))
		} else {
			w.Header().Set("Retry-After", fmt.Sprint(int(b.after.Seconds())))
		}
		b.deadline = append(b.deadline, reprieve{now, until})
	}
	w.WriteHeader(b.status)
	return false
}

// closed says whether nobody is let in at t.
func (b *bouncer) closed(t time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.began.IsZero() {
		return false
	}
	ms := t.Sub(b.began).Milliseconds()
	for _, s := range b.bursts {
		if s.off <= ms && ms < s.end {
			return true
		}
	}
	return false
}

// went takes the n bytes that a has just sent out of those that were refused.
func (b *bouncer) went(a *answer, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	sent := span{a.off, a.off + int64(n)}
	var left []span
	for _, s := range b.refused {
		if head := (span{s.off, min(s.end, sent.off)}); head.off < head.end {
			left = append(left, head)
		}
		if tail := (span{max(s.off, sent.end), s.end}); tail.off < tail.end {
			left = append(left, tail)
		}
	}
	b.refused = left
}
