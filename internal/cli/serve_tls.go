package cli

import (
	"crypto/tls"
	"errors"
	"io/fs"
	"net"
	"os"

	"braid/server"
)

// tlsOptions say with which certificate braid serve speaks TLS, if any.
type tlsOptions struct {
	Cert, Key  string // files
	SelfSigned bool
}

func (o *tlsOptions) flags() []*option {
	return []*option{
		{name: "tls-cert", arg: "FILE", group: "encryption", set: into(&o.Cert, text("a file")),
			use: "speak https, and HTTP/2, with this certificate in PEM, its issuers behind it; when it is renewed it is read again"},
		{name: "tls-key", arg: "FILE", group: "encryption", set: into(&o.Key, text("a file")),
			use: "its key"},
		{name: "tls-self-signed", group: "encryption", set: toggle(&o.SelfSigned),
			use: "with one made on the spot, good for 30 days; its SHA-256 is shown, and what to type to trust it: braid get -k --pin-sha256 …"},
	}
}

func (o *tlsOptions) validate() error {
	switch {
	case o.SelfSigned && (o.Cert != "" || o.Key != ""):
		return &usageError{problem: "--tls-self-signed makes a certificate, so it takes no --tls-cert and no --tls-key"}
	case o.Cert != "" && o.Key == "":
		return try("--tls-cert "+o.Cert+" --tls-key FILE", "--tls-cert needs the key of the certificate")
	case o.Key != "" && o.Cert == "":
		return try("--tls-cert FILE --tls-key "+o.Key, "--tls-key needs the certificate it belongs to")
	}
	return nil
}

func (o *tlsOptions) scheme() string {
	if o.SelfSigned || o.Cert != "" {
		return "https"
	}
	return "http"
}

// apply has options speak TLS on address if that is asked for. It returns the
// certificate as it is now, or nil.
func (o *tlsOptions) apply(options *server.Options, address string, warn func(error)) (*tls.Certificate, error) {
	const advice = "--tls-self-signed makes a certificate on the spot"
	switch {
	case o.SelfSigned:
		c, err := server.SelfSigned(hostsOf(address)...)
		options.TLS = &tls.Config{Certificates: []tls.Certificate{c}}
		return &c, err
	case o.Cert == "":
		return nil, nil
	}
	pair, err := server.LoadKeyPair(o.Cert, o.Key, warn)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, advised{err, "check the name of the file; " + advice}
	case errors.Is(err, fs.ErrPermission):
		return nil, advised{err, "it must be readable for whoever runs braid"}
	case err != nil:
		return nil, advised{err, advice}
	}
	c := pair.Certificate()
	options.TLS = pair.Config()
	return &c, nil
}

// notes say how a client can know the certificate.
func (o *tlsOptions) notes(c *tls.Certificate, url string) []string {
	if c == nil {
		return nil
	}
	lines := []string{"the certificate's SHA-256 is " + server.Fingerprint(*c)}
	if o.SelfSigned { // nobody vouches for it, but its key can be told
		pin := server.Pin(*c)
		lines = append(lines, "to trust it: braid get -k --pin-sha256 "+pin+" "+url+"…, or curl -k --pinnedpubkey "+pin)
	}
	return lines
}

// hostsOf is what people on the network may call a server that listens on
// address: its host, or if it listens everywhere the name of this machine and
// all its addresses.
func hostsOf(address string) []string {
	host, _, _ := net.SplitHostPort(address) // which has been looked at
	if ip := net.ParseIP(host); host != "" && (ip == nil || !ip.IsUnspecified()) {
		return []string{host}
	}
	var hosts []string
	if name, err := os.Hostname(); err == nil {
		hosts = append(hosts, name)
	}
	addresses, _ := net.InterfaceAddrs() // if there are none to tell, the name must do
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() {
			hosts = append(hosts, n.IP.String())
		}
	}
	return hosts
}
