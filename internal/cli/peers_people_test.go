package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// passwords makes a list of one user and their password, as htpasswd -B would.
func passwords(t *testing.T, name, password string) (file string) {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	file = write(t, filepath.Join(t.TempDir(), "users"), "%s:%s\n", name, hash)
	if err := os.Chmod(file, 0o600); err != nil { // else it is remarked on
		t.Fatal(err)
	}
	return file
}

// The same clients get the same bytes over TLS and with a password.
func TestPeersGetFromServeWithPasswordOverTLS(t *testing.T) {
	dir, sum := peerFile(t)
	cert, key := certificate(t, t.TempDir())
	url := serve(t, "--tls-cert", cert, "--tls-key", key, "--auth-file", passwords(t, "ann", "secret"), "--cors", dir)
	peers(t, dir, strings.Replace(url, "://", "://ann:secret@", 1), sum)
}

// What curl makes of TLS and of passwords; it is quick to say what it sees.
func TestCurlWithPasswordOverTLS(t *testing.T) {
	t.Parallel()
	program(t, "curl")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "f"), "the file")
	cert, key := certificate(t, t.TempDir())
	url := serve(t, "--tls-cert", cert, "--tls-key", key, "--auth-file", passwords(t, "ann", "secret"), "--cors", "--health", "/up", dir)
	curl := func(args ...string) string {
		t.Helper()
		return string(ran(t, dir, append([]string{"curl", "-q", "-sS", "--cacert", cert}, args...)...))
	}
	const seen = "\n%{http_code} %{http_version}"
	for _, tt := range []struct {
		want string
		args []string
	}{
		{"the file\n200 2", []string{"--http2", "-u", "ann:secret", url + "f"}},
		{"the file\n200 1.1", []string{"--http1.1", "-u", "ann:secret", url + "f"}},
		{"the file\n200 2", []string{"--anyauth", "-u", "ann:secret", url + "f"}},
		{"file\n206 2", []string{"-r", "4-", "-u", "ann:secret", url + "f"}},
		{"401 Unauthorized\n\n401 2", []string{"-u", "ann:wrong", url + "f"}},
		{"401 Unauthorized\n\n401 2", []string{url + "nothing"}},
		{"ok\n\n200 2", []string{url + "up"}},
		{"\n204 2", []string{"-X", "OPTIONS", "-H", "Origin: https://x.example", "-H", "Access-Control-Request-Method: GET", url + "f"}},
	} {
		if got := curl(append(tt.args, "-w", seen)...); !strings.HasSuffix(got, tt.want) {
			t.Errorf("curl %v: %q, not %q", tt.args, got, tt.want)
		}
	}
}
