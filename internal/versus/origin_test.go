package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"braid/segment"
)

// start serves s on loopback.
func start(t *testing.T, s spec) (url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		<-served
	})
	return "http://" + ln.Addr().String() + "/"
}

// get fetches over a connection of its own, which stays open until the test ends.
func get(t *testing.T, url string) (n int64, err error) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
	t.Cleanup(client.CloseIdleConnections)
	res, err := client.Get(url)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	return io.Copy(io.Discard, res.Body)
}

func TestOneConnectionDiesOnce(t *testing.T) {
	const size = 1 << 20
	url := start(t, spec{ill: "dies", after: size / 2}) + fmt.Sprintf("pattern/%d", size)
	for i := range 6 {
		n, err := get(t, url)
		if i == sick {
			if err == nil || n >= size/2 {
				t.Errorf("connection %d brought %d bytes, %v", i, n, err)
			}
		} else if n != size || err != nil {
			t.Errorf("connection %d brought %d bytes, %v", i, n, err)
		}
	}
}

func TestOneConnectionFallsSilent(t *testing.T) {
	const size = 1 << 20
	url := start(t, spec{ill: "stalls", after: size / 2}) + fmt.Sprintf("pattern/%d", size)
	for range sick {
		if n, err := get(t, url); n != size || err != nil {
			t.Fatalf("%d bytes, %v", n, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	res, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if n, err := io.CopyN(io.Discard, res.Body, size/4); err != nil {
		t.Fatalf("%d bytes, %v", n, err)
	}
	rest := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, res.Body)
		rest <- err
	}()
	// Another one goes on meanwhile, and all of it comes.
	if n, err := get(t, url); n != size || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	select {
	case err := <-rest:
		t.Errorf("it ended instead: %v", err)
	default:
	}
	cancel()
	if err := <-rest; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}

func TestALaneIsTakenAgain(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	l := newLanes(ln, spec{rate: 1000, ill: "slow"})
	accept := func() *pacedConn {
		t.Helper()
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		paced, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { paced.Close() })
		return paced.(*pacedConn)
	}
	var conns []*pacedConn
	for i := range 6 {
		c := accept()
		want := int64(1000)
		if i == sick {
			want = 1000 / slower
		}
		if got := c.paces[0].rate; got != want {
			t.Errorf("connection %d has %d bytes a second, not %d", i, got, want)
		}
		conns = append(conns, c)
	}
	conns[sick].Close()
	if got := accept().paces[0].rate; got != 1000/slower {
		t.Errorf("who takes the slow lane has %d bytes a second", got)
	}
	if got := accept().paces[0].rate; got != 1000 {
		t.Errorf("the next one has %d bytes a second", got)
	}
}

func TestConnectionsShareAPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pace{rate: 1 << 20}
		var last time.Duration
		for range 2 { // two connections
			for range 16 {
				last = p.take(time.Now(), 64<<10)
			}
		}
		if want := 2*time.Second - idle; (last - want).Abs() > time.Millisecond {
			t.Errorf("2 MiB at 1 MiB/s take %v, not %v", last, want)
		}
		time.Sleep(10 * time.Second)
		if got := p.take(time.Now(), 1<<20); (got - time.Second + idle).Abs() > time.Millisecond {
			t.Errorf("after an idle time a second's worth takes %v", got)
		}
	})
}

func TestAPacedConnectionKeepsItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		go io.Copy(io.Discard, client)
		c := &pacedConn{Conn: server, paces: []*pace{{rate: 1 << 20}, {rate: 256 << 10}}, gone: func() {}, closed: make(chan struct{})}
		began := time.Now()
		if n, err := c.Write(make([]byte, 1<<20)); n != 1<<20 || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
		if took := time.Since(began); (took - 4*time.Second).Abs() > 50*time.Millisecond {
			t.Errorf("1 MiB at 256 KiB/s took %v", took)
		}
		c.Close()
		client.Close()
	})
}

