package source

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	// headStart is how long an address is tried alone before the next one is
	// tried too (RFC 8305, section 5).
	headStart = 250 * time.Millisecond
	// maxAddresses is the most addresses that are tried for one connection.
	maxAddresses = 8
)

// A dialer connects to hosts by whichever of their addresses lets it in first.
type dialer struct {
	*book
	connect func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
	timeout time.Duration
	allow   func(netip.Addr) error // what ClientOptions has against an address; nil for nothing
	spares  spares
}

func newDialer(timeout time.Duration, allow func(netip.Addr) error) *dialer {
	lookup := func(ctx context.Context, host string) ([]netip.Addr, error) {
		return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	}
	connect := func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", to.String())
	}
	return &dialer{book: newBook(lookup), connect: connect, timeout: timeout, allow: allow}
}

// dial connects to address, a host and a port. Only addresses that allowed has
// nothing against are tried, and they are tried as they were looked up: there
// is no second lookup that could give others. If none is left the error is that
// of allowed.
func (d *dialer) dial(ctx context.Context, address string, allowed func(netip.Addr) error) (net.Conn, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, dialError(err)
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, dialError(&net.AddrError{Err: "no such port", Addr: address})
	}
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	found, err := d.find(ctx, host)
	if err != nil {
		return nil, dialError(err)
	}
	if found, err = d.permitted(found); err != nil {
		return nil, err
	}
	var all []netip.AddrPort
	var refused error
	for _, addr := range d.order(found) {
		if err := allowed(addr); err != nil {
			refused = err
			continue
		}
		if len(all) < maxAddresses {
			all = append(all, netip.AddrPortFrom(addr.Unmap(), uint16(port)))
		}
	}
	if len(all) == 0 {
		return nil, refused
	}
	return d.race(ctx, all)
}

// permitted leaves out the addresses that must not be connected to.
func (d *dialer) permitted(found []netip.Addr) (some []netip.Addr, err error) {
	if d.allow == nil {
		return found, nil
	}
	for _, addr := range found {
		if no := d.allow(addr.Unmap()); no != nil {
			err = no
			continue
		}
		some = append(some, addr)
	}
	if len(some) > 0 {
		err = nil
	}
	return some, err
}

func dialError(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }

// An attempt is how connecting to one of several addresses ended.
type attempt struct {
	conn net.Conn
	err  error
	i    int // which of them
}

// race connects to the first of all that lets it in. Each has a head start over
// the next, which begins at once when one fails. Who fails is blamed, and so is
// who had a head start over the winner.
func (d *dialer) race(ctx context.Context, all []netip.AddrPort) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	attempts := make(chan attempt, len(all))
	var running sync.WaitGroup
	defer func() {
		cancel()
		running.Wait()
		close(attempts)
		for late := range attempts {
			if late.err == nil {
				late.conn.Close()
			}
		}
	}()
	next := time.NewTimer(0)
	defer next.Stop()
	ended := make([]bool, len(all))
	var why error
	for begun, over := 0, 0; over < len(all); {
		select {
		case <-next.C:
			i, to := begun, all[begun]
			running.Go(func() {
				conn, err := d.connect(ctx, to)
				attempts <- attempt{conn, err, i}
			})
			if begun++; begun < len(all) {
				next.Reset(headStart)
			}
		case a := <-attempts:
			over++
			ended[a.i] = true
			switch {
			case a.err == nil:
				for i := range a.i {
					if !ended[i] {
						d.blame(all[i].Addr())
					}
				}
				return a.conn, nil
			case exhausted(a.err): // of which no address is guilty, and no other one cures it
				why, all = a.err, all[:begun]
				continue
			case ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded):
				d.blame(all[a.i].Addr())
			}
			if why == nil {
				why = a.err
			}
			if ctx.Err() != nil {
				all = all[:begun]
			} else if begun < len(all) {
				next.Reset(0)
			}
		}
	}
	return nil, why
}

// exhausted says whether this machine has no descriptor left to connect with.
func exhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}
