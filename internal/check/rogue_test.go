package check

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"braid/server"
)

// Every fault of our own server that is a lie about ranges fails, in the rows
// that it is about.
func TestLies(t *testing.T) {
	for fault, rows := range map[string][]string{
		"wrong-start":           {"inner"},
		"long-part":             {"single", "inner"},
		"length-disagrees":      {"single", "inner"},
		"no-content-range":      {"single", "inner"},
		"garbage-content-range": {"single", "inner"},
		"multipart":             {"single", "inner", "open", "suffix"},
		"total-changes":         {"single", "inner"},
		"etag-changes":          {"single", "inner"},
		"modified-changes":      {"single", "inner"},
		"if-range-lies":         {"if-range-tag", "if-range-other", "if-range-weak", "if-range-date", "if-range-earlier"},
		"cache-truncates":       {"single", "inner"},
		"cache-mixes":           {"single", "inner"},
		"stale-206":             {"inner"},
		"gzip":                  {"single"},
		"endless":               {"single"},
		"416-other-total":       {"inner"},
		"head-lies":             {"head"},
		"head-refused":          {"head"},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			r := mustRun(t, origin(t, server.Options{Rogue: server.Rogue{Faults: []string{fault}}})+"200K", Options{})
			for _, id := range rows {
				want(t, r, id, Fail)
			}
			if about := rows[0] == "head" || rows[0] == "if-range-tag"; about != (r.Summary.Segments == Safe) {
				t.Errorf("segments are %s", r.Summary.Segments)
			}
			if rows[0] != "head" && r.Summary.Resume == Safe {
				t.Error("resuming is said to be safe")
			}
		})
	}
}

// What is of no use to a download, but allowed, is neither a fail nor a pass.
func TestAllowed(t *testing.T) {
	for _, c := range []struct {
		fault            string
		rows             []string
		segments, resume Safety
		size             string // "" means 200K
	}{
		{"forget-ranges", []string{"inner", "open"}, Unsafe, Unsafe, ""},
		{"416-resume", []string{"inner", "open"}, Unsafe, Unsafe, ""},
		{"early-start", []string{"inner", "open"}, Unsafe, Unsafe, ""}, // and sends bytes to ranges past the end
		{"short-part", []string{"single", "inner", "open"}, Safe, Safe, ""},
		{"star-total", []string{"single"}, Safe, Safe, ""},
		{"stale-206", []string{"open", "last-byte"}, Unsafe, Unsafe, ""}, // nothing is known of the bytes there, but their validators are others
		{"403-ranged", []string{"single", "inner"}, None, None, ""},
		{"etag-weak", []string{"etag"}, Safe, Unsafe, ""},
		{"etag-random", []string{"stable"}, Safe, Unsafe, ""},
		{"etag-per-edge", []string{"stable"}, Safe, Unsafe, ""},
		{"if-range-200", []string{"if-range-tag", "if-range-date"}, Safe, Safe, ""},
		{"chunked", []string{"get"}, Safe, Safe, ""},
		{"403-large", []string{"from-zero"}, Unsafe, Unsafe, "8M"},
		{"idle-close", []string{"keep-alive"}, Safe, Safe, ""},
	} {
		t.Run(c.fault, func(t *testing.T) {
			t.Parallel()
			r := mustRun(t, origin(t, server.Options{Rogue: server.Rogue{Faults: []string{c.fault}}})+cmp.Or(c.size, "200K"), Options{})
			for _, id := range c.rows {
				want(t, r, id, Allowed)
			}
			if r.Summary.Segments != c.segments || r.Summary.Resume != c.resume {
				t.Errorf("segments %s, resume %s, want %s, %s: %q", r.Summary.Segments, r.Summary.Resume, c.segments, c.resume, r.Summary.Text)
			}
		})
	}
}

// How many connections a server bears is found out, and no more are tried.
func TestCrowd(t *testing.T) {
	t.Parallel()
	r := mustRun(t, origin(t, server.Options{Rogue: server.Rogue{Faults: []string{"503-crowd"}}})+"8M", Options{})
	want(t, r, "parallel", Allowed)
	if r.Summary.Connections != 4 || r.Summary.Fail > 0 {
		t.Errorf("%+v", r.Summary)
	}
}

// An answer of several at once that never goes on fails, and does not hold up the
// rest.
func TestCrowdStalls(t *testing.T) {
	t.Parallel()
	s := handled(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") == "bytes=1000-" {
			w.Header().Set("Content-Range", "bytes 1000-15999/16000")
			w.Header().Set("Content-Length", "15000")
			w.WriteHeader(http.StatusPartialContent)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return
		}
		http.ServeContent(w, r, "f.bin", time.Now().Add(-time.Hour), strings.NewReader(strings.Repeat("0123456789abcdef", 1000)))
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := Run(ctx, s.URL, Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	want(t, r, "parallel", Fail)
	want(t, r, "keep-alive", Pass)
}

// A link that runs out while it is asked is told from a file that is gone.
func TestLinkRunsOut(t *testing.T) {
	t.Parallel()
	r := mustRun(t, origin(t, server.Options{Rogue: server.Rogue{Faults: []string{"signed-expires"}}})+"8M", Options{})
	want(t, r, "redirect", Allowed)
	if r.Summary.Segments != Safe || r.Summary.Fail > 0 || r.Summary.Connections != 16 {
		t.Errorf("%+v", r.Summary)
	}
	ids := r.those(Allowed, "one range")
	if slices.Contains(ids, "open") {
		t.Error(ids)
	}
}
