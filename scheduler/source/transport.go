package source

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
)

// A transport keeps connections to public addresses and to others apart, so
// that the one kind is never used for a request that may only use the other,
// whatever is idle and whatever a name stands for by now. The address of a
// connection is checked after the lookup and before connecting.
//
// What a proxy is asked for, the proxy looks up: of that only an address that
// is written in the URL itself can be checked.
type transport struct {
	*dialer
	proxy   func(*http.Request) (*url.URL, error)
	far     *http.Transport // to public addresses
	near    *http.Transport // to all others
	relayed *http.Transport // to proxies
	free    bool            // redirects may lead anywhere
}

// newTransport makes three of base.
func newTransport(base *http.Transport, d *dialer, proxy func(*http.Request) (*url.URL, error)) *transport {
	via := func(allowed func(netip.Addr) error) *http.Transport {
		t := base.Clone()
		t.DialContext = func(ctx context.Context, _, address string) (net.Conn, error) {
			conn := d.spares.take(address, allowed)
			if conn == nil {
				var err error
				if conn, err = d.dial(ctx, address, allowed); err != nil {
					return nil, err
				}
				d.spares.opened(address)
			}
			return &line{Conn: conn}, nil
		}
		return t
	}
	t := &transport{dialer: d, proxy: proxy, far: via(beFar), near: via(beNear)}
	t.relayed = via(func(netip.Addr) error { return nil })
	t.relayed.Proxy = proxy
	return t
}

// beFar refuses addresses that are not public.
func beFar(addr netip.Addr) error {
	if kind := special(addr); kind != "" {
		return &AddressError{Addr: addr, Kind: kind}
	}
	return nil
}

var errFar = errors.New("it is at a public address")

// beNear refuses addresses that are.
func beNear(addr netip.Addr) error {
	if special(addr) == "" {
		return errFar
	}
	return nil
}

// A reach is how far the requests of one download go. The first connection,
// which is to the user's own URL, decides, and once.
type reach struct{ atomic.Int32 }

const (
	undecided = iota
	reachFar  // redirects lead to public addresses only
	reachNear // redirects lead anywhere
)

// RoundTrip is part of http.RoundTripper: it goes anywhere.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	return t.roundTrip(req, false, new(reach))
}

// roundTrip sends req, to which a redirect led or not.
func (t *transport) roundTrip(req *http.Request, led bool, r *reach) (*http.Response, error) {
	by, err := t.proxy(req)
	if err != nil {
		return nil, err
	}
	now := r.Load()
	anywhere := t.free || now == reachNear || now == undecided && !led
	if by != nil {
		if addr, err := netip.ParseAddr(req.URL.Hostname()); err == nil && !anywhere {
			if err := beFar(addr); err != nil {
				return nil, err
			}
		}
		return t.relayed.RoundTrip(req)
	}
	first, second := t.far, t.near
	if now == reachNear {
		first, second = second, first
	}
	var decided int32 = reachFar
	resp, err := first.RoundTrip(req)
	if anywhere && refusal(err) {
		decided = reachNear
		resp, err = second.RoundTrip(req)
	}
	if err == nil {
		r.CompareAndSwap(undecided, decided)
	}
	return resp, err
}

// refusal says whether a host has no address of the kind that was wanted.
func refusal(err error) bool {
	_, ok := errors.AsType[*AddressError](err)
	return ok || errors.Is(err, errFar)
}

// CloseIdleConnections is what http.Client.CloseIdleConnections calls.
func (t *transport) CloseIdleConnections() {
	t.far.CloseIdleConnections()
	t.near.CloseIdleConnections()
	t.relayed.CloseIdleConnections()
}
