package source

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A neighbourhood is a network of addresses, each of which lets one in, refuses
// or says nothing, after a while. Nothing in it takes real time.
type neighbourhood struct {
	addrs   []netip.Addr
	lookErr error
	look    time.Duration
	waits   map[string]time.Duration // how long an address takes; none says nothing
	errs    map[string]error

	mu    sync.Mutex
	tried []string
	open  atomic.Int32
}

type fakeConn struct {
	net.Conn
	to   string
	open *atomic.Int32
}

func (c *fakeConn) Close() error { c.open.Add(-1); return nil }

func (n *neighbourhood) dialer() *dialer {
	return &dialer{
		book: newBook(func(ctx context.Context, host string) ([]netip.Addr, error) {
			select {
			case <-time.After(n.look):
				return n.addrs, n.lookErr
			case <-ctx.Done():
				return nil, &net.DNSError{Err: "i/o timeout", Name: host, IsTimeout: true, IsTemporary: true}
			}
		}),
		connect: func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			addr := to.Addr().String()
			n.mu.Lock()
			n.tried = append(n.tried, addr)
			n.mu.Unlock()
			wait, answers := n.waits[addr]
			if !answers {
				wait = 1000 * time.Hour
			}
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return nil, dialError(os.ErrDeadlineExceeded)
			}
			if err := n.errs[addr]; err != nil {
				return nil, dialError(os.NewSyscallError("connect", err))
			}
			n.open.Add(1)
			return &fakeConn{to: addr, open: &n.open}, nil
		},
		timeout: 10 * time.Second,
	}
}

// dialed connects once, and says where to, what was tried before, and how long
// that took.
func (n *neighbourhood) dialed(t *testing.T, d *dialer) (to string, tried []string, took time.Duration, err error) {
	t.Helper()
	n.tried = nil
	before := time.Now()
	conn, err := d.dial(t.Context(), "host.example:80", func(netip.Addr) error { return nil })
	took = time.Since(before)
	if err == nil {
		to = conn.(*fakeConn).to
		conn.Close()
	}
	synctest.Wait()
	if n := n.open.Load(); n != 0 {
		t.Errorf("%d connections were left open", n)
	}
	return to, n.tried, took, err
}

func addrs(all ...string) (parsed []netip.Addr) {
	for _, a := range all {
		parsed = append(parsed, netip.MustParseAddr(a))
	}
	return parsed
}

const ms = time.Millisecond

func TestDialing(t *testing.T) { // cases 57 and 58
	six, seven, four, five := "2001:4860::6", "2001:4860::7", "1.1.1.4", "1.1.1.5"
	rows := []struct {
		name  string
		waits map[string]time.Duration
		errs  map[string]error
		to    string
		tried string
		took  time.Duration
		again string // where the next connection goes to first
	}{
		{"all is well", map[string]time.Duration{six: 20 * ms, four: 10 * ms}, nil, six, six, 20 * ms, six},
		{"IPv6 says nothing", map[string]time.Duration{four: 10 * ms}, nil, four, six + " " + four, 260 * ms, four},
		{"IPv6 is slow", map[string]time.Duration{six: 400 * ms, four: 10 * ms}, nil, four, six + " " + four, 260 * ms, four},
		{"IPv6 is a little slow", map[string]time.Duration{six: 255 * ms, four: 10 * ms}, nil, six, six + " " + four, 255 * ms, six},
		{"IPv6 has no route", map[string]time.Duration{six: 0, four: 10 * ms}, map[string]error{six: syscall.ENETUNREACH}, four, six + " " + four, 10 * ms, four},
		{"the first of each is dead", map[string]time.Duration{seven: 5 * ms}, nil, seven, six + " " + four + " " + seven, 505 * ms, seven},
		{"all refuse", map[string]time.Duration{six: ms, four: ms, seven: ms, five: ms},
			map[string]error{six: syscall.ECONNREFUSED, four: syscall.ECONNRESET, seven: syscall.EHOSTUNREACH, five: syscall.ENETUNREACH},
			"", six + " " + four + " " + seven + " " + five, 4 * ms, six},
		{"nobody says a thing", nil, nil, "", six + " " + four + " " + seven + " " + five, 10 * time.Second, six},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &neighbourhood{addrs: addrs(six, seven, four, five), waits: row.waits, errs: row.errs}
				d := n.dialer()
				to, tried, took, err := n.dialed(t, d)
				if to != row.to || strings.Join(tried, " ") != row.tried || took != row.took || (err == nil) != (to != "") {
					t.Errorf("to %q after %v in %v, %v", to, tried, took, err)
				}
				if row.name == "all refuse" && !errors.Is(err, syscall.ECONNREFUSED) {
					t.Errorf("%v, want what the first one said", err)
				}
				if timeout, ok := errors.AsType[net.Error](err); row.name == "nobody says a thing" && (!ok || !timeout.Timeout()) {
					t.Errorf("%v is no timeout", err)
				}
				if _, tried, _, _ := n.dialed(t, d); tried[0] != row.again {
					t.Errorf("the next one begins with %v", tried)
				}
				time.Sleep(behind) // in this bubble's own time
				if _, tried, _, _ := n.dialed(t, d); tried[0] != six {
					t.Errorf("a minute later %v", tried)
				}
			})
		})
	}
}

func TestBlamedAddressesGoLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, c := "1.1.1.1", "1.1.1.2", "1.1.1.3"
		n := &neighbourhood{addrs: addrs(a, b, c), waits: map[string]time.Duration{a: ms, b: ms, c: ms}}
		d := n.dialer()
		var went []string
		for range 7 {
			to, _, _, err := n.dialed(t, d)
			if err != nil {
				t.Fatal(err)
			}
			went = append(went, to)
			d.blame(netip.MustParseAddr("::ffff:" + to)) // as sockets of both families tell it
		}
		if want := []string{a, b, c, a, b, c, a}; !slices.Equal(went, want) {
			t.Errorf("%v, want %v", went, want)
		}
	})
}

func TestLookups(t *testing.T) { // case 56
	again := &net.DNSError{Err: "server misbehaving", Name: "host.example", IsTemporary: true}
	none := &net.DNSError{Err: "no such host", Name: "host.example", IsNotFound: true}
	setup := func() (*neighbourhood, *dialer) {
		n := &neighbourhood{addrs: addrs("1.1.1.1"), waits: map[string]time.Duration{"1.1.1.1": ms}}
		return n, n.dialer()
	}
	t.Run("nothing is known yet", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n, d := setup()
			n.lookErr = again
			if _, _, _, err := n.dialed(t, d); !errors.Is(err, again) {
				t.Errorf("%v", err)
			}
		})
	})
	t.Run("for a while", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n, d := setup()
			n.dialed(t, d)
			n.addrs, n.lookErr = nil, again
			if to, _, _, err := n.dialed(t, d); to != "1.1.1.1" {
				t.Errorf("%q, %v", to, err)
			}
		})
	})
	t.Run("without an answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n, d := setup()
			n.dialed(t, d)
			n.look = time.Hour
			if to, _, took, err := n.dialed(t, d); to != "1.1.1.1" || took != lookupPatience+ms {
				t.Errorf("%q, %v, %v", to, took, err)
			}
		})
	})
	t.Run("the host is gone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n, d := setup()
			n.dialed(t, d)
			n.addrs, n.lookErr = nil, none
			if _, tried, _, err := n.dialed(t, d); !errors.Is(err, none) || tried != nil {
				t.Errorf("%v, %v", tried, err)
			}
			n.lookErr = again
			if _, tried, _, err := n.dialed(t, d); !errors.Is(err, again) || tried != nil {
				t.Errorf("%v, %v: it is still known", tried, err)
			}
		})
	})
	t.Run("it has no address", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n, d := setup()
			n.addrs = nil
			_, _, _, err := n.dialed(t, d)
			if dns, ok := errors.AsType[*net.DNSError](err); !ok || !dns.IsNotFound {
				t.Errorf("%v", err)
			}
		})
	})
	t.Run("it has moved", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n, d := setup()
			n.dialed(t, d)
			n.addrs, n.waits = addrs("1.1.1.9"), map[string]time.Duration{"1.1.1.9": ms}
			if to, _, _, err := n.dialed(t, d); to != "1.1.1.9" {
				t.Errorf("%q, %v", to, err)
			}
		})
	})
}

