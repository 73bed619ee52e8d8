package server

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// An overheard connection keeps what came.
type overheard struct {
	net.Conn
	got bytes.Buffer
}

func (c *overheard) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.got.Write(p[:n])
	return n, err
}

const (
	recordAlert = 21
	recordData  = 23
)

// lastRecord is the type of the last TLS record of p.
func lastRecord(p []byte) (kind byte) {
	for len(p) >= 5 {
		kind = p[0]
		p = p[min(len(p), 5+int(p[3])<<8+int(p[4])):]
	}
	return kind
}

func TestFaultsOverTLS(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t, goleak.IgnoreCurrent()) })
	tlsOrigin := func(names ...string) (*httptest.Server, func(line string) (*http.Response, *tls.Conn)) {
		h, err := New(rogue(names...))
		if err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewTLSServer(h)
		t.Cleanup(srv.Close)
		return srv, func(line string) (*http.Response, *tls.Conn) {
			config := srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
			config.ServerName, config.MaxVersion = "example.com", tls.VersionTLS12
			c := tls.Client(&overheard{Conn: dial(t, srv.Listener.Addr().String()).Conn}, config)
			t.Cleanup(func() { c.Close() })
			fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: %s\r\n\r\n", line, srv.Listener.Addr())
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			return resp, c
		}
	}

	srv, ask := tlsOrigin("redirect-downgrade")
	if resp, _ := ask("GET " + target); resp.Header.Get("Location") != "http"+strings.TrimPrefix(srv.URL, "https")+target {
		t.Errorf("%s to %q", resp.Status, resp.Header.Get("Location"))
	}

	_, ask = tlsOrigin("redirect-cross-origin")
	if resp, _ := ask("GET " + target); !strings.HasPrefix(resp.Header.Get("Location"), "https://localhost:") {
		t.Errorf("%s to %q", resp.Status, resp.Header.Get("Location"))
	}

	// Go does not mind a missing close_notify between two records. In TLS 1.2 one can see that it is missing.
	for name, last := range map[string]byte{"close-delimited-cut": recordAlert, "tls-cut": recordData} {
		_, ask = tlsOrigin(name)
		resp, c := ask("GET " + target)
		body, err := io.ReadAll(resp.Body)
		if n := int64(len(body)); err != nil || n == 0 || n == patternSize || !bytes.Equal(body, bytesAt(0, n)) || resp.ContentLength >= 0 {
			t.Errorf("%s: %d bytes, length %d, %v", name, n, resp.ContentLength, err)
		}
		if got := lastRecord(c.NetConn().(*overheard).got.Bytes()); got != last {
			t.Errorf("%s: the last record is of type %d, want %d", name, got, last)
		}
	}

	_, ask = tlsOrigin("rst-midway")
	resp, _ := ask("GET " + target)
	if body, err := io.ReadAll(resp.Body); err == nil || len(body) == patternSize {
		t.Errorf("%d bytes, %v", len(body), err)
	}

	// Without TLS there is nothing to downgrade or to tear.
	perform(t, "redirect-downgrade", "tls-cut").get(top).is(206).holds(0, 2000)
}

// A reset reaches the client also where the connection is slowed down.
func TestResetOfALine(t *testing.T) {
	o := rogue("rst-midway")
	o.RatePerConnection = 10 << 20
	resp := dial(t, start(t, o)).ask("GET " + target)
	if n, err := io.Copy(io.Discard, resp.Body); err == nil || errors.Is(err, io.EOF) || n >= patternSize {
		t.Errorf("%d bytes, %v", n, err)
	}
}
