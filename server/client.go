package server

import (
	"net"
	"net/netip"
)

// clientOf is what counts as one client: an IPv4 address, or the /64 of an IPv6 address, which is the least that anybody
// is given (RFC 6177). All that is no IP address is one client.
func clientOf(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return household(tcp.AddrPort().Addr())
}

// clientFrom is clientOf for an address as http.Request.RemoteAddr has it.
func clientFrom(remote string) netip.Addr {
	a, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return household(a.Addr())
}

func household(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a
	}
	p, err := a.Prefix(64)
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr()
}
