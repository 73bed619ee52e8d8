package cli

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// Row 47: of a multipart answer, no whole part is ever in memory.
func TestRowsMultipartMemoryLinux(t *testing.T) {
	t.Parallel()
	url, c := serving(t, "braid", "serve", "-q", "-a", "127.0.0.1:0", t.TempDir())
	w := dial(t, address(url))
	w.get("GET /pattern/1M", "Range: bytes=0-9,20-29")
	before := peakOf(t, c.Process.Pid)
	const part = 64 << 20
	a := w.ask("GET /pattern/1G", fmt.Sprintf("Range: bytes=0-%d,%d-%d", part-1, 2*part, 3*part-1))
	if n, err := io.Copy(io.Discard, a.Body); err != nil || a.StatusCode != 206 || n < 2*part {
		t.Fatalf("%s: %d bytes, %v", a.Status, n, err)
	}
	if grown := peakOf(t, c.Process.Pid) - before; grown > 16<<20 {
		t.Errorf("two parts of %d bytes took %d bytes of memory", part, grown)
	}
}

// peakOf is the most memory that a process has had, in bytes.
func peakOf(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`VmHWM:\s*(\d+) kB`).FindSubmatch(status)
	if m == nil {
		t.Skip("this kernel does not tell the peak of a process")
	}
	kib, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// Row 112, by the system calls of the program: all of a file but the tails of its pieces goes by sendfile.
func TestRowsSendfileLinux(t *testing.T) {
	t.Parallel()
	strace := program(t, "strace")
	dir, size := t.TempDir(), int64(9<<20)
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, make([]byte, size), 0o644); err != nil {
		t.Fatal(err)
	}
	trace := filepath.Join(t.TempDir(), "trace")
	try := exec.Command(strace, "-qq", "-e", "trace=none", "true")
	if said, err := try.CombinedOutput(); err != nil {
		t.Skipf("strace does not work here: %v: %s", err, said)
	}
	// As a grandchild of its own, so that the process started is braid itself, and can be interrupted.
	url, _ := serving(t, strace, "-D", "-f", "-qq", "-e", "trace=sendfile", "-e", "signal=none", "-o", trace,
		"braid", "serve", "-q", "-a", "127.0.0.1:0", dir)
	c := dial(t, address(url))
	sum := regexp.MustCompile(`sendfile.*\) += (\d+)\n`)
	var before int64
	for _, tt := range []struct {
		line, field string
		bytes       int64
	}{
		{"GET /f", "X: y", size},
		{"GET /transfer/f", "X: y", size},
		{"GET /f", "Range: bytes=1-", size - 1},
		{"GET /f", "Range: bytes=0-4194303,5000000-", size - 5000000 + 4194304},
	} {
		a := c.get(tt.line, tt.field)
		if int64(len(a.body)) < tt.bytes {
			t.Fatalf("%s: %d bytes", tt.line, len(a.body))
		}
		text, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		var sent int64
		for _, m := range sum.FindAllStringSubmatch(string(text), -1) {
			n, _ := strconv.ParseInt(m[1], 10, 64)
			sent += n
		}
		const tails = 64 << 10
		if got := sent - before; got < tt.bytes-tails {
			t.Errorf("%s, %s: %d of %d bytes by sendfile", tt.line, tt.field, got, tt.bytes)
		}
		before = sent
	}
}
