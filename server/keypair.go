package server

import (
	"crypto/tls"
	"fmt"
	"os"
	"strings"
	"time"
)

// A CertificateError says that a certificate cannot be used. What cannot even be read is an *fs.PathError instead.
type CertificateError struct {
	File    string // of the certificate
	Problem string
}

func (e *CertificateError) Error() string { return "the certificate in " + e.File + " " + e.Problem }

// A KeyPair is a certificate and its key in files, which may be renewed while they are used, as certbot does.
type KeyPair struct{ kept *kept[tls.Certificate] }

// LoadKeyPair reads a certificate, followed by those that vouch for it, and its key, both in PEM. It fails with an
// *fs.PathError or a *[CertificateError], also if the certificate has expired or is not yet valid.
//
// Changed files are read again with a handshake, at most once a second; connections that are open keep what they have. If
// there is something wrong with the new files, the old certificate stays in use, and warn is told so, once for each thing
// wrong; nil means nobody is told.
func LoadKeyPair(certFile, keyFile string, warn func(error)) (*KeyPair, error) {
	read := func() (*tls.Certificate, error) { return readKeyPair(certFile, keyFile) }
	k, err := keep(read, warn, certFile, keyFile)
	if err != nil {
		return nil, err
	}
	return &KeyPair{k}, nil
}

// Certificate is the latest that could be used.
func (k *KeyPair) Certificate() tls.Certificate { return *k.kept.get() }

// Config is a configuration for [Options].TLS that uses the key pair.
func (k *KeyPair) Config() *tls.Config {
	return &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return k.kept.get(), nil }}
}

func readKeyPair(certFile, keyFile string) (*tls.Certificate, error) {
	cert, err := os.ReadFile(certFile)
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, err
	}
	wrong := func(format string, args ...any) error {
		return &CertificateError{certFile, fmt.Sprintf(format, args...)}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, wrong("and the key in %s are of no use together: %s", keyFile, plainly(err))
	}
	now := time.Now()
	switch {
	case now.After(pair.Leaf.NotAfter):
		return nil, wrong("has expired, on %s", pair.Leaf.NotAfter.UTC().Format(time.DateTime+" MST"))
	case now.Before(pair.Leaf.NotBefore):
		return nil, wrong("is valid only from %s on", pair.Leaf.NotBefore.UTC().Format(time.DateTime+" MST"))
	}
	return &pair, nil
}

// plainly is what crypto/tls says, without saying who says it.
func plainly(err error) string {
	return strings.TrimPrefix(err.Error(), "tls: ")
}
