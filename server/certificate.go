package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

const (
	// selfSignedFor is how long a certificate made on the spot is good for.
	selfSignedFor = 30 * 24 * time.Hour

	// clockSkew is how far the clock of a client may be behind.
	clockSkew = time.Hour

	// maxName is the most letters the name of a host may have (RFC 1035, section 2.3.4).
	maxName = 253
)

// SelfSigned makes a certificate on the spot, with an ECDSA key of its own on the curve P-256, for localhost, 127.0.0.1,
// ::1 and the hosts, which are names or IP addresses. It is good for 30 days from an hour ago. Nobody vouches for it: a
// client must be told its [Fingerprint] or the [Pin] of its key by another way than the connection. What cannot be the name
// of a host in a certificate is left out of it.
func SelfSigned(hosts ...string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "self-signed"},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              now.Add(selfSignedFor),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, host := range append([]string{"localhost", "127.0.0.1", "::1"}, hosts...) {
		ip := net.ParseIP(host)
		switch {
		case ip != nil && !slices.ContainsFunc(template.IPAddresses, ip.Equal):
			template.IPAddresses = append(template.IPAddresses, ip)
		case ip == nil && isHostName(host) && !slices.Contains(template.DNSNames, host):
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

func isHostName(s string) bool {
	return s != "" && len(s) <= maxName && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '.' || r == '_')
	})
}

// Fingerprint is the SHA-256 of a certificate in the form that people compare: 32 bytes in capitals of hex, with colons
// between them, as browsers and openssl x509 -fingerprint show it.
func Fingerprint(c tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")
}

// Pin is the SHA-256 of a certificate's public key in the form that curl --pinnedpubkey takes: sha256//BASE64. It stays the
// same when a certificate is renewed with the same key.
func Pin(c tls.Certificate) string {
	sum := sha256.Sum256(c.Leaf.RawSubjectPublicKeyInfo)
	return "sha256//" + base64.StdEncoding.EncodeToString(sum[:])
}
