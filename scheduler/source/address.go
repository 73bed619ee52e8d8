package source

import (
	"fmt"
	"net/netip"
)

// An AddressError says that a download that began at a public address was not
// followed to one that is not. It is permanent.
type AddressError struct {
	Host string     // where a redirect, or a name that has moved, leads
	Addr netip.Addr // where that is
	Kind string     // and of which kind: "private", "loopback"
}

func (e *AddressError) Error() string {
	return fmt.Sprintf("%s: this leads from a public address to %v, which is %s", e.Host, e.Addr, e.Kind)
}

// A block is a range of addresses that the internet does not lead to.
type block struct {
	prefix netip.Prefix
	kind   string
}

func blockOf(prefix, kind string) block { return block{netip.MustParsePrefix(prefix), kind} }

// blocks are those of the special-purpose registries of IANA (RFC 6890) that
// are not globally reachable, or lead to one machine only.
var blocks = []block{
	blockOf("0.0.0.0/8", "this machine's"),
	blockOf("10.0.0.0/8", "private"),
	blockOf("100.64.0.0/10", "a provider's own"),
	blockOf("127.0.0.0/8", "this machine's"),
	blockOf("169.254.0.0/16", "link-local"), // with 169.254.169.254, which tells cloud machines their secrets
	blockOf("172.16.0.0/12", "private"),
	blockOf("192.0.0.0/24", "reserved"),
	blockOf("192.0.2.0/24", "for examples"),
	blockOf("192.168.0.0/16", "private"),
	blockOf("198.18.0.0/15", "for benchmarks"),
	blockOf("198.51.100.0/24", "for examples"),
	blockOf("203.0.113.0/24", "for examples"),
	blockOf("224.0.0.0/4", "multicast"),
	blockOf("240.0.0.0/4", "reserved"),

	blockOf("::/127", "this machine's"),
	blockOf("64:ff9b:1::/48", "private"), // a network's own translation to IPv4
	blockOf("100::/64", "reserved"),
	blockOf("2001::/23", "reserved"), // with Teredo, a tunnel to IPv4
	blockOf("2001:db8::/32", "for examples"),
	blockOf("3fff::/20", "for examples"),
	blockOf("5f00::/16", "reserved"),
	blockOf("fc00::/7", "private"), // with fd00:ec2::254, as 169.254.169.254
	blockOf("fe80::/10", "link-local"),
	blockOf("fec0::/10", "private"),
	blockOf("ff00::/8", "multicast"),
}

// embedded are the addresses of IPv6 that stand for one of IPv4, and where in
// them that begins.
var embedded = []struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("::/96"), 12},           // as it was once written
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12}, // translated (RFC 2765)
	{netip.MustParsePrefix("64:ff9b::/96"), 12},    // translated by NAT64 (RFC 6052)
	{netip.MustParsePrefix("2002::/16"), 2},        // 6to4
}

// Kind says of which kind an address is that the internet does not lead to, by
// IANA's special-purpose registries (RFC 6890): "this machine's", "private",
// "link-local" … It is "" if the internet does.
func Kind(addr netip.Addr) string { return special(addr) }

// special is the kind of an address that the internet does not lead to; "" if
// it does.
func special(addr netip.Addr) string {
	addr = addr.Unmap().WithZone("") // no prefix contains an address with a zone
	if !addr.IsValid() {
		return "none"
	}
	for _, b := range blocks {
		if b.prefix.Contains(addr) {
			return b.kind
		}
	}
	for _, e := range embedded {
		if bytes := addr.AsSlice(); e.prefix.Contains(addr) {
			return special(netip.AddrFrom4([4]byte(bytes[e.at : e.at+4])))
		}
	}
	return ""
}
