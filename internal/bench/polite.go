package bench

import (
	"fmt"
	"net/netip"

	"braid/scheduler/source"
)

// A StrangerError says that an address is one where a server may be somebody
// else's, which load must not be sent to without a word.
type StrangerError struct {
	Addr netip.Addr
	Kind string // "" for a public one
}

func (e *StrangerError) Error() string {
	kind := e.Kind
	if kind == "" {
		kind = "public"
	}
	return fmt.Sprintf("%v is %s: a benchmark is load, and load is for servers of one's own", e.Addr, kind)
}

// Polite refuses addresses where a server may be somebody else's. It is asked
// about the very address that is connected to, whatever the name said before.
//
// One's own are those of this machine, of private networks (RFC 1918; in IPv6
// unique local, RFC 4193), link-local ones, and those set apart for benchmarks
// (RFC 2544). The shared space behind a provider's translation, 100.64.0.0/10 (RFC
// 6598), is refused: it is not public, but what stands there is the provider's. An
// address of IPv6 that stands for one of IPv4, as behind NAT64, counts as that one.
func Polite(addr netip.Addr) error {
	switch kind := source.Kind(addr); kind {
	case "this machine's", "private", "link-local", "for benchmarks":
		return nil
	default:
		return &StrangerError{Addr: addr, Kind: kind}
	}
}
