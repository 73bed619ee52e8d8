package source

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"time"
)

// ClientOptions are what a Client can be told. The zero value is good.
type ClientOptions struct {
	// ConnectTimeout bounds reaching the host, and then, anew, the TLS
	// handshake; 0 means 10 s.
	ConnectTimeout time.Duration

	// MaxConnections is how many connections to one host are kept for reuse
	// between requests; 0 means 32. It limits nothing: there is one connection
	// per body that is open.
	MaxConnections int

	RootCAs  *x509.CertPool // the authorities to trust, see CertPool; nil means the system's
	Insecure bool           // trust any certificate: anyone on the way can change the file
	Pins     []Pin          // the keys to trust, besides all of that; nil means any

	// AllowPrivate lets redirects lead from public addresses to others: private
	// ones, or this machine's own.
	AllowPrivate bool

	// Allow says why an address must not be connected to; nil if it may be. Of a
	// host only the addresses are used that it has nothing against. If none is
	// left, its error is the answer. A nil Allow has nothing against any.
	Allow func(netip.Addr) error

	Direct bool // past the proxy of the environment

	// HTTP2 uses HTTP/2 where a server has it under TLS. All requests then share
	// one connection: it is for finding out, not for downloads.
	HTTP2 bool
}

// Client makes an http.Client for a few long transfers: HTTP/1.1 only, so that
// every request has a connection of its own (but see HTTP2), no transparent gzip, TLS 1.2 or
// newer, the proxy from the environment, at most 256 KiB of response headers
// and no limit on the time that a body takes.
//
// It connects to whichever address of a host lets it in first, remembers which
// did not, and goes on with the addresses of the last time while no lookup
// succeeds.
func Client(o ClientOptions) *http.Client {
	connect := o.ConnectTimeout
	if connect <= 0 {
		connect = 10 * time.Second
	}
	idle := o.MaxConnections
	if idle <= 0 {
		idle = 32
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(o.HTTP2)
	config := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		RootCAs:            o.RootCAs,
		InsecureSkipVerify: o.Insecure,
	}
	if len(o.Pins) > 0 {
		config.VerifyConnection = func(s tls.ConnectionState) error { return pinned(o.Pins, s) }
	}
	by := proxy
	if o.Direct {
		by = func(*http.Request) (*url.URL, error) { return nil, nil }
	}
	t := newTransport(&http.Transport{
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    connect,
		Protocols:              &protocols,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    idle,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}, newDialer(connect, o.Allow), by)
	t.free = o.AllowPrivate
	return &http.Client{Transport: t}
}

// proxy is http.ProxyFromEnvironment, whose error would tell the password.
func proxy(req *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(req)
	if err != nil {
		return nil, errors.New("the proxy in the environment is not a URL: check HTTP_PROXY and HTTPS_PROXY")
	}
	return u, nil
}

// CertPool reads the certificates, in PEM, of the authorities to trust.
func CertPool(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading certificates: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", path)
	}
	return pool, nil
}
