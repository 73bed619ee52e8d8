package source

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"testing"

	"braid/scheduler"
)

func TestParsePins(t *testing.T) {
	one := "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	two := "sha256//RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="
	for in, want := range map[string][]string{one: {one}, one + ";" + two: {one, two}, " " + one + " ; " + two + " ": {one, two}} {
		pins, err := ParsePins(in)
		var got []string
		for _, p := range pins {
			got = append(got, p.String())
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", ";", one + ";", "sha256/" + one[8:], "sha1//" + one[8:], one[8:], "sha256//AAAA", "sha256//" + one, one[:len(one)-1], "SHA256" + one[6:], "sha256//!" + one[9:]} {
		if pins, err := ParsePins(in); err == nil {
			t.Errorf("%q: %v", in, pins)
		}
	}
}

func TestPins(t *testing.T) { // rule C11
	server := secure(t, nil)
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	right := Pin(sha256.Sum256(server.Certificate().RawSubjectPublicKeyInfo))
	wrong := Pin(sha256.Sum256([]byte("another")))
	cache := tls.NewLRUClientSessionCache(8)
	var resumed []string
	get := func(name string, o ClientOptions) error {
		c := Client(o)
		defer c.CloseIdleConnections()
		near := c.Transport.(*transport).near
		near.TLSClientConfig.ClientSessionCache = cache
		if check := near.TLSClientConfig.VerifyConnection; check != nil {
			near.TLSClientConfig.VerifyConnection = func(s tls.ConnectionState) error {
				if s.DidResume {
					resumed = append(resumed, name)
				}
				return check(s)
			}
		}
		near.DisableKeepAlives = true
		s, err := Open(t.Context(), c, server.URL, Options{})
		if err == nil {
			_, err = read(t.Context(), s, span(0, 1000)) // a ticket comes behind the handshake
			s.Close()
		}
		return err
	}
	rows := []struct {
		name string
		o    ClientOptions
		ok   bool
	}{
		{"right", ClientOptions{RootCAs: trusted, Pins: []Pin{right}}, true},
		{"right, on a resumed session", ClientOptions{RootCAs: trusted, Pins: []Pin{right}}, true},
		{"wrong", ClientOptions{RootCAs: trusted, Pins: []Pin{wrong}}, false},
		{"one of two", ClientOptions{RootCAs: trusted, Pins: []Pin{wrong, right}}, true},
		{"right, of a certificate that is not trusted", ClientOptions{Pins: []Pin{right}}, false},
		{"right, whatever the certificate", ClientOptions{Insecure: true, Pins: []Pin{right}}, true},
		{"wrong, whatever the certificate", ClientOptions{Insecure: true, Pins: []Pin{wrong}}, false},
	}
	for _, row := range rows {
		err := get(row.name, row.o)
		if (err == nil) != row.ok {
			t.Errorf("%s: %v", row.name, err)
		}
		if pin, ok := errors.AsType[*PinError](err); strings.HasPrefix(row.name, "wrong") && (!ok || pin.Got != right || !scheduler.IsPermanent(err)) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	if want := []string{"right, on a resumed session", "wrong", "wrong, whatever the certificate"}; !slices.Equal(resumed, want) {
		t.Errorf("resumed were %q, want %q", resumed, want)
	}
}
