package server

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// A guard is the listener that net/http is given. It lets in no more connections than there is room for, and hands on
// only those that ask for something; the others wait in a goroutine each, which is all they cost.
type guard struct {
	net.Listener
	limits Limits
	shape  Shape
	tls    bool
	counts *Counts

	asking chan *visit   // those that ask for something
	broken chan error    // what ended the listener
	closed chan struct{} // by Close
	once   sync.Once
	tasks  sync.WaitGroup

	mu      sync.Mutex
	open    int // visits that have not gone
	clients map[netip.Addr]*client
	waiting queue // for a request
	coming  queue // those of whose request something has come
	stopped bool
}

// A client is what the guard knows of one, as long as it has a connection: how many it has, and how many requests are
// under way on them.
type client struct{ open, busy int }

func newGuard(ln net.Listener, o Options) *guard {
	g := &guard{
		Listener: ln,
		limits:   o.Limits.withDefaults(descriptors()),
		shape:    o.Shape,
		tls:      o.TLS != nil,
		counts:   o.Counts,
		asking:   make(chan *visit),
		broken:   make(chan error, 1),
		closed:   make(chan struct{}),
		clients:  make(map[netip.Addr]*client),
	}
	if g.counts == nil {
		g.counts = new(Counts)
	}
	g.tasks.Go(g.receive)
	return g
}

// tooLong is how long a request may be coming when there is no room.
const tooLong = time.Second

// receive lets connections in until the listener ends. When there are too many open files it waits for some to be closed.
func (g *guard) receive() {
	var pause time.Duration
	for {
		c, err := g.Listener.Accept()
		switch {
		case err == nil:
			pause = 0
			g.counts.Accepted.Add(1)
			if v := g.admit(c); v != nil {
				g.tasks.Go(func() { g.await(v) })
			}
		case errors.Is(err, syscall.ECONNABORTED), errors.Is(err, syscall.ECONNRESET): // it has gone already
		case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
			g.mu.Lock()
			g.makeRoom()
			g.mu.Unlock()
			pause = min(max(5*time.Millisecond, 2*pause), time.Second)
			timer := time.NewTimer(pause)
			select {
			case <-timer.C:
			case <-g.closed:
			}
			timer.Stop()
		default:
			g.broken <- err
			return
		}
	}
}

// admit counts a new connection, or closes it and returns nil.
func (g *guard) admit(c net.Conn) *visit {
	from := clientOf(c.RemoteAddr())
	g.mu.Lock()
	defer g.mu.Unlock()
	who := g.clients[from]
	if who == nil {
		who = new(client)
	}
	v := &visit{Conn: c, from: from, who: who, expires: time.Now().Add(idleTimeout)}
	if _, ok := c.(syscall.Conn); ok {
		v.parks = !g.tls
	}
	crowded := g.limits.PerClient > 0 && who.open >= 4*g.limits.PerClient
	unwanted := g.stopped || crowded // nobody makes room for it
	full := !unwanted && g.open >= g.limits.Connections && !g.makeRoom()
	if unwanted || full && g.open >= g.limits.Connections+g.limits.spare() {
		g.counts.TurnedAway.Add(1)
		c.Close()
		return nil
	}
	if full {
		v.excess, v.expires = true, time.Now().Add(headerTimeout)
		g.counts.TurnedAway.Add(1)
	}
	g.open++
	who.open++
	g.clients[from] = who
	g.counts.Open.Add(1)
	g.wait(v)
	return v
}

// await hands a visit on as soon as it asks for something.
func (g *guard) await(v *visit) {
	if v.SetReadDeadline(v.expires) != nil || asking(v.Conn) != nil || v.SetReadDeadline(time.Time{}) != nil {
		_ = g.dismiss(v) // nobody is left to be told
		return
	}
	g.mu.Lock()
	g.come(v)
	g.mu.Unlock()
	select {
	case g.asking <- v:
	case <-g.closed:
		_ = g.dismiss(v) // nobody is left to be told
	}
}

