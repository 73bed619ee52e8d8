package server

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// selfSigned is a certificate for this machine.
func selfSigned(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// httpClient is a client that believes any certificate and speaks only the given protocol, each on connections of its own.
func httpClient(t *testing.T, h2 bool) *http.Client {
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, Protocols: new(http.Protocols)}
	tr.Protocols.SetHTTP1(!h2)
	tr.Protocols.SetHTTP2(h2)
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 30 * time.Second}
}

func TestRangesOverTLS(t *testing.T) {
	dir := t.TempDir()
	content := patterned(5 << 20)
	oldFile(t, filepath.Join(dir, "f"), content)
	addr := start(t, Options{Root: dir, TLS: selfSigned(t)})
	for _, h2 := range []bool{false, true} {
		c := httpClient(t, h2)
		for field, want := range map[string]struct {
			status int
			body   []byte
		}{
			"bytes=100-199":       {206, content[100:200]},
			"bytes=1000000-":      {206, content[1000000:]},
			"bytes=-1":            {206, content[len(content)-1:]},
			"bytes=99999999-":     {416, nil},
			"none":                {200, content},
			"bytes=0-9,4000000-8": {200, content},
		} {
			r, err := http.NewRequest("GET", "https://"+addr+"/f", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Range", field)
			resp, err := c.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode != want.status || want.body != nil && !bytes.Equal(body, want.body) || (resp.ProtoMajor == 2) != h2 {
				t.Errorf("%s over %s: %s, %d bytes, %v", field, resp.Proto, resp.Status, len(body), err)
			}
		}
	}
}

// What speaks no TLS, or one that is too old, is told so; what says nothing is not waited for; without TLS there is no
// HTTP/2.
func TestTLSRefusals(t *testing.T) {
	config := selfSigned(t)
	config.MinVersion = tls.VersionTLS10 // is not heeded
	addr := start(t, Options{Pattern: true, TLS: config})
	if resp := dial(t, addr).ask("GET /pattern/5"); resp.StatusCode != 400 {
		t.Errorf("plain HTTP to the TLS port: %s", resp.Status)
	}
	old := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	if c, err := tls.Dial("tcp", addr, old); err == nil {
		c.Close()
		t.Error("TLS 1.1 is spoken")
	}
	c := dial(t, start(t, Options{Pattern: true}))
	io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	if got, _ := io.ReadAll(c); !strings.HasPrefix(string(got), "HTTP/1.1 ") {
		t.Errorf("HTTP/2 without TLS: %q", got)
	}
}

func TestHandshakeTimeout(t *testing.T) {
	virtually(t, Options{Pattern: true, TLS: selfSigned(t)}, func(t *testing.T, l *pipes, stop func() error) {
		for _, begin := range []string{"", "\x16\x03\x01"} {
			begun := time.Now()
			c := l.dial(t, begin)
			io.Copy(io.Discard, c)
			c.Close()
			if d := time.Since(begun); d != headerTimeout {
				t.Errorf("after %q the server waits %v", begin, d)
			}
		}
	})
}

// Streams count as connections do, and one refused leaves the others alone.
func TestStreamsPerClient(t *testing.T) {
	counts := new(Counts)
	addr := start(t, Options{Pattern: true, TLS: selfSigned(t), Limits: Limits{PerClient: 3}, Counts: counts})
	c := httpClient(t, true)
	var open []*http.Response
	for range 3 {
		resp, err := c.Get("https://" + addr + "/pattern/64M")
		if err != nil || resp.StatusCode != 200 {
			t.Fatal(resp, err)
		}
		defer resp.Body.Close()
		open = append(open, resp)
	}
	resp, err := c.Get("https://" + addr + "/pattern/5")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || counts.Accepted.Load() != 1 || counts.TurnedAway.Load() != 1 {
		t.Errorf("%s, %v; %d connections", resp.Status, resp.Header, counts.Accepted.Load())
	}
	for i, resp := range open {
		if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != 64<<20 {
			t.Errorf("stream %d: %d bytes, %v", i, n, err)
		}
	}
}

// One connection too many hears so over TLS too.
func TestTurnedAwayOverTLS(t *testing.T) {
	counts := new(Counts)
	addr := start(t, Options{Pattern: true, TLS: selfSigned(t), Limits: Limits{Connections: 1}, Counts: counts})
	for _, h2 := range []bool{false, true} {
		eventually(t, "nobody is there", func() bool { return counts.Open.Load() == 0 })
		first, second := httpClient(t, h2), httpClient(t, h2)
		running, err := first.Get("https://" + addr + "/pattern/1G")
		if err != nil {
			t.Fatal(err)
		}
		resp, err := second.Get("https://" + addr + "/pattern/5")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
			t.Errorf("%s over %s, %v", resp.Status, resp.Proto, resp.Header)
		}
		running.Body.Close()
		first.CloseIdleConnections()
		second.CloseIdleConnections()
	}
}

