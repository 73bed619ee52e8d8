package server

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestListing(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.txt", ".hidden", "sub/x y.iso", "a#?<b>\"é.txt", "javascript:alert(1)", "zdir/.keep"} {
		oldFile(t, filepath.Join(dir, name), patterned(2000))
	}
	os.Symlink("/etc", filepath.Join(dir, "etc"))
	c := dial(t, start(t, Options{Root: dir, Pattern: true}))

	resp, body := c.get("GET /", "Accept: application/json")
	var got struct {
		Path    string
		Entries []entry
	}
	if err := json.Unmarshal(body, &got); err != nil || resp.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%v: %s", err, body)
	}
	var names []string
	for _, e := range got.Entries {
		names = append(names, e.Name)
		if e.Dir != (e.Size == 0) || e.Modified.IsZero() {
			t.Errorf("%+v", e)
		}
	}
	if list := strings.Join(names, " "); list != `sub zdir a#?<b>"é.txt b.txt javascript:alert(1)` {
		t.Errorf("listed: %s", list)
	}

	resp, body = c.get("GET /", "Accept: text/html,application/json;q=0.9")
	checkPage(t, string(body), resp.Header.Get("Content-Security-Policy"))
	if resp.Header.Get("Content-Type") != "text/html; charset=utf-8" || resp.Header.Get("Vary") != "Accept" {
		t.Errorf("%v", resp.Header)
	}
	// Every link on the pages leads to something.
	for _, at := range []string{"/", "/sub/", "/zdir/"} {
		_, body := c.get("GET " + at)
		links := regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(string(body), -1)
		if len(links) == 0 {
			t.Errorf("%s has no links", at)
		}
		for _, link := range links {
			target := strings.NewReplacer("&#43;", "+", "&amp;", "&").Replace(link[1])
			if !strings.HasPrefix(target, "./") {
				t.Errorf("%s links to %s", at, target)
			}
			path := at + strings.TrimPrefix(target, "./")
			for strings.Contains(path, "/../") { // as a browser would
				path = regexp.MustCompile(`/[^/]+/\.\./`).ReplaceAllString(path, "/")
			}
			if resp, _ := c.get("HEAD " + path); resp.StatusCode != 200 {
				t.Errorf("%s links to %s, and that is %s", at, target, resp.Status)
			}
		}
	}
	if _, body := c.get("GET /zdir/"); !strings.Contains(string(body), "Nothing here") {
		t.Error("an empty folder does not say so")
	}
	if resp, body := c.get("GET /", "Range: bytes=0-1"); resp.StatusCode != 200 || len(body) < 100 {
		t.Errorf("row 30: a Range on a page: %s", resp.Status)
	}
}

// checkPage holds a page to its policy: it brings its own style and nothing else.
func checkPage(t *testing.T, page, policy string) {
	t.Helper()
	for _, forbidden := range []string{"<script", " style=", " src=", " onclick", "http://", "https://", `href="javascript`} {
		if strings.Contains(page, forbidden) {
			t.Errorf("the page contains %q", forbidden)
		}
	}
	for _, want := range []string{"viewport", "&lt;b&gt;", "prefers-color-scheme", "<style>" + listingCSS + "</style>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %.30q", want)
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") {
		t.Errorf("the policy is %q", policy)
	}
}

func TestNoListing(t *testing.T) {
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "sub", "f"), nil)
	c := dial(t, start(t, Options{Root: dir, NoListing: true}))
	for path, want := range map[string]int{"/": 404, "/sub/": 404, "/sub": 404, "/sub/f": 200} {
		if resp, _ := c.get("GET " + path); resp.StatusCode != want {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}

func TestHumanSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.00 KiB", 1536: "1.50 KiB", 10 << 20: "10.0 MiB", 1 << 40: "1.00 TiB",
		1023 << 10: "1.00 MiB", 999 << 10: "999 KiB", 1<<63 - 1: "8.00 EiB", 123456789: "118 MiB",
	} {
		if got := humanSize(n); got != want {
			t.Errorf("humanSize(%d) = %s, want %s", n, got, want)
		}
	}
}
