package server

import (
	"bufio"
	"io"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"
)

// eventually waits for something that is about to come true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

// busy is a connection with a response under way that does not end by itself.
func busy(t *testing.T, addr string) *wire {
	t.Helper()
	c := dial(t, addr)
	if resp := c.ask("GET /pattern/1G"); resp.StatusCode != 200 {
		t.Fatal(resp.Status)
	}
	return c
}

func TestConnectionsInAll(t *testing.T) {
	counts := new(Counts)
	addr := start(t, Options{Pattern: true, Limits: Limits{Connections: 2}, Counts: counts})

	silent := dial(t, addr)
	busy(t, addr)
	eventually(t, "two connections, one of them idle", func() bool { return counts.Open.Load() == 2 && counts.Idle.Load() == 1 })
	busy(t, addr) // in the place of the one that has asked for nothing
	if _, err := silent.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("what idled is still there: %v", err)
	}
	if n := counts.MadeRoom.Load(); n != 1 {
		t.Errorf("%d have made room", n)
	}

	c := dial(t, addr)
	resp, _ := c.get("GET /pattern/5")
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !resp.Close {
		t.Errorf("one too many: %s, %v", resp.Status, resp.Header)
	}
	if _, err := c.r.ReadByte(); err != io.EOF {
		t.Errorf("after that: %v", err)
	}
	if n := counts.TurnedAway.Load(); n != 1 {
		t.Errorf("%d were turned away", n)
	}
}

// A connection that has been answered makes room as well, wherever it waits.
func TestAnsweredMakesRoom(t *testing.T) {
	counts := new(Counts)
	addr := start(t, Options{Pattern: true, Limits: Limits{Connections: 1}, Counts: counts})
	first := dial(t, addr)
	first.get("GET /pattern/5")
	eventually(t, "the first is idle", func() bool { return counts.Idle.Load() == 1 })
	busy(t, addr)
	if _, err := first.r.ReadByte(); err == nil || isTimeout(err) {
		t.Errorf("what idled is still there: %v", err)
	}
}

// Of those that wait, one of the client that has most makes room.
func TestCrowdMakesRoom(t *testing.T) {
	g := &guard{limits: Limits{Connections: 20}, counts: new(Counts), clients: make(map[netip.Addr]*client)}
	var visits []*visit
	for i := range 20 { // the first two are alone, the others a crowd
		client, server := net.Pipe()
		defer client.Close()
		v := g.admit(addressed{server, net.IPv4(127, 0, 0, byte(min(i, 2)))})
		visits = append(visits, v)
	}
	for range 50 {
		client, server := net.Pipe()
		defer client.Close()
		if v := g.admit(addressed{server, net.IPv4(127, 0, 0, 2)}); v == nil || v.excess {
			t.Fatal("there is no room")
		}
	}
	if visits[0].gone || visits[1].gone || !visits[2].gone {
		t.Errorf("gone: %v, %v, %v", visits[0].gone, visits[1].gone, visits[2].gone)
	}
}

// An addressed connection comes from a certain address.
type addressed struct {
	net.Conn
	ip net.IP
}

func (c addressed) RemoteAddr() net.Addr { return &net.TCPAddr{IP: c.ip, Port: 1} }

// What is too much by far is closed without a word, and costs nothing.
func TestFarTooMany(t *testing.T) {
	g := &guard{limits: Limits{Connections: 1}, counts: new(Counts), clients: make(map[netip.Addr]*client)}
	var kinds [3]int
	for i := range 100 {
		client, server := net.Pipe()
		defer client.Close()
		v := g.admit(server)
		switch {
		case v == nil:
			kinds[2]++
		case v.excess:
			kinds[1]++
		default:
			kinds[0]++
		}
		if v != nil {
			g.work(v) // it asks for something
		}
		if i == 50 && g.open != kinds[0]+kinds[1] {
			t.Errorf("%d are open", g.open)
		}
	}
	if want := [3]int{1, g.limits.spare(), 99 - g.limits.spare()}; kinds != want {
		t.Errorf("served, told, closed: %v, want %v", kinds, want)
	}
}

func TestRequestsPerClient(t *testing.T) {
	counts := new(Counts)
	addr := start(t, Options{Pattern: true, Limits: Limits{PerClient: 2}, Counts: counts})
	first := busy(t, addr)
	busy(t, addr)
	for range 3 {
		dial(t, addr) // connections that ask for nothing are no requests
	}
	resp, _ := dial(t, addr).get("GET /pattern/5")
	if resp.StatusCode != 503 || !resp.Close || resp.Header.Get("Retry-After") == "" {
		t.Errorf("a third request: %s, %v", resp.Status, resp.Header)
	}
	first.Close()
	eventually(t, "one has ended", func() bool { return counts.InFlight.Load() == 1 })
	if resp, _ := dial(t, addr).get("GET /pattern/5"); resp.StatusCode != 200 {
		t.Errorf("in its place: %s", resp.Status)
	}
	for range 20 {
		dial(t, addr)
	}
	eventually(t, "all have been looked at", func() bool { return counts.Accepted.Load() == 27 })
	if n := counts.Open.Load(); n > 8 {
		t.Errorf("%d connections of one client", n)
	}
	if runtime.GOOS == "linux" { // where all of 127/8 is this machine
		c := dialFrom(t, net.IPv4(127, 0, 0, 2), addr)
		if resp, _ := c.get("GET /pattern/5"); resp.StatusCode != 200 {
			t.Errorf("another client: %s", resp.Status)
		}
	}
}

// dialFrom is dial from a certain address of this machine.
func dialFrom(t *testing.T, ip net.IP, addr string) *wire {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: ip}}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &wire{t, c, bufio.NewReader(c)}
}

func TestHouseholds(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:80": "192.0.2.7", "[::ffff:192.0.2.7]:80": "192.0.2.7", "[2001:db8:1:2:3:4:5:6]:80": "2001:db8:1:2::", "[fe80::1%eth0]:80": "fe80::",
		"pipe": "invalid IP", "": "invalid IP",
	} {
		if got := clientFrom(remote).String(); got != want {
			t.Errorf("%s is of %s, want %s", remote, got, want)
		}
		if tcp, err := net.ResolveTCPAddr("tcp", remote); err == nil && want != "invalid IP" {
			if got := clientOf(tcp).String(); got != want {
				t.Errorf("%s is of %s, want %s", tcp, got, want)
			}
		}
	}
}

func TestDefaultLimits(t *testing.T) {
	for descriptors, want := range map[int]int{20: 1, 1024: 496, 20000: 9984, 1 << 20: maxConnections} {
		if got := (Limits{}).withDefaults(descriptors).Connections; got != want {
			t.Errorf("with %d descriptors: %d connections, want %d", descriptors, got, want)
		}
	}
	if descriptors() < 64 {
		t.Errorf("%d descriptors", descriptors())
	}
}

// One that is closed at once because its client has too many does not cost another its place.
func TestNoRoomIsMadeForACrowd(t *testing.T) {
	counts := new(Counts)
	addr := start(t, Options{Pattern: true, Limits: Limits{Connections: 4, PerClient: 1}, Counts: counts})
	for range 4 {
		dial(t, addr)
	}
	eventually(t, "four idle connections", func() bool { return counts.Idle.Load() == 4 })
	dial(t, addr)
	eventually(t, "one is turned away", func() bool { return counts.TurnedAway.Load() == 1 })
	if n := counts.MadeRoom.Load(); n != 0 {
		t.Errorf("%d have made room", n)
	}
}
