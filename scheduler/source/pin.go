package source

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Pin is the SHA-256 of a server's public key, in the form that certificates
// have it in (SubjectPublicKeyInfo). It stays the same when a certificate is
// renewed with its key.
type Pin [sha256.Size]byte

// String is as curl writes it, "sha256//BASE64".
func (p Pin) String() string { return "sha256//" + base64.StdEncoding.EncodeToString(p[:]) }

// ParsePins reads pins as curl does: "sha256//BASE64", several apart by ";".
func ParsePins(s string) ([]Pin, error) {
	var pins []Pin
	for one := range strings.SplitSeq(s, ";") {
		text, ok := strings.CutPrefix(strings.TrimSpace(one), "sha256//")
		sum, err := base64.StdEncoding.DecodeString(text)
		if !ok || err != nil || len(sum) != sha256.Size {
			return nil, errors.New("want sha256//BASE64 of a public key, or several with ; between")
		}
		pins = append(pins, Pin(sum))
	}
	return pins, nil
}

// A PinError says that a server's key is none of those that were pinned. It is
// permanent.
type PinError struct{ Got Pin }

func (e *PinError) Error() string {
	return fmt.Sprintf("its key is %v, which is not pinned", e.Got)
}

// pinned checks the key of a server, of a resumed session too, whether or not
// its certificate was looked at.
func pinned(pins []Pin, s tls.ConnectionState) error {
	var got Pin
	if len(s.PeerCertificates) > 0 {
		got = sha256.Sum256(s.PeerCertificates[0].RawSubjectPublicKeyInfo)
		if slices.Contains(pins, got) {
			return nil
		}
	}
	return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: &PinError{got}}
}
