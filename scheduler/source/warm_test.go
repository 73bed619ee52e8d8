package source

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"braid/segment"
)

// counting counts the connections that a server is asked for, and those that
// were closed.
func counting(t *testing.T) (client *http.Client, dials *atomic.Int64) {
	t.Helper()
	client = Client(ClientOptions{})
	d := client.Transport.(*transport).dialer
	dials = new(atomic.Int64)
	connect := d.connect
	d.connect = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		dials.Add(1)
		return connect(ctx, to)
	}
	t.Cleanup(client.CloseIdleConnections)
	return client, dials
}

func TestWarmConnectionsAreUsed(t *testing.T) {
	o := serve(t, ranges)
	client, dials := counting(t)
	cool := Warm(t.Context(), client, o.url, 3)
	time.Sleep(20 * time.Millisecond)
	if n := dials.Load(); n != 0 {
		t.Errorf("%d connections before the one that asks", n)
	}
	src, err := Open(t.Context(), client, o.url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for deadline := time.Now().Add(5 * time.Second); dials.Load() < 4 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	spares := &client.Transport.(*transport).spares
	count := func() int {
		spares.mu.Lock()
		defer spares.mu.Unlock()
		n := 0
		for _, c := range spares.conns {
			n += len(c)
		}
		return n
	}
	for deadline := time.Now().Add(5 * time.Second); count() < 3 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	for i := range int64(2) {
		body, err := src.Open(t.Context(), segment.Range{Off: 100 * i, End: 100*i + 50})
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close()
	}
	if n := dials.Load(); n != 4 || count() > 2 {
		t.Errorf("%d connections made, %d still to be used", n, count())
	}
	cool()
	cool()
	if n := count(); n != 0 {
		t.Errorf("%d are kept", n)
	}
}

func TestWarmEndsBeforeItBegan(t *testing.T) {
	o := serve(t, ranges)
	client, dials := counting(t)
	Warm(t.Context(), client, o.url, 3)()
	Warm(t.Context(), client, "http://", 3)()
	Warm(t.Context(), http.DefaultClient, o.url, 3)()
	if n := dials.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
}

// What has waited too long may be closed at the other end.
func TestSparesGrowOld(t *testing.T) {
	var s spares
	near, far := net.Pipe()
	defer far.Close()
	s.put("a:80", near)
	if c := s.take("a:80", beNear); c != nil {
		t.Error("a connection to nobody knows where is used")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	s.put("b:80", dial())
	if c := s.take("b:80", beFar); c != nil {
		t.Error("a private address, where only public ones are allowed")
	}
	if c := s.take("b:80", beNear); c == nil {
		t.Error("not to be had")
	} else {
		c.Close()
	}
	s.put("c:80", dial())
	s.conns["c:80"][0].since = time.Now().Add(-warmFor)
	if c := s.take("c:80", beNear); c != nil {
		t.Error("too old, but used")
	}
	s.close("a:80")
	s.close("c:80")
}
