package source

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"
)

// warmFor is how long a connection that nobody has used yet is believed to be
// open at the other end: servers close those on which no request comes.
const warmFor = 5 * time.Second

// Warm connects to the host of rawURL n times, as soon as the first connection
// stands, for requests that will be sent when the first answer has told what to
// ask for: so they wait a round trip less. It is of no use behind a proxy, and
// then does nothing. cool ends it, and closes what was not used.
func Warm(ctx context.Context, client *http.Client, rawURL string, n int) (cool func()) {
	t, ok := client.Transport.(*transport)
	u, err := url.Parse(rawURL)
	if !ok || err != nil || u.Hostname() == "" || n < 1 {
		return func() {}
	}
	if by, err := t.proxy(&http.Request{URL: u}); by != nil || err != nil {
		return func() {}
	}
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	address := net.JoinHostPort(u.Hostname(), port)
	ctx, stop := context.WithCancel(ctx)
	// A server that serves one connection after the other must meet first the
	// one that will ask something.
	open := t.spares.await(address)
	var connecting sync.WaitGroup
	for range n {
		connecting.Go(func() {
			select {
			case <-open:
			case <-ctx.Done():
				return
			}
			// Where redirects may lead is for the request to decide that uses it.
			if conn, err := t.dial(ctx, address, func(netip.Addr) error { return nil }); err == nil {
				t.spares.put(address, conn)
			}
		})
	}
	return func() {
		stop()
		connecting.Wait()
		t.spares.close(address)
	}
}

// spares are connections that were made before they were needed. The zero value
// has none. They may be used by several goroutines at once.
type spares struct {
	mu     sync.Mutex
	conns  map[string][]spare       // by host and port
	awaits map[string]chan struct{} // closed when there is a connection
}

type spare struct {
	net.Conn
	since time.Time
}

// await is closed when opened is called for address.
func (s *spares) await(address string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.awaits == nil {
		s.awaits = map[string]chan struct{}{}
	}
	if s.awaits[address] == nil {
		s.awaits[address] = make(chan struct{})
	}
	return s.awaits[address]
}

// opened says that there is a connection to address.
func (s *spares) opened(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if open := s.awaits[address]; open != nil {
		close(open)
		delete(s.awaits, address)
	}
}

func (s *spares) put(address string, conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		s.conns = map[string][]spare{}
	}
	s.conns[address] = append(s.conns[address], spare{conn, time.Now()})
}

// take gives a connection that allowed has nothing against; nil if there is
// none.
func (s *spares) take(address string, allowed func(netip.Addr) error) net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, c := range s.conns[address] {
		to, ok := c.RemoteAddr().(*net.TCPAddr)
		if !ok || allowed(to.AddrPort().Addr().Unmap()) != nil || time.Since(c.since) > warmFor {
			continue
		}
		s.conns[address] = append(s.conns[address][:i:i], s.conns[address][i+1:]...)
		return c.Conn
	}
	return nil
}

func (s *spares) close(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns[address] {
		c.Close()
	}
	delete(s.conns, address)
	delete(s.awaits, address)
}
