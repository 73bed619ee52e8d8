package cli

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"braid/scheduler/source"
)

// certified serves "hello" with a certificate of its own making, which change
// may change. file is the certificate.
func certified(t *testing.T, change func(*x509.Certificate)) (url, file string, pin source.Pin) {
	t.Helper()
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "braid test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	change(cert)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("hello"))
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	file = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return server.URL + "/f", file, sha256.Sum256(parsed.RawSubjectPublicKeyInfo)
}

// A certificate that is refused is one line with the next step in it, and exit
// code 5. Rule C11, case 64.
func TestRefusedCertificates(t *testing.T) {
	good, goodFile, pin := certified(t, func(*x509.Certificate) {})
	wrong := source.Pin(sha256.Sum256([]byte("another")))
	other, otherFile, _ := certified(t, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"other.example"} })
	old, oldFile, _ := certified(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	early, earlyFile, _ := certified(t, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) })
	const dates = "check the clock of this machine, or tell whoever runs the server"
	now := "current time " + time.Now().Format("2006") // and the rest, in the local time zone
	for _, c := range []struct {
		name string
		args []string
		says []string
	}{
		{"self-signed", []string{good}, []string{"unknown authority", "--cacert FILE names an authority to trust"}},
		{"self-signed, pinned", []string{good, "--pin-sha256", pin.String()}, []string{"unknown authority", "--cacert FILE names an authority to trust"}},
		{"of another host", []string{other, "--cacert", otherFile}, []string{"127.0.0.1", "check the name of the host, the certificate is another's"}},
		{"expired", []string{old, "--cacert", oldFile}, []string{"expired or is not yet valid", now, " is after ", dates}},
		{"not valid yet", []string{early, "--cacert", earlyFile}, []string{"expired or is not yet valid", now, " is before ", dates}},
		{"another key", []string{good, "--cacert", goodFile, "--pin-sha256", wrong.String()},
			[]string{"its key is " + pin.String() + ", which is not pinned", "if the server has a new key, and you know that from elsewhere, pin that one"}},
		{"another key, and any certificate", []string{good, "-k", "--pin-sha256", wrong.String()}, []string{"which is not pinned"}},
	} {
		dir := t.TempDir()
		code, out, problems := run(t, append([]string{"get", "-q", "-d", dir}, c.args...)...)
		lines := strings.Split(strings.TrimRight(problems, "\n"), "\n")
		last := lines[len(lines)-1]
		if code != exitTLS || out != "" || len(lines) > 1 && !strings.HasPrefix(lines[0], "braid: warning: --insecure") {
			t.Errorf("%s: exit %d, %q, %s", c.name, code, out, problems)
		}
		for _, want := range append(c.says, "braid: f: ") {
			if !strings.Contains(last, want) {
				t.Errorf("%s: %s\ndoes not say %q", c.name, last, want)
			}
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s: %v is left", c.name, left)
		}
	}
	for _, args := range [][]string{
		{good, "--cacert", goodFile},
		{good, "--cacert", goodFile, "--pin-sha256", wrong.String() + ";" + pin.String()},
		{good, "-k", "--pin-sha256", pin.String()},
	} {
		if code, _, problems := run(t, append([]string{"get", "-d", t.TempDir()}, args...)...); code != 0 {
			t.Errorf("%v: exit %d, %s", args, code, problems)
		}
	}
}
