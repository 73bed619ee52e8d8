package source

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"braid/scheduler"
)

// A world gives names any address, and any address an origin of this machine.
type world struct {
	client *http.Client
	hosts  map[string]string // addresses, with spaces between; one lookup behind another with a |
	places map[string]*origin

	mu    sync.Mutex
	asked map[string]int
	went  []string // the addresses that were connected to
}

func newWorld(t *testing.T, o ClientOptions, hosts map[string]string, places map[string]*origin) *world {
	w := &world{client: Client(o), hosts: hosts, places: places, asked: map[string]int{}}
	t.Cleanup(w.client.CloseIdleConnections)
	tr := w.client.Transport.(*transport)
	tr.proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	tr.lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		answers, ok := w.hosts[host]
		if !ok {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		all := strings.Split(answers, "|")
		n := min(w.asked[host], len(all)-1)
		w.asked[host]++
		return addrs(strings.Fields(all[n])...), nil
	}
	tr.connect = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		w.mu.Lock()
		w.went = append(w.went, to.Addr().String())
		o := w.places[to.Addr().String()]
		w.mu.Unlock()
		if o == nil {
			return nil, dialError(errors.New("nobody lives at " + to.String()))
		}
		return new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(o.url, "http://"))
	}
	return w
}

// visited is the addresses that were connected to so far.
func (w *world) visited() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.went)
}

// open opens url, and closes it when the test ends.
func (w *world) open(t *testing.T, url string) (*HTTP, error) {
	s, err := Open(t.Context(), w.client, url, Options{})
	if err == nil {
		t.Cleanup(func() { s.Close() })
	}
	return s, err
}

// wantRefused wants err to be that a redirect leads to addr.
func wantRefused(t *testing.T, err error, addr string) {
	t.Helper()
	e, ok := errors.AsType[*AddressError](err)
	if !ok || !scheduler.IsPermanent(err) || e.Addr.String() != addr || !strings.Contains(err.Error(), "leads from a public address to "+addr+", which is ") {
		t.Errorf("%v, want a refusal of %s", err, addr)
	}
}

// wander is an origin that redirects /to/URL to URL, and has the file.
func wander(t *testing.T) *origin {
	return serve(t, func(_ int, r *http.Request) string {
		if url, ok := strings.CutPrefix(r.URL.RequestURI(), "/to/"); ok {
			return to(url)
		}
		return part(asked(r))
	})
}

