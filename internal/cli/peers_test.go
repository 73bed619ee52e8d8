package cli

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// peerSize is the size of the file that goes through other people's programs.
const peerSize = 24<<20 + 4321

// program is the path of a program, or the test is skipped.
func program(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/usr/local/sbin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// peerFile makes a file of random bytes in a new folder.
func peerFile(t *testing.T) (dir string, sum [32]byte) {
	t.Helper()
	dir = t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	data := make([]byte, peerSize)
	rand.NewChaCha8([32]byte{1}).Read(data)
	if err := os.WriteFile(filepath.Join(dir, "big.bin"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "big.bin"), old, old); err != nil {
		t.Fatal(err)
	}
	return dir, sha256.Sum256(data)
}

func sumOf(t *testing.T, path string) (sum [32]byte) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Fatal(err)
	}
	h.Sum(sum[:0])
	return sum
}

// daemon starts a server in the foreground and waits until it answers at
// address. It is stopped when the test ends.
func daemon(t *testing.T, address, path string, args ...string) {
	t.Helper()
	c := exec.Command(path, args...)
	log := &strings.Builder{}
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		c.Wait()
	})
	for range 200 {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("%s does not answer at %s: %s", path, address, log)
}

// freeAddress is an address on this machine that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func write(t *testing.T, path, format string, args ...any) string {
	t.Helper()
	if err := os.WriteFile(path, fmt.Appendf(nil, format, args...), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// braid get brings the right bytes from other people's servers.
func TestGetFromPeers(t *testing.T) {
	get := func(t *testing.T, sum [32]byte, url string, flags ...string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "out")
		args := append([]string{"get", "-x", "4", "-o", path, url}, flags...)
		if out, err := exec.Command("braid", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if sumOf(t, path) != sum {
			t.Fatal("the file is wrong")
		}
	}
	t.Run("nginx", func(t *testing.T) {
		dir, sum := peerFile(t)
		plain, secure, cert := nginxAt(t, dir, "")
		get(t, sum, plain+"big.bin")
		get(t, sum, secure+"big.bin", "--cacert", cert)
		out, err := exec.Command("braid", "get", "-o", filepath.Join(t.TempDir(), "no"), secure+"big.bin").CombinedOutput()
		if code := exitOf(err); code != exitTLS {
			t.Fatalf("an unknown authority: exit %d\n%s", code, out)
		}
	})
	t.Run("apache", func(t *testing.T) {
		dir, sum := peerFile(t)
		get(t, sum, apacheAt(t, dir)+"big.bin")
	})
}

func exitOf(err error) int {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.ExitCode()
	}
	return 0
}

// certificate makes a certificate that is its own authority.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "braid test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(crand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert = write(t, filepath.Join(dir, "cert.pem"), "%s", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
	key = write(t, filepath.Join(dir, "key.pem"), "%s", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	return cert, key
}

// serve runs braid serve and returns the URL that it prints.
func serve(t *testing.T, args ...string) (url string) {
	t.Helper()
	url, _ = serving(t, append([]string{"braid", "serve", "-q", "-a", "127.0.0.1:0"}, args...)...)
	return url
}

// serving runs braid serve by a whole command, and returns the URL that it prints. Being asked to stop, it must end well.
func serving(t *testing.T, argv ...string) (url string, c *exec.Cmd) {
	t.Helper()
	c = exec.Command(argv[0], argv[1:]...)
	c.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0") // else each ends with a second of sleep under -race
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatalf("%v printed nothing", argv)
	}
	t.Cleanup(func() {
		if c.ProcessState != nil {
			return // the test has waited for it
		}
		c.Process.Signal(os.Interrupt)
		if err := c.Wait(); err != nil {
			t.Errorf("%v: %v", argv, err)
		}
	})
	return lines.Text(), c
}
