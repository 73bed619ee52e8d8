//go:build unix

package source

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
)

// Out of descriptors, getaddrinfo says that there is no such host, which would
// be the end of a download.
func TestNoDescriptorIsNotNoHost(t *testing.T) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := &net.DNSError{Err: "no such host", Name: "host.example", IsNotFound: true}
	d := &dialer{timeout: headStart, book: newBook(func(context.Context, string) ([]netip.Addr, error) {
		few := limit
		few.Cur = 0
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
			t.Error(err)
		}
		return nil, none
	})}
	_, err := d.dial(t.Context(), "host.example:80", func(netip.Addr) error { return nil })
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok || !errors.Is(err, syscall.EMFILE) {
		t.Errorf("%v, %v", err, dns)
	}
	d.lookup = func(context.Context, string) ([]netip.Addr, error) { return nil, none }
	if _, err := d.dial(t.Context(), "host.example:80", nil); !errors.Is(err, none) {
		t.Errorf("%v", err)
	}
}
