//go:build unix

package server

import (
	"net"
	"path/filepath"
	"syscall"
	"testing"
)

// Row 98. A server that opens the pipe waits for a writer for ever, and so would this test.
func TestPipesAndSockets(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c := dial(t, start(t, Options{Root: dir}))
	for _, path := range []string{"/pipe", "/socket", "/transfer/pipe"} {
		if resp, _ := c.get("GET " + path); resp.StatusCode != 404 {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
	if _, body := c.get("GET /", "Accept: application/json"); string(body) != `{"path":"/","total":0,"entries":[]}`+"\n" {
		t.Errorf("listed: %s", body)
	}
}