// Failed handshakes are not logged, other complaints are.
func TestComplaints(t *testing.T) {
	var said bytes.Buffer
	defer log.SetOutput(log.Writer())
	log.SetOutput(&said)
	complaints().Printf("http: TLS handshake error from x: %v", io.EOF)
	complaints().Print("http: panic serving x")
	if got := said.String(); !strings.HasSuffix(got, " http: panic serving x\n") || strings.Contains(got, "handshake") {
		t.Errorf("%q", got)
	}
}

// A client that lets a stream stand still is given up, and the connection with its other streams is not.
func TestStalledStream(t *testing.T) {
	var mu sync.Mutex
	cut := 0
	log := func(a Access) {
		if a.Cut {
			mu.Lock()
			cut++
			mu.Unlock()
		}
	}
	virtually(t, Options{Pattern: true, TLS: selfSigned(t), Log: log}, func(t *testing.T, l *pipes, stop func() error) {
		tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, Protocols: new(http.Protocols),
			DialContext: func(context.Context, string, string) (net.Conn, error) { return l.dial(t, ""), nil }}
		tr.Protocols.SetHTTP2(true)
		defer tr.CloseIdleConnections()
		c := &http.Client{Transport: tr}
		stalled, err := c.Get("https://x/pattern/64M")
		if err != nil {
			t.Fatal(err)
		}
		defer stalled.Body.Close()
		slow, err := c.Get("https://x/pattern/1M")
		if err != nil {
			t.Fatal(err)
		}
		defer slow.Body.Close()
		var n int64
		for err == nil { // 8 KiB/s for two minutes
			var m int64
			time.Sleep(time.Second)
			m, err = io.CopyN(io.Discard, slow.Body, 8<<10)
			n += m
		}
		mu.Lock()
		defer mu.Unlock()
		if !errors.Is(err, io.EOF) || n != 1<<20 || cut != 1 {
			t.Errorf("the slow one: %d bytes, %v; %d were cut", n, err, cut)
		}
		tr.CloseIdleConnections()
	})
}

// Being told to stop, the server lets what runs over TLS end, in either protocol, and also at the limit.
func TestStopOverTLS(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("h2=%v", h2), func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			o := Options{Pattern: true, TLS: selfSigned(t), Limits: Limits{Connections: 1, PerClient: 1}}
			go func() { ended <- Run(ctx, ln, o) }()
			resp, err := httpClient(t, h2).Get("https://" + ln.Addr().String() + "/pattern/64M")
			if err != nil {
				t.Fatal(err)
			}
			stop()
			for err == nil { // until the port is closed
				var c net.Conn
				if c, err = net.Dial("tcp", ln.Addr().String()); err == nil {
					c.Close()
				}
			}
			if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != 64<<20 {
				t.Errorf("%d bytes, %v", n, err)
			}
			resp.Body.Close()
			if err := <-ended; err != nil {
				t.Errorf("Run: %v", err)
			}
		})
	}
}
