package source

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestSpecialAddresses(t *testing.T) { // case 55
	rows := []struct{ addr, kind string }{
		{"0.0.0.0", "this machine's"},
		{"0.1.2.3", "this machine's"},
		{"127.0.0.1", "this machine's"},
		{"127.255.255.254", "this machine's"},
		{"10.0.0.0", "private"},
		{"10.255.255.255", "private"},
		{"172.16.0.0", "private"},
		{"172.31.255.255", "private"},
		{"192.168.0.0", "private"},
		{"192.168.255.255", "private"},
		{"100.64.0.0", "a provider's own"},
		{"100.127.255.255", "a provider's own"},
		{"169.254.0.0", "link-local"},
		{"169.254.169.254", "link-local"},
		{"192.0.0.170", "reserved"},
		{"192.0.2.1", "for examples"},
		{"198.18.0.1", "for benchmarks"},
		{"198.19.255.255", "for benchmarks"},
		{"224.0.0.1", "multicast"},
		{"240.0.0.1", "reserved"},
		{"255.255.255.255", "reserved"},

		{"::", "this machine's"},
		{"::1", "this machine's"},
		{"fc00::1", "private"},
		{"fdff::1", "private"},
		{"fd00:ec2::254", "private"},
		{"fe80::1", "link-local"},
		{"fe80::1%eth0", "link-local"},
		{"febf::1", "link-local"},
		{"fec0::1", "private"},
		{"ff02::1", "multicast"},
		{"ff02::1%1", "multicast"},
		{"2001:db8::1", "for examples"},
		{"2001::1", "reserved"},
		{"2001:0:7f00:1::", "reserved"},
		{"100::1", "reserved"},
		{"64:ff9b:1::a00:1", "private"},

		// One of IPv4 in other clothes.
		{"::ffff:127.0.0.1", "this machine's"},
		{"::ffff:169.254.169.254", "link-local"},
		{"::ffff:10.0.0.1", "private"},
		{"::ffff:192.168.1.1%eth0", "private"},
		{"::127.0.0.1", "this machine's"},
		{"::10.0.0.1", "private"},
		{"::ffff:0:10.0.0.1", "private"},
		{"64:ff9b::127.0.0.1", "this machine's"},
		{"64:ff9b::169.254.169.254", "link-local"},
		{"64:ff9b::a00:1", "private"},
		{"64:ff9b::100.64.0.1", "a provider's own"},
		{"2002:7f00:1::", "this machine's"},
		{"2002:a9fe:a9fe::1", "link-local"},
		{"2002:c0a8:101::", "private"},

		{"1.1.1.1", ""},
		{"9.255.255.255", ""},
		{"11.0.0.0", ""},
		{"100.63.255.255", ""},
		{"100.128.0.0", ""},
		{"126.255.255.255", ""},
		{"128.0.0.0", ""},
		{"169.253.255.255", ""},
		{"169.255.0.0", ""},
		{"172.15.255.255", ""},
		{"172.32.0.0", ""},
		{"192.167.255.255", ""},
		{"192.169.0.0", ""},
		{"223.255.255.255", ""},
		{"2606:4700::1111", ""},
		{"2001:4860:4860::8888", ""},
		{"2a00::1", ""},
		{"::ffff:1.1.1.1", ""},
		{"64:ff9b::1.1.1.1", ""},
		{"2002:101:101::", ""},
	}
	for _, row := range rows {
		if got := special(netip.MustParseAddr(row.addr)); got != row.kind {
			t.Errorf("%s: %q, want %q", row.addr, got, row.kind)
		}
	}
	if special(netip.Addr{}) == "" {
		t.Error("no address at all is public")
	}
}

// Whatever the standard library knows not to be public is not public here, in
// whatever clothes.
func TestSpecialAddressesKnowWhatTheLibraryKnows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		four := [4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "four"))
		addr := netip.AddrFrom4(four)
		known := addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast() || addr.IsUnspecified() || addr.IsMulticast()
		kind := special(addr)
		if known && kind == "" {
			t.Fatalf("%v is public", addr)
		}
		mapped := netip.AddrFrom16(addr.As16())
		translated := [16]byte{0, 0x64, 0xff, 0x9b, 12: four[0], four[1], four[2], four[3]}
		sixToFour := [16]byte{0x20, 0x02, four[0], four[1], four[2], four[3]}
		for _, other := range []netip.Addr{mapped, netip.AddrFrom16(translated), netip.AddrFrom16(sixToFour)} {
			if got := special(other); got != kind {
				t.Fatalf("%v is %q, %v is %q", addr, kind, other, got)
			}
		}
		sixteen := netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "sixteen")))
		if (sixteen.IsPrivate() || sixteen.IsLoopback() || sixteen.IsLinkLocalUnicast() || sixteen.IsMulticast()) && special(sixteen) == "" {
			t.Fatalf("%v is public", sixteen)
		}
	})
}
