package server

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestSelfSigned(t *testing.T) {
	c, err := SelfSigned("files.example", "192.0.2.7", "2001:db8::1", "localhost", "::1", "not a name", "", strings.Repeat("x", 300))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(c.Leaf)
	for _, host := range []string{"localhost", "127.0.0.1", "::1", "files.example", "192.0.2.7", "2001:db8::1"} {
		if _, err := c.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if names, ips := c.Leaf.DNSNames, c.Leaf.IPAddresses; len(names) != 2 || len(ips) != 4 {
		t.Errorf("it is for %v and %v", names, ips)
	}
	from, to := time.Until(c.Leaf.NotBefore), time.Until(c.Leaf.NotAfter)
	if from > -59*time.Minute || to < 29*24*time.Hour || to > 31*24*time.Hour {
		t.Errorf("it is good from %v to %v", from, to)
	}
	sum := sha256.Sum256(c.Certificate[0])
	if f := Fingerprint(c); !strings.EqualFold(strings.ReplaceAll(f, ":", ""), hex.EncodeToString(sum[:])) || f[2] != ':' || len(f) != 95 {
		t.Errorf("the fingerprint %s", f)
	}
	key, err := x509.MarshalPKIXPublicKey(c.Leaf.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	sum = sha256.Sum256(key)
	if p := Pin(c); p != "sha256//"+base64.StdEncoding.EncodeToString(sum[:]) {
		t.Errorf("the pin %s", p)
	}
}

// put writes a certificate and its key as files of dir.
func put(t *testing.T, dir string, c tls.Certificate) (cert, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: c.Certificate[0]}, key: {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func someCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	c, err := SelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestKeyPairsThatAreOfNoUse(t *testing.T) {
	cert, key := put(t, t.TempDir(), someCertificate(t))
	_, other := put(t, t.TempDir(), someCertificate(t))
	for want, files := range map[string][2]string{
		"are of no use together: private key does not match public key": {cert, other},
		"failed to find any PEM data":                                   {os.DevNull, key},
		"PEM inputs may have been switched":                             {key, cert},
	} {
		_, err := LoadKeyPair(files[0], files[1], nil)
		if _, ok := errors.AsType[*CertificateError](err); !ok || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "tls:") {
			t.Errorf("want %s: %v", want, err)
		}
	}
	if _, err := LoadKeyPair(cert, key+".gone", nil); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), key) {
		t.Error(err)
	}
	made := time.Now()
	synctest.Test(t, func(t *testing.T) { // whose clock stands at the beginning of 2000
		if _, err := LoadKeyPair(cert, key, nil); err == nil || !strings.Contains(err.Error(), "is valid only from 20") {
			t.Error(err)
		}
		time.Sleep(time.Until(made.Add(31 * 24 * time.Hour)))
		if _, err := LoadKeyPair(cert, key, nil); err == nil || !strings.Contains(err.Error(), "has expired, on 20") {
			t.Error(err)
		}
	})
}

// A certificate is renewed while it is used, as certbot does: the files are replaced one after the other.
func TestKeyPairIsRenewed(t *testing.T) {
	dir := t.TempDir()
	first, second := someCertificate(t), someCertificate(t)
	cert, key := put(t, dir, first)
	until := first.Leaf.NotBefore.Add(2 * time.Hour)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(until))
		var told []string
		pair, err := LoadKeyPair(cert, key, func(err error) { told = append(told, err.Error()) })
		if err != nil {
			t.Fatal(err)
		}
		config := pair.Config()
		current := func() tls.Certificate {
			c, err := config.GetCertificate(nil)
			if err != nil {
				t.Fatal(err)
			}
			return *c
		}
		is := func(when string, want tls.Certificate, warnings int) {
			t.Helper()
			if got := current(); Fingerprint(got) != Fingerprint(want) || len(told) != warnings {
				t.Errorf("%s: %s, told %q", when, Fingerprint(got), told)
			}
		}
		is("at first", first, 0)

		newCert, newKey := put(t, t.TempDir(), second)
		if err := os.Rename(newCert, cert); err != nil {
			t.Fatal(err)
		}
		is("within a second", first, 0)
		time.Sleep(time.Second)
		is("half renewed", first, 1)
		time.Sleep(time.Second)
		is("still half renewed", first, 1) // nothing is said twice
		if err := os.Rename(newKey, key); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		is("renewed", second, 1)

		if err := os.Remove(cert); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		is("gone", second, 2)
		put(t, dir, first)
		time.Sleep(time.Second)
		is("back", first, 2)
	})
}

// clients are one for each protocol.
func clients(t *testing.T, roots *x509.CertPool) map[string]*http.Client {
	all := make(map[string]*http.Client)
	for name, h2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: h2}
		t.Cleanup(transport.CloseIdleConnections)
		all[name] = &http.Client{Transport: transport}
	}
	return all
}

func TestTLS(t *testing.T) {
	c := someCertificate(t)
	log := make(chan Access, 4)
	addr := start(t, Options{Pattern: true, TLS: &tls.Config{Certificates: []tls.Certificate{c}}, Log: func(a Access) { log <- a }})
	roots := x509.NewCertPool()
	roots.AddCert(c.Leaf)
	for protocol, client := range clients(t, roots) {
		resp, err := client.Get("https://" + addr + "/pattern/10")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if a := <-log; resp.Proto != protocol || a.Protocol != protocol || a.TLS != "TLS 1.3" {
			t.Errorf("%s: %s, logged %+v", protocol, resp.Proto, a)
		}
		resp, err = client.Head("https://" + addr + "/nothing")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if a := <-log; a.Status != 404 || a.Bytes != 0 {
			t.Errorf("%s: HEAD is logged as %+v", protocol, a)
		}
	}
}