func TestRedirectsToPrivateAddresses(t *testing.T) { // case 55
	o := wander(t)
	hosts := map[string]string{
		"public.example": "1.1.1.1", "other.example": "2606:4700::1 1.1.1.2", "private.example": "10.0.0.5", "home.example": "fd00::1 192.168.1.1",
		"this.example": "127.0.0.1", "meta.example": "169.254.169.254", "mixed.example": "10.0.0.5 1.1.1.2", "mapped.example": "::ffff:10.0.0.5",
		"nat64.example": "64:ff9b::a9fe:a9fe", "evil.example": "1.1.1.1 127.0.0.1", "carrier.example": "100.64.0.1",
	}
	places := map[string]*origin{}
	for _, a := range []string{"1.1.1.1", "1.1.1.2", "2606:4700::1", "10.0.0.5", "192.168.1.1", "fd00::1", "127.0.0.1", "169.254.169.254", "::1"} {
		places[a] = o
	}
	rows := []struct{ url, refused string }{
		{"public.example/f", ""},
		{"private.example/f", ""},
		{"10.0.0.5/f", ""},
		{"[::1]/f", ""},
		{"mixed.example/f", ""},
		{"public.example/to/http://other.example/f", ""},
		{"public.example/to/http://mixed.example/f", ""},
		{"public.example/to//public.example/f", ""},
		{"private.example/to/http://public.example/f", ""},
		{"private.example/to/http://this.example/f", ""},
		{"private.example/to/http://public.example/to/http://meta.example/f", ""},
		{"10.0.0.5/to/http://home.example/f", ""},

		{"public.example/to/http://private.example/f", "10.0.0.5"},
		{"public.example/to/http://private.example:8080/f", "10.0.0.5"},
		{"public.example/to/http://home.example/f", "192.168.1.1"},
		{"public.example/to/http://this.example/f", "127.0.0.1"},
		{"public.example/to/http://meta.example/f", "169.254.169.254"},
		{"public.example/to/http://carrier.example/f", "100.64.0.1"},
		{"public.example/to/http://mapped.example/f", "::ffff:10.0.0.5"},
		{"public.example/to/http://nat64.example/f", "64:ff9b::a9fe:a9fe"},
		{"public.example/to/http://127.0.0.1/f", "127.0.0.1"},
		{"public.example/to/http://10.0.0.5/f", "10.0.0.5"},
		{"public.example/to/http://0.0.0.0/f", "0.0.0.0"},
		{"public.example/to/http://[::1]/f", "::1"},
		{"public.example/to/http://[::]/f", "::"},
		{"public.example/to/http://[::ffff:127.0.0.1]/f", "::ffff:127.0.0.1"},
		{"public.example/to/http://[64:ff9b::a9fe:a9fe]/f", "64:ff9b::a9fe:a9fe"},
		{"public.example/to/http://other.example/to/http://this.example/f", "127.0.0.1"},
		{"mixed.example/to/http://this.example/f", "127.0.0.1"},
		{"evil.example/to/http://meta.example/f", "169.254.169.254"},
	}
	for _, row := range rows {
		t.Run(row.url, func(t *testing.T) {
			w := newWorld(t, ClientOptions{}, hosts, places)
			s, err := w.open(t, "http://"+row.url)
			if row.refused != "" {
				wantRefused(t, err, row.refused)
				if slices.ContainsFunc(w.visited(), func(a string) bool { return special(netip.MustParseAddr(a)) != "" }) {
					t.Errorf("it went to %v", w.visited())
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantBytes(t, s, span(0, 1000))
			wantBytes(t, s, span(5, 10))
			if strings.Contains(row.url, "mixed") && slices.Contains(w.visited(), "10.0.0.5") {
				t.Errorf("it went to %v, of which there is a public one", w.visited())
			}
		})
	}
	t.Run("allowed", func(t *testing.T) {
		w := newWorld(t, ClientOptions{AllowPrivate: true}, hosts, places)
		s, err := w.open(t, "http://public.example/to/http://this.example/f")
		if err != nil {
			t.Fatal(err)
		}
		wantBytes(t, s, span(5, 10))
	})
}

// A name may stand for another address by the time it is looked up again.
func TestNamesThatChangeTheirAddress(t *testing.T) {
	o := wander(t)
	places := map[string]*origin{"1.1.1.1": o, "127.0.0.1": o, "169.254.169.254": o}
	t.Run("between two hops", func(t *testing.T) {
		w := newWorld(t, ClientOptions{}, map[string]string{"evil.example": "1.1.1.1|127.0.0.1"}, places)
		_, err := w.open(t, "http://evil.example/to/http://evil.example:81/f")
		wantRefused(t, err, "127.0.0.1")
	})
	t.Run("between two requests", func(t *testing.T) {
		w := newWorld(t, ClientOptions{}, map[string]string{"evil.example": "1.1.1.1|127.0.0.1"}, places)
		s, err := w.open(t, "http://evil.example/f")
		if err != nil {
			t.Fatal(err)
		}
		_, err = read(t.Context(), s, span(5, 10)) // the first connection has the kept body
		wantRefused(t, err, "127.0.0.1")
	})
	t.Run("between the check and the connection", func(t *testing.T) {
		w := newWorld(t, ClientOptions{}, map[string]string{"evil.example": "127.0.0.1|1.1.1.1"}, places)
		if _, err := w.open(t, "http://evil.example/to/http://169.254.169.254/f"); err == nil {
			t.Error("the first address decided, and the second was connected to")
		}
		if slices.Contains(w.visited(), "169.254.169.254") {
			t.Errorf("it went to %v", w.visited())
		}
	})
}

// A connection that another download has left open to a private address is none
// for a redirect.
func TestIdleConnectionsAreNoWayAround(t *testing.T) {
	o := wander(t)
	w := newWorld(t, ClientOptions{}, map[string]string{"public.example": "1.1.1.1", "private.example": "10.0.0.5"}, map[string]*origin{"1.1.1.1": o, "10.0.0.5": o})
	s, err := w.open(t, "http://private.example/f")
	if err != nil {
		t.Fatal(err)
	}
	wantBytes(t, s, span(0, 1000))
	wantBytes(t, s, span(5, 10))
	if n := w.asked["private.example"]; n != 2 { // for a public address, and for another
		t.Errorf("%d lookups for one connection", n)
	}
	_, err = w.open(t, "http://public.example/to/http://private.example/f")
	wantRefused(t, err, "10.0.0.5")
	if n := len(w.visited()); n != 2 {
		t.Errorf("%v", w.visited())
	}
}

// A proxy does the looking up. What is written in the URL can be seen from here.
func TestPrivateAddressesBehindAProxy(t *testing.T) {
	o := wander(t)
	w := newWorld(t, ClientOptions{}, nil, map[string]*origin{"192.168.0.1": o})
	direct := false
	w.client.Transport.(*transport).proxy = func(r *http.Request) (*url.URL, error) {
		if direct = r.URL.Hostname() == "127.0.0.1"; direct {
			return nil, nil
		}
		return url.Parse("http://192.168.0.1:3128")
	}
	w.client.Transport.(*transport).relayed.Proxy = w.client.Transport.(*transport).proxy
	if _, err := w.open(t, "http://public.example/to/http://private.example/f"); err != nil {
		t.Errorf("%v", err)
	}
	if _, err := w.open(t, "http://10.0.0.1/f"); err != nil {
		t.Errorf("%v", err)
	}
	_, err := w.open(t, "http://public.example/to/http://10.0.0.1/f")
	wantRefused(t, err, "10.0.0.1")
	_, err = w.open(t, "http://public.example/to/http://127.0.0.1/f")
	wantRefused(t, err, "127.0.0.1")
	if !direct || slices.Contains(w.visited(), "127.0.0.1") {
		t.Errorf("it went to %v", w.visited())
	}
}

func TestBlameReachesTheDialer(t *testing.T) {
	o := serve(t, ranges)
	c := Client(ClientOptions{})
	defer c.CloseIdleConnections()
	s, err := Open(t.Context(), c, o.url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.web.blame(s.at)
	if blamed := c.Transport.(*transport).blamed; len(blamed) != 1 || blamed[netip.MustParseAddr("127.0.0.1")].IsZero() {
		t.Errorf("%v", blamed)
	}
	s.web.blame(place{}) // of which nothing is known
}
