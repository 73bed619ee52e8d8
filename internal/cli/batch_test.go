package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"braid/internal/ui"
)

// listOf is a list of n files of an origin.
func listOf(t *testing.T, url string, n int) (path string) {
	t.Helper()
	var list strings.Builder
	for i := range n {
		fmt.Fprintf(&list, "%s/f%d\n", url, i)
	}
	path = filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(path, []byte(list.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// small serves files whose content is their path.
func small(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"1"`)
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(r.URL.Path))
}

// Hundreds of small files over a handful of connections: all of an answer is
// read, and its connection is there for the next file.
func TestManyFilesShareConnections(t *testing.T) {
	const files, jobs = 300, 8
	var opened atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(small))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	dir := t.TempDir()
	code, out, problems := run(t, "get", "-j", fmt.Sprint(jobs), "-d", dir, "--durability", "relaxed", "-i", listOf(t, s.URL, files))
	if code != exitOK {
		t.Fatalf("%d: %s", code, problems)
	}
	for i := range files {
		got, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("f%d", i)))
		if want := fmt.Sprintf("/f%d", i); err != nil || string(got) != want {
			t.Fatalf("%q, %v, want %q", got, err, want)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != files {
		t.Errorf("%d files are there, %v, want %d", len(left), err, files)
	}
	if n := strings.Count(out, "\n"); n != files {
		t.Errorf("%d paths are told, want %d", n, files)
	}
	if n := strings.Count(problems, "\n"); n != files+3 {
		t.Errorf("%d lines, want one a file, the note twice and the summary:\n%.2000s", n, problems)
	}
	if n := opened.Load(); n > jobs+2 {
		t.Errorf("%d connections for %d files at once", n, jobs)
	}
}

// As many files are under way as were asked for, and no more.
func TestJobs(t *testing.T) {
	const jobs = 4
	var mu sync.Mutex
	inside, most := 0, 0
	full := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		if inside++; inside > most {
			if most = inside; most == jobs {
				close(full)
			}
		}
		mu.Unlock()
		select {
		case <-full:
		case <-r.Context().Done():
		}
		small(w, r)
		mu.Lock()
		inside--
		mu.Unlock()
	}))
	defer s.Close()
	code, _, problems := run(t, "get", "-q", "-j", fmt.Sprint(jobs), "-d", t.TempDir(), "-i", listOf(t, s.URL, 40), "-T", "5", "--retry", "0")
	if code != exitOK || most != jobs {
		t.Errorf("%d: %d at once, want %d\n%s", code, most, jobs, problems)
	}
}

// An interrupt ends what is under way, and nothing else is begun.
func TestAnInterruptBeginsNoMore(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 3 {
			cancel(SignalError{os.Interrupt})
		}
		<-r.Context().Done()
	}))
	defer s.Close()
	var out, problems bytes.Buffer
	args := []string{"braid", "get", "--json", "-j", "3", "-d", t.TempDir(), "-i", listOf(t, s.URL, 100)}
	code := Run(ctx, args, strings.NewReader(""), &out, &problems)
	if code != 130 || asked.Load() != 3 {
		t.Errorf("%d, and %d were asked for, want 130 and 3", code, asked.Load())
	}
	ids := map[float64]bool{}
	var last map[string]any
	for line := range strings.Lines(out.String()) {
		last = nil
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatal(err)
		}
		if last["type"] == "error" {
			ids[last["id"].(float64)] = true
		}
	}
	if len(ids) != 3 {
		t.Errorf("the errors are of %v, want 3 downloads", ids)
	}
	if last["type"] != "exit" || last["failed"] != 100.0 || last["ok"] != 0.0 {
		t.Errorf("ends with %v", last)
	}
}

// With --force, too, the second of two is no replacement of the first.
func TestTheFirstOfTwoStays(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(small))
	defer s.Close()
	dir := t.TempDir()
	for _, force := range []string{"--no-force", "--force"} {
		code, _, problems := run(t, "get", force, "-d", dir, "-j", "1", s.URL+"/a/f", s.URL+"/b/f")
		got, err := os.ReadFile(filepath.Join(dir, "f"))
		if code != exitPartial || string(got) != "/a/f" || err != nil {
			t.Errorf("%s: %d, %q, %v\n%s", force, code, got, err, problems)
		}
		if n := strings.Count(problems, "another URL of this run goes there, and came first; -o gives"); n != 1 {
			t.Errorf("%s: it is said %d times:\n%s", force, n, problems)
		}
	}
}

// A fault of one download is one of the run, not the end of the process.
func TestAFaultInADownloadIsAnError(t *testing.T) {
	defer func() {
		c, ok := recover().(*crash)
		if !ok || c.fault != "a fault" || !strings.Contains(string(c.stack), "panicking") {
			t.Errorf("%v, want the fault, and where it was", c)
		}
	}()
	b := &batch{shared: &shared{report: panicking{ui.For(ui.Options{Out: io.Discard, Err: io.Discard})}, targets: newTargets()}, o: newGetOptions()}
	b.run(t.Context(), []entry{{url: "http://127.0.0.1:1/f"}})
}

// A panicking reporter has a fault.
type panicking struct{ ui.Reporter }

func (panicking) Begin(int, string, string) ui.Transfer { panic("a fault") }
