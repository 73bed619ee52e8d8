package bench

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"braid/server"
)

// What nginx logs is what the result says, and its file is compared with ours.
func TestCountsAsNginxDoes(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip("nginx is not installed: Debian's package nginx-light has it")
	}
	dir := t.TempDir()
	const size = 3_000_000
	data := make([]byte, size)
	server.PatternAt(data, 9, 0)
	if err := os.WriteFile(filepath.Join(dir, "f"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	conf := fmt.Sprintf(`%s daemon off; worker_processes 2; pid %[2]s/pid; error_log %[2]s/errors;
events { worker_connections 64; }
http { log_format short '$status $body_bytes_sent'; access_log %[2]s/log short; keepalive_requests 20;
client_body_temp_path %[2]s/a; proxy_temp_path %[2]s/b; fastcgi_temp_path %[2]s/c; uwsgi_temp_path %[2]s/d; scgi_temp_path %[2]s/e;
server { listen %[3]s; root %[2]s; } }`, map[bool]string{true: "user root;"}[os.Getuid() == 0], dir, address)
	if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "-p", dir, "-c", filepath.Join(dir, "conf"))
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	stop := func() {
		_ = c.Process.Signal(syscall.SIGQUIT) // which lets it write its log
		_ = c.Wait()
	}
	defer func() { stop() }()
	reachable(t, address)

	s := setup(t, "http://"+address+"/f", "random", "1K,20K")
	s.Bounds.Requests, s.Load.Connections = 600, 8
	s.Known, s.KnownSize, s.KnownAs = server.PatternReader(9, size), size, "copy"
	r, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stop()
	requests, bytes := logged(t, filepath.Join(dir, "log"))
	f := r.Steps[0].All
	if r.Total.Requests != requests || r.Total.Bytes != bytes || f.Requests != 600 || f.Failed != 0 {
		t.Errorf("%+v in all, %+v measured; the log has %d requests and %d bytes", r.Total, f, requests, bytes)
	}
	if f.Connects < 600/20 {
		t.Errorf("%d connections, though each was closed after 20 requests", f.Connects)
	}
}

// logged adds up a log of status and bytes.
func logged(t *testing.T, name string) (requests, bytes int64) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); requests++ {
		status, sent, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.ParseInt(sent, 10, 64)
		if status != "206" || err != nil {
			t.Fatalf("a line of the log: %q", lines.Text())
		}
		bytes += n
	}
	return requests, bytes
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// reachable waits until somebody listens.
func reachable(t *testing.T, address string) {
	t.Helper()
	for range 500 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("nginx does not listen")
}
