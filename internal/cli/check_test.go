package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"braid/internal/check"
	"braid/server"
)

func TestCheckExitCodes(t *testing.T) {
	t.Parallel()
	url, _ := origin(t, server.Options{Pattern: true})
	lies, _ := origin(t, server.Options{Pattern: true, Rogue: server.Rogue{Faults: []string{"wrong-start"}}})
	deny := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(401) }))
	defer deny.Close()
	for _, c := range []struct {
		args           []string
		code           int
		stdout, stderr string // "" must be empty
	}{
		{[]string{url + "pattern/1M"}, 0, "Resuming is safe: the ETag tells the file's versions apart.", ""},
		{[]string{url + "pattern/0"}, 0, "The file is empty", ""},
		{[]string{lies + "pattern/1M"}, exitProtocol, "these are not the bytes", "braid: the server breaks rules of HTTP: 4 rows fail\n"},
		{[]string{url + "nothing"}, exitHTTP, "", "braid: " + url + "nothing: the server answered 404 Not Found; check the URL\n"},
		{[]string{deny.URL}, exitAuth, "", "braid: " + deny.URL + ": the server answered 401 Unauthorized; --header @FILE sends credentials\n"},
		{[]string{"http://nowhere.invalid/f"}, exitNetwork, "", "check the name of the host"},
		{[]string{"http://127.0.0.1:1/f"}, exitNetwork, "", "is the server running, and is the port right?"},
		{nil, exitUsage, "", "braid: check needs a URL; try: braid check https://example.com/file\n"},
		{[]string{"example.com/f"}, exitUsage, "", "is not a URL; try: https://example.com/f"},
		{[]string{"ftp://example.com/f"}, exitUsage, "", "begin with http:// or https://"},
		{[]string{url, url}, exitUsage, "", "check takes one URL at a time"},
		{[]string{"-x", "0", url}, exitUsage, "", "--connections wants a number from 1 to 64"},
	} {
		code, out, err := run(t, append([]string{"check"}, c.args...)...)
		if code != c.code || !strings.Contains(out, c.stdout) || !strings.Contains(err, c.stderr) || (c.stdout == "") != (out == "") || (c.stderr == "") != (err == "") {
			t.Errorf("%q: exit %d, want %d\n%s%s", c.args, code, c.code, out, err)
		}
	}
}

// An interrupt leaves the rows that there were time for.
func TestCheckInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	n := 0
	h, err := server.New(server.Options{Pattern: true})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n++; n == 20 { // the requests come one after the other
			cancel(SignalError{os.Interrupt})
		}
		h.ServeHTTP(w, r)
	}))
	defer s.Close()
	var out, errs strings.Builder
	code := Run(ctx, []string{"braid", "check", s.URL + "/pattern/8M"}, strings.NewReader(""), &out, &errs)
	if code != 130 || !strings.Contains(out.String(), "\npartial: ") || !strings.Contains(out.String(), "provisional") || !strings.Contains(out.String(), "several ranges:") {
		t.Errorf("exit %d\n%s%s", code, out.String(), errs.String())
	}
}

// The object of --json has all that the page has, also when it is partial.
func TestCheckJSON(t *testing.T) {
	t.Parallel()
	url, _ := origin(t, server.Options{Pattern: true})
	for _, c := range []struct {
		url  string
		code int
	}{{url + "pattern/1M?key=secret", 0}, {url + "nothing", exitHTTP}} {
		code, out, _ := run(t, "check", "--json", c.url)
		var r check.Report
		if err := json.Unmarshal([]byte(out), &r); err != nil || strings.Count(out, "\n") != 1 || code != c.code {
			t.Fatalf("exit %d, %v: %s", code, err, out)
		}
		if strings.Contains(out, "secret") || r.Version != 1 || r.Rows == nil {
			t.Error(out)
		}
		if c.code == 0 && (r.Size != 1<<20 || r.Summary.Pass < 60 || r.Summary.Segments != check.Safe || r.Partial != "") {
			t.Errorf("%+v", r.Summary)
		}
		if c.code != 0 && !strings.Contains(r.Partial, "404") {
			t.Error(r.Partial)
		}
	}
}

// The page fits its width, and says in colour only what it says in words.
func TestCheckPage(t *testing.T) {
	t.Parallel()
	url, _ := origin(t, server.Options{Pattern: true, Rogue: server.Rogue{Faults: []string{"wrong-start", "short-part"}}})
	_, out, _ := run(t, "check", "-v", url+"pattern/1M")
	for line := range strings.Lines(out) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, word := range []string{"pass", "fail", "allowed", "not offered", "§14.1.2", "RFC 9530"} {
		if !strings.Contains(out, word) {
			t.Errorf("there is no %q in\n%s", word, out)
		}
	}
	_, quiet, _ := run(t, "check", "-q", url+"pattern/1M")
	if strings.Contains(quiet, "  pass") || !strings.Contains(quiet, "  fail") || strings.Contains(quiet, "  allowed") {
		t.Error(quiet)
	}
	_, colored, _ := run(t, "check", "--color", "always", "-q", url+"pattern/1M")
	if !strings.Contains(colored, "\x1b[31m  fail") {
		t.Errorf("%q", colored)
	}
}