// When descriptors run out no address is at fault, and trying more of them is
// no help.
func TestOutOfDescriptors(t *testing.T) {
	for _, no := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE} {
		synctest.Test(t, func(t *testing.T) {
			a, b := "1.1.1.1", "1.1.1.2"
			n := &neighbourhood{addrs: addrs(a, b), waits: map[string]time.Duration{a: 0, b: 0}, errs: map[string]error{a: no}}
			d := n.dialer()
			if _, tried, _, err := n.dialed(t, d); !errors.Is(err, no) || len(tried) != 1 {
				t.Errorf("%v, %v", tried, err)
			}
			n.errs = nil
			if to, _, _, err := n.dialed(t, d); to != a {
				t.Errorf("%q, %v: the address was blamed", to, err)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		n := &neighbourhood{lookErr: &net.DNSError{Err: "dial udp 127.0.0.53:53: socket: too many open files", IsTemporary: true}}
		_, _, _, err := n.dialed(t, n.dialer())
		if _, ok := errors.AsType[*net.DNSError](err); ok || !errors.Is(err, syscall.EMFILE) {
			t.Errorf("%v", err)
		}
	})
}

// Who comes in at the same moment as the winner is let go again.
func TestDialingKeepsOneConnection(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			a, b := "1.1.1.1", "1.1.1.2"
			n := &neighbourhood{addrs: addrs(a, b), waits: map[string]time.Duration{a: headStart + 10*ms, b: 10 * ms}}
			if to, _, took, err := n.dialed(t, n.dialer()); to == "" || took != headStart+10*ms {
				t.Errorf("%q, %v, %v", to, took, err)
			}
		})
	}
}

func TestDialingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &neighbourhood{addrs: addrs("1.1.1.1", "1.1.1.2")}
		d := n.dialer()
		ctx, cancel := context.WithTimeout(t.Context(), 100*ms)
		defer cancel()
		before := time.Now()
		_, err := d.dial(ctx, "host.example:80", func(netip.Addr) error { return nil })
		if took := time.Since(before); err == nil || took != 100*ms {
			t.Errorf("%v, %v", took, err)
		}
	})
}

func TestManyAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &neighbourhood{}
		for i := range 1000 {
			n.addrs = append(n.addrs, netip.AddrFrom4([4]byte{1, 1, byte(i / 256), byte(i)}))
		}
		if _, tried, _, _ := n.dialed(t, n.dialer()); len(tried) != maxAddresses {
			t.Errorf("%d were tried", len(tried))
		}
	})
}

func TestOrder(t *testing.T) {
	b := newBook(nil)
	for in, want := range map[string]string{
		"":                        "[]",
		"1.1.1.1":                 "[1.1.1.1]",
		"1.1.1.1 1.1.1.2 ::6 ::7": "[1.1.1.1 ::6 1.1.1.2 ::7]",
		"::6 ::7 ::8 1.1.1.1":     "[::6 1.1.1.1 ::7 ::8]",
		"::ffff:1.1.1.1 ::6":      "[::ffff:1.1.1.1 ::6]",
		"1.1.1.1 ::ffff:1.1.1.2":  "[1.1.1.1 ::ffff:1.1.1.2]",
	} {
		if got := fmt.Sprint(b.order(addrs(strings.Fields(in)...))); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
