package cli

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fetched is what there is at a URL.
func fetched(t *testing.T, url string) []byte {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	content, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%s: %s, %v", url, resp.Status, err)
	}
	return content
}

// What braid serve says of a file's digest is what sha256sum finds, and what braid get holds the file to without being
// asked. The first request for a sum waits until the files are two seconds old.
func TestSumsOfServe(t *testing.T) {
	t.Parallel()
	check := program(t, "sha256sum")
	dir, sum := peerFile(t)
	for name, content := range map[string]string{"a b": "1", "new\nline": "2", "-c": "3", "ä": "4", "empty": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	origin := serve(t, dir)

	for path, files := range map[string]int{"SHA256SUMS": 6, "big.bin.sha256": 1, "new%0Aline.sha256": 1} {
		c := exec.Command(check, "--check", "--strict")
		c.Dir, c.Stdin = dir, bytes.NewReader(fetched(t, origin+path))
		if out, err := c.CombinedOutput(); err != nil || strings.Count(string(out), ": OK\n") != files {
			t.Errorf("%s: %v\n%s", path, err, out)
		}
	}
	if want := fmt.Sprintf("%x  big.bin\n", sum); string(fetched(t, origin+"big.bin.sha256")) != want {
		t.Errorf("the sum of big.bin is not %s", want)
	}

	get := func(from string) (code int, out string, got [32]byte) {
		path := filepath.Join(t.TempDir(), "got")
		c := exec.Command("braid", "get", "-x", "4", "-o", path, from)
		told, err := c.CombinedOutput()
		if c.ProcessState == nil {
			t.Fatal(err)
		}
		if content, err := os.ReadFile(path); err == nil {
			got = sha256.Sum256(content)
		}
		return c.ProcessState.ExitCode(), string(told), got
	}
	if code, out, got := get(origin + "big.bin"); code != exitOK || got != sum || !strings.Contains(out, ", sha256 verified") {
		t.Errorf("get: exit %d, %s", code, out)
	}

	// Somebody on the way who changes one byte and nothing else.
	target, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(resp *http.Response) error {
		if resp.Header.Get("Repr-Digest") == "" {
			t.Error("no Repr-Digest")
		}
		resp.Body = &flipped{ReadCloser: resp.Body}
		return nil
	}
	liar := httptest.NewServer(proxy)
	defer liar.Close()
	if code, out, _ := get(liar.URL + "/big.bin"); code != exitIntegrity {
		t.Errorf("get of another content: exit %d, %s", code, out)
	}
}

// A flipped body has another first byte.
type flipped struct {
	io.ReadCloser
	begun bool
}

func (f *flipped) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	if n > 0 && !f.begun {
		f.begun = true
		p[0] ^= 1
	}
	return n, err
}