// park lets a visit wait outside of net/http.
func (g *guard) park(v *visit) {
	g.mu.Lock()
	stopped := g.stopped
	g.mu.Unlock()
	if stopped {
		_ = g.dismiss(v)
		return
	}
	v.expires = time.Now().Add(idleTimeout - parkAfter)
	g.tasks.Go(func() { g.await(v) })
}

// makeRoom closes a connection that has waited long, or else one whose request has been coming too long to be honest, and
// says whether there was any. The lock is held.
func (g *guard) makeRoom() bool {
	victim := g.idler()
	for victim != nil && pending(victim.Conn) { // it has asked for something, and nobody has noticed yet
		g.come(victim)
		victim = g.idler()
	}
	if first := g.coming.first; victim == nil && first != nil && time.Since(first.since) > tooLong {
		victim = first
	}
	if victim == nil {
		return false
	}
	g.counts.MadeRoom.Add(1)
	g.leave(victim)
	victim.Conn.Close()
	return true
}

// idler is, of the connections that have waited longest, the first of the client that has most connections, so that a
// crowd makes room for others and not they for it; nil if none waits. The lock is held.
func (g *guard) idler() *visit {
	const looks = 32
	best := g.waiting.first
	for v, n := best, 0; v != nil && n < looks; v, n = v.after, n+1 {
		if v.who.open > best.who.open {
			best = v
		}
	}
	return best
}

// dismiss ends a visit.
func (g *guard) dismiss(v *visit) error {
	g.mu.Lock()
	g.leave(v)
	g.mu.Unlock()
	return v.Conn.Close()
}

// leave takes a visit out of all counts. The lock is held.
func (g *guard) leave(v *visit) {
	if v.gone {
		return
	}
	v.gone = true
	g.work(v)
	g.open--
	g.counts.Open.Add(-1)
	if v.who.open--; v.who.open == 0 {
		delete(g.clients, v.from)
	}
}

// wait, come and work say what a visit is about. The lock is held.
func (g *guard) wait(v *visit) { g.put(v, &g.waiting) }
func (g *guard) work(v *visit) { g.put(v, nil) }

func (g *guard) come(v *visit) {
	v.since = time.Now()
	g.put(v, &g.coming)
}

func (g *guard) put(v *visit, q *queue) {
	if v.gone {
		q = nil
	}
	before := g.waiting.n
	v.move(q)
	g.counts.Idle.Add(int64(g.waiting.n - before))
}

// notice is told by net/http what a connection is about to do.
func (g *guard) notice(c *conn, s http.ConnState) {
	switch s {
	case http.StateActive:
		g.mu.Lock()
		g.work(c.visit)
		g.mu.Unlock()
	case http.StateIdle:
		if c.visit.parks {
			c.wait()
		}
		g.mu.Lock()
		g.wait(c.visit)
		g.mu.Unlock()
	case http.StateHijacked:
		g.mu.Lock()
		g.work(c.visit)
		g.mu.Unlock()
	}
}

// Accept returns a connection that asks for something.
func (g *guard) Accept() (net.Conn, error) {
	select {
	case v := <-g.asking:
		c := &conn{visit: v, guard: g, bare: !g.tls && g.shape.RatePerConnection <= 0}
		c.outflow = newOutflow(v.Conn, g.limits.MinRate, func() { g.counts.TooSlow.Add(1) })
		return g.shape.conn(c), nil
	case err := <-g.broken:
		return nil, err
	case <-g.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the listener, and no new connection is handed on from then on.
func (g *guard) Close() error {
	g.once.Do(func() { close(g.closed) })
	return g.Listener.Close()
}

// stop closes all of whom there is no request, or no whole one. A browser opens connections just in case, and Shutdown would
// wait 5 s for each.
func (g *guard) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped = true
	for _, q := range []*queue{&g.waiting, &g.coming} {
		for v := q.first; v != nil; v = q.first {
			g.leave(v)
			v.Conn.Close()
		}
	}
}
