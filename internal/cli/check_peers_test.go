package cli

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"braid/internal/check"
	"braid/scheduler/source"
)

func checked(t *testing.T, url, authority string) *check.Report {
	t.Helper()
	o := check.Options{}
	if authority != "" {
		roots, err := source.CertPool(authority)
		if err != nil {
			t.Fatal(err)
		}
		o.Client.RootCAs = roots
	}
	report, err := check.Run(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// digested waits until braid serve at url knows what a file hashes to.
func digested(t *testing.T, url, file string) string {
	t.Helper()
	resp, err := http.Get(url + file + ".sha256")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
	return url
}

// verdicts are by the names of rows.
type verdicts map[string]check.Verdict

// What braid check finds at other people's servers, beside what passes. Each of
// these was verified by hand, with curl.
func TestCheckPeers(t *testing.T) {
	t.Parallel()
	dir, _ := peerFile(t)
	write(t, filepath.Join(dir, "text.txt"), "%s", strings.Repeat("All of this compresses well. ", 400))
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "text.txt"), old, old); err != nil {
		t.Fatal(err)
	}
	const (
		pass    = check.Pass
		fail    = check.Fail
		allowed = check.Allowed
		none    = check.NotOffered
	)
	// What none of them has, over plain HTTP.
	plain := verdicts{"tls": none, "http2": none, "repr-digest": none, "content-digest": none}
	nginx := verdicts{
		"head-range": fail, "tag-before-date": fail, "match-before-unmodified": fail,
		"empty-elements": allowed, "huge-last": allowed, "huge-suffix": allowed,
		"if-none-match-lines": allowed, "if-modified-since-later": allowed, "keep-alive": allowed,
	}
	// Its 304 has not got the Vary of its 200.
	unvaried := verdicts{
		"if-none-match": fail, "if-none-match-weak": fail, "if-none-match-any": fail, "none-match-before-range": fail, "if-modified-since": fail,
	}
	// Without ranges there is nothing to be wrong about.
	unranged := verdicts{
		"single": none, "inner": none, "parallel": none, "accept-ranges": none,
		"head-range": pass, "empty-elements": pass, "huge-last": pass, "huge-suffix": pass,
	}
	apache := verdicts{
		"head-range": fail, "tag-before-date": fail, "match-before-unmodified": fail,
		"past-end": allowed, "none-satisfiable": allowed, "suffix-zero": allowed, "blank": allowed, "empty-elements": allowed,
		"huge-first": allowed, "huge-last": allowed, "huge-suffix": allowed, "if-modified-since-later": allowed,
	}
	lighttpd := verdicts{
		"if-match-other": fail, "if-match-weak": fail, "if-none-match-lines": fail, "if-unmodified-since-earlier": fail, "match-before-range": fail,
		"past-end": allowed, "none-satisfiable": allowed, "suffix-zero": allowed, "one-invalid": allowed,
		"huge-first": allowed, "huge-last": allowed, "huge-suffix": allowed,
	}
	untagged := verdicts{
		"etag": none, "if-match": none, "if-match-weak": none, "if-none-match": none, "if-none-match-weak": none, "if-none-match-lines": none,
		"tag-before-date": none, "match-before-unmodified": none,
	}
	undated := verdicts{
		"last-modified": none, "stable": none, "if-range-tag": none, "if-range-weak": none, "if-range-alone": none, "none-match-before-range": none,
		"if-range-date": none, "if-range-earlier": none, "if-range-later": none, "if-modified-since": none, "if-modified-since-later": none,
		"if-modified-since-earlier": none, "if-unmodified-since": none, "if-unmodified-since-earlier": none, "other-tag-before-date": none,
		"if-none-match-any": fail,
	}
	python := verdicts{
		"if-match-other": fail, "if-none-match-any": fail, "if-unmodified-since-earlier": fail, "keep-alive": none,
	}
	const limits = "limit_conn_zone $binary_remote_addr zone=z:1m; limit_conn z 6;"
	for _, c := range []struct {
		name             string
		at               func(t *testing.T) (url, authority string)
		file             string
		want             []verdicts // of two about one row the later counts
		segments, resume check.Safety
		connections      int
	}{
		{"nginx", func(t *testing.T) (string, string) { u, _, _ := nginxAt(t, dir, ""); return u, "" }, "big.bin",
			[]verdicts{plain, nginx}, check.Safe, check.Safe, 16},
		{"nginx, TLS", func(t *testing.T) (string, string) { _, u, a := nginxAt(t, dir, ""); return u, a }, "big.bin",
			[]verdicts{plain, nginx, {"tls": pass, "http2": pass}}, check.Safe, check.Safe, 16},
		{"nginx, gzip", func(t *testing.T) (string, string) {
			u, _, _ := nginxAt(t, dir, "gzip on; gzip_types text/plain; gzip_vary on;")
			return u, ""
		}, "text.txt",
			[]verdicts{plain, nginx, unvaried}, check.Safe, check.Safe, 16},
		{"nginx, gzip without Vary", func(t *testing.T) (string, string) {
			u, _, _ := nginxAt(t, dir, "gzip on; gzip_types text/plain;")
			return u, ""
		}, "text.txt",
			[]verdicts{plain, nginx, {"gzip": allowed, "gzip-range": allowed}}, check.Safe, check.Safe, 16},
		{"nginx, limits", func(t *testing.T) (string, string) { u, _, _ := nginxAt(t, dir, limits); return u, "" }, "big.bin",
			[]verdicts{plain, nginx, {"parallel": allowed}}, check.Safe, check.Safe, 6},
		{"nginx, no ranges", func(t *testing.T) (string, string) { u, _, _ := nginxAt(t, dir, "max_ranges 0;"); return u, "" }, "big.bin",
			[]verdicts{plain, nginx, unranged}, check.None, check.None, 0},
		{"apache", func(t *testing.T) (string, string) { return apacheAt(t, dir), "" }, "big.bin",
			[]verdicts{plain, apache}, check.Safe, check.Safe, 16},
		{"lighttpd", func(t *testing.T) (string, string) {
			return lighttpdAt(t, dir, `mimetype.assign = ( ".bin" => "application/x-thing" )`), ""
		}, "big.bin",
			[]verdicts{plain, lighttpd}, check.Safe, check.Safe, 16},
		{"lighttpd, unknown type", func(t *testing.T) (string, string) { return lighttpdAt(t, dir, ""), "" }, "big.bin",
			[]verdicts{plain, lighttpd, untagged, undated}, check.Safe, check.Unsafe, 16},
		{"python", func(t *testing.T) (string, string) { return pythonAt(t, dir), "" }, "big.bin",
			[]verdicts{plain, unranged, untagged, python}, check.None, check.None, 0},
		{"braid serve", func(t *testing.T) (string, string) { return digested(t, serve(t, dir), "big.bin"), "" }, "big.bin",
			[]verdicts{plain, {"repr-digest": pass}}, check.Safe, check.Safe, 16},
		{"braid serve, text", func(t *testing.T) (string, string) { return digested(t, serve(t, dir), "text.txt"), "" }, "text.txt",
			[]verdicts{plain, {"repr-digest": pass}}, check.Safe, check.Safe, 16},
		{"braid serve, pattern", func(t *testing.T) (string, string) { return serve(t, dir), "" }, "pattern/1G",
			[]verdicts{plain}, check.Safe, check.Safe, 16},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url, authority := c.at(t)
			r := checked(t, url+c.file, authority)
			got, want := verdicts{}, verdicts{}
			for _, row := range r.Rows {
				if row.Verdict != pass {
					got[row.ID] = row.Verdict
				}
			}
			for _, m := range c.want {
				for id, v := range m {
					want[id] = v
					if v == pass {
						delete(want, id)
					}
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			s := r.Summary
			if s.Segments != c.segments || s.Resume != c.resume || s.Connections != c.connections {
				t.Errorf("segments %s, resume %s, %d connections: %q", s.Segments, s.Resume, s.Connections, s.Text)
			}
		})
	}
}