func TestNginxOrOurOwnOverTLS(t *testing.T) {
	b := newBench(t)
	at, _ := find(t.Context())
	b.at = map[string]string{"nginx": at["nginx"]}
	file, err := fixture(b.root, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	cert, key, err := certify(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	s := spec{root: b.root, rate: 50_000_000, cert: cert, key: key}
	own, err := b.serveOwn(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer own.stop()
	theirs, err := b.serve(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.stop()
	for _, w := range []*web{own, theirs} {
		if !strings.HasPrefix(w.url, "https://") {
			t.Errorf("the URL is %s", w.url)
		}
		tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
		defer tr.CloseIdleConnections()
		res, err := (&http.Client{Transport: tr}).Get(w.url + file)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if n != 100_000 || err != nil {
			t.Errorf("%s: %d bytes, %v", w.url, n, err)
		}
	}
}

func TestNginxConf(t *testing.T) {
	conf := nginxConf(spec{root: "/r", rate: 8_000_000}, "/p", "127.0.0.1:1", true)
	for _, want := range []string{"user root;", "listen 127.0.0.1:1;", "root /r;", "limit_rate 8000000;", "sendfile on;", "tcp_nopush on;", "keepalive_requests 1000000;"} {
		if !strings.Contains(conf, want) {
			t.Errorf("%q is not in\n%s", want, conf)
		}
	}
	if conf := nginxConf(spec{root: "/r"}, "/p", "127.0.0.1:1", false); strings.Contains(conf, "limit_rate") || strings.Contains(conf, "user ") || strings.Contains(conf, "ssl") {
		t.Errorf("too much is in\n%s", conf)
	}
}

func TestAnswersThatAreNoRange(t *testing.T) {
	if err := skipHeader(strings.NewReader("HTTP/1.1 206 Partial Content\r\nA: b\r\n\r\nbody")); err != nil {
		t.Error(err)
	}
	for _, answer := range []string{"HTTP/1.1 200 OK\r\n\r\nbody", "HTTP/1.1 206 Partial", ""} {
		if err := skipHeader(strings.NewReader(answer)); err == nil {
			t.Errorf("%q is taken", answer)
		}
	}
}

func TestAFileIsLookedAt(t *testing.T) {
	const size = 2<<20 + 5
	path := filepath.Join(t.TempDir(), "f")
	if err := writePattern(path, 7, size, false); err != nil {
		t.Fatal(err)
	}
	for _, all := range []bool{true, false} {
		if err := isPattern(path, 7, size, all); err != nil {
			t.Error(err)
		}
		if isPattern(path, 8, size, all) == nil {
			t.Error("it is taken for another")
		}
		if isPattern(path, 7, size-1, all) == nil {
			t.Error("its length does not count")
		}
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	was := make([]byte, 1)
	if _, err := file.ReadAt(was, size-1); err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte{^was[0]}, size-1); err != nil {
		t.Fatal(err)
	}
	for _, all := range []bool{true, false} {
		if isPattern(path, 7, size, all) == nil {
			t.Error("its last byte does not count")
		}
	}
}

func TestSmallFilesAreLookedAt(t *testing.T) {
	const n = 5
	dir := t.TempDir()
	for i := range n {
		if err := writePattern(filepath.Join(dir, small(i)), uint64(i), smallSize, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := areSmall(dir, n, false); err != nil {
		t.Error(err)
	}
	if areSmall(dir, n+1, false) == nil {
		t.Error("one is missing")
	}
	if err := writePattern(filepath.Join(dir, small(2)), 3, smallSize, false); err != nil {
		t.Fatal(err)
	}
	if areSmall(dir, n, true) == nil {
		t.Error("one is wrong")
	}
}

func TestMissingBytesAreSpread(t *testing.T) {
	g := segment.Cut(500 << 30)
	const missing = 8 << 30
	done := allBut(g, missing)
	if got := g.Size - done.Bytes(g); got != missing {
		t.Errorf("%d bytes are missing, not %d", got, int64(missing))
	}
	runs, last := 0, 0
	for first, past := range done.Gaps() {
		runs, last = runs+1, past
		if (past-first)*int(g.Block) != hole {
			t.Fatalf("blocks %d to %d are missing", first, past)
		}
	}
	if runs != missing/hole || last < g.Len()*9/10 {
		t.Errorf("%d runs, the last ends at block %d of %d", runs, last, g.Len())
	}
}
