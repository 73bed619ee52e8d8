package source

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// lookupPatience is how long a lookup may take if its last answer is known.
	lookupPatience = 5 * time.Second
	// behind is how long an address that was blamed is tried after the others.
	behind = time.Minute
)

// A book knows the addresses of hosts, and which of them to try first. It may
// be used by several goroutines at once.
type book struct {
	lookup func(ctx context.Context, host string) ([]netip.Addr, error)

	mu     sync.Mutex
	known  map[string][]netip.Addr // what lookups last gave
	blamed map[netip.Addr]time.Time
}

func newBook(lookup func(context.Context, string) ([]netip.Addr, error)) *book {
	return &book{lookup: lookup, known: map[string][]netip.Addr{}, blamed: map[netip.Addr]time.Time{}}
}

// find gives the addresses of host. If they cannot be looked up at the moment it
// gives those of the last time; that there is no such host is an answer, though.
func (b *book) find(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	b.mu.Lock()
	last := b.known[host]
	b.mu.Unlock()
	patient := ctx
	if last != nil {
		var cancel context.CancelFunc
		patient, cancel = context.WithTimeout(ctx, lookupPatience)
		defer cancel()
	}
	addrs, err := b.lookup(patient, host)
	if err == nil && len(addrs) == 0 {
		err = &net.DNSError{Err: "it has no address", Name: host, IsNotFound: true}
	}
	if starved(err) {
		err = os.NewSyscallError("socket", syscall.EMFILE)
	}
	dns, _ := errors.AsType[*net.DNSError](err)
	switch {
	case err == nil:
		b.remember(host, addrs)
	case dns != nil && dns.IsNotFound:
		b.remember(host, nil)
	case last != nil && ctx.Err() == nil:
		return last, nil
	}
	return addrs, err
}

// starved says whether a lookup failed for want of a descriptor. Of that net
// keeps a text at best; the C library says that there is no such host.
func starved(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	if !ok || strings.Contains(dns.Err, syscall.EMFILE.Error()) {
		return ok
	}
	f, err := os.Open(os.DevNull)
	if err == nil {
		f.Close()
	}
	return exhausted(err)
}

func (b *book) remember(host string, addrs []netip.Addr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if addrs == nil {
		delete(b.known, host)
		return
	}
	b.known[host] = addrs
}

// blame puts an address behind the others for a while: it let nobody in, or a
// transfer from it stalled or broke off.
func (b *book) blame(addr netip.Addr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.blamed[addr.Unmap().WithZone("")] = time.Now()
}

// order puts addresses in the order in which to try them: as they were looked
// up, the two families in turn (RFC 8305, section 4), and last those that were
// blamed, who has waited longest first. So it changes when there is a reason to,
// and only then: the servers behind one name need not have the same file.
func (b *book) order(addrs []netip.Addr) []netip.Addr {
	b.mu.Lock()
	defer b.mu.Unlock()
	when := func(a netip.Addr) time.Time {
		t := b.blamed[a.Unmap().WithZone("")]
		if time.Since(t) >= behind {
			return time.Time{}
		}
		return t
	}
	addrs = inTurn(addrs)
	slices.SortStableFunc(addrs, func(x, y netip.Addr) int { return when(x).Compare(when(y)) })
	return addrs
}

// inTurn gives addresses of both families alternately, as long as there are, in
// a slice of its own.
func inTurn(addrs []netip.Addr) []netip.Addr {
	var same, other []netip.Addr
	for _, a := range addrs {
		if a.Unmap().Is4() == addrs[0].Unmap().Is4() {
			same = append(same, a)
		} else {
			other = append(other, a)
		}
	}
	var all []netip.Addr
	for len(same)+len(other) > 0 {
		if len(same) > 0 {
			all, same = append(all, same[0]), same[1:]
		}
		if len(other) > 0 {
			all, other = append(all, other[0]), other[1:]
		}
	}
	return all
}
