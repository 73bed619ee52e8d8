//go:build unix

package cli

import (
	"net"
	"path/filepath"
	"syscall"
	"testing"
)

// Row 98: what is no file is not found, at once. A server that opens the pipe waits for a writer for ever.
func TestRowsPipesUnix(t *testing.T) {
	s := newSite(t)
	if err := syscall.Mkfifo(filepath.Join(s.dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(s.dir) // the path of a socket may not be long
	socket, err := net.Listen("unix", "socket")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	c := dial(t, s.addr)
	for _, line := range []string{"GET /pipe", "HEAD /pipe", "GET /socket", "GET /transfer/pipe"} {
		if a := c.get(line); a.StatusCode != 404 {
			t.Errorf("%s: %s", line, a.Status)
		}
	}
}
