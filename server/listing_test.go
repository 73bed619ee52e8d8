package server

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestListing(t *testing.T) {
	t.Parallel() // nothing is hashed before it is two seconds old
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
	resp, body = c.get("GET /?file=a%23%3F%3Cb%3E%22%C3%A9.txt")
	checkPage(t, string(body), resp.Header.Get("Content-Security-Policy"))
	checkLinks(t, c, "/", "/sub/", "/zdir/", "/?sort=size", "/?q=b&order=desc", "/?file=b.txt", "/sub/?file=x%20y.iso", "/?q=nope")
	if _, body := c.get("GET /zdir/"); !strings.Contains(string(body), "This folder is empty") {
		t.Error("an empty folder does not say so")
	}
	if resp, body := c.get("GET /", "Range: bytes=0-1"); resp.StatusCode != 200 || len(body) < 100 {
		t.Errorf("row 30: a Range on a page: %s", resp.Status)
	}
}

// checkPage holds a page to its policy: it brings its own style and script, and nothing else.
func checkPage(t *testing.T, page, policy string) {
	t.Helper()
	for _, forbidden := range []string{"<b>", " style=", " src=", " onclick", `href="javascript`, `href="http`} {
		if strings.Contains(page, forbidden) {
			t.Errorf("the page contains %q", forbidden)
		}
	}
	for _, want := range []string{"viewport", "&lt;b&gt;", "prefers-color-scheme"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %.30q", want)
		}
	}
	directives := map[string]string{}
	for d := range strings.SplitSeq(policy, "; ") {
		name, sources, _ := strings.Cut(d, " ")
		directives[name] = sources
	}
	for _, name := range []string{"style", "script"} {
		inline := regexp.MustCompile(`(?s)<`+name+`>(.*?)</`+name+`>`).FindAllStringSubmatch(page, -1)
		if len(inline) != 1 || directives[name+"-src"] != hashOf(inline[0][1]) {
			t.Errorf("%d of <%s>, and the policy is %q", len(inline), name, policy)
		}
	}
	if directives["default-src"] != "'none'" || directives["base-uri"] != "'none'" || directives["frame-ancestors"] != "'none'" {
		t.Errorf("the policy is %q", policy)
	}
}

// checkLinks follows every link on the pages.
func checkLinks(t *testing.T, c *wire, pages ...string) {
	t.Helper()
	for _, at := range pages {
		_, body := c.get("GET " + at)
		folder, _, _ := strings.Cut(at, "?")
		links := regexp.MustCompile(`<a [^>]*href="([^"]*)"`).FindAllStringSubmatch(string(body), -1)
		if len(links) == 0 {
			t.Errorf("%s has no links", at)
		}
		for _, link := range links {
			target, fragment, _ := strings.Cut(html.UnescapeString(link[1]), "#")
			if fragment != "" && !strings.Contains(string(body), `id="`+fragment+`"`) {
				t.Errorf("%s has no %s", at, fragment)
			}
			if target == "" {
				continue
			}
			if !strings.HasPrefix(target, "./") {
				t.Errorf("%s links to %s", at, target)
			}
			path := folder + strings.TrimPrefix(target, "./")
			for strings.Contains(path, "/../") { // as a browser would
				path = regexp.MustCompile(`/[^/]+/\.\./`).ReplaceAllString(path, "/")
			}
			if resp, _ := c.get("HEAD " + path); resp.StatusCode != 200 {
				t.Errorf("%s links to %s, and that is %s", at, target, resp.Status)
			}
		}
	}
}

func TestFilePage(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"sub/f.iso", ".hidden", "-rf", "100% #1?.iso", "secret"} {
		oldFile(t, filepath.Join(dir, name), patterned(2000))
	}
	os.Symlink("/etc/passwd", filepath.Join(dir, "out"))
	h, err := New(Options{Root: dir})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/mirror/", http.StripPrefix("/mirror", h))
	srv := httptest.NewServer(mux)
	defer srv.Close()
	addr := strings.TrimPrefix(srv.URL, "http://")
	c := dial(t, addr)
	for path, want := range map[string]string{
		"/mirror/sub/?file=f.iso":            "curl -C - -O http://x/mirror/sub/f.iso",
		"/mirror/?file=-rf":                  "curl -C - -o ./-rf http://x/mirror/-rf",
		"/mirror/?file=100%25%20%231%3F.iso": "curl -C - -o '100% #1?.iso' http://x/mirror/100%25%20%231%3F.iso",
		"/mirror/?file=.hidden":              "", "/mirror/?file=sub": "", "/mirror/?file=sub/f.iso": "", "/mirror/?file=nope": "",
		"/mirror/sub/?file=../secret": "", "/mirror/sub/?file=..": "", "/mirror/?file=out": "", "/mirror/?file=%00": "", "/mirror/?file=.": "",
	} {
		resp, body := c.get("GET " + path)
		text := html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(body), ""))
		if want == "" && resp.StatusCode != 404 || want != "" && !strings.Contains(text, want) {
			t.Errorf("%s: %s, without %q: %s", path, resp.Status, want, text)
		}
	}
}

// A folder of more entries than a page has is shown page by page, and given to programs in larger pieces.
// Preconditions hold for pages too (RFC 9110, section 13.2.1), which have no tags of their own.
func TestConditionsOfPages(t *testing.T) {
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "f"), []byte("f"))
	c := dial(t, start(t, Options{Root: dir}))
	for _, path := range []string{"/", "/?file=f"} {
		for field, want := range map[string]int{
			`If-Match: "x"`: 412, `If-Match: *`: 200, `If-None-Match: *`: 304, `If-None-Match: "x"`: 200,
			"If-Modified-Since: Fri, 27 Nov 2026 04:21:11 GMT": 200, "If-Unmodified-Since: Fri, 27 Nov 2020 04:21:11 GMT": 200,
		} {
			if resp, _ := c.get("GET "+path, field); resp.StatusCode != want {
				t.Errorf("%s, %s: %s, want %d", path, field, resp.Status, want)
			}
		}
	}
	if resp, _ := c.get("GET /?file=none", `If-Match: "x"`); resp.StatusCode != 404 {
		t.Errorf("what is not there: %s", resp.Status)
	}
}

func TestBigFolder(t *testing.T) {
	dir := t.TempDir()
	for i := range pageRows + 500 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%05d", i)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := dial(t, start(t, Options{Root: dir}))
	seen := map[string]bool{}
	at, pages := "/", 0
	for ; at != "" && pages < 10; pages++ {
		_, body := c.get("GET " + at)
		for _, m := range regexp.MustCompile(`<bdi>([^<]*)</bdi>`).FindAllStringSubmatch(string(body), -1) {
			seen[m[1]] = true
		}
		at = ""
		if m := regexp.MustCompile(`rel="next" href="\.([^"]*)"`).FindStringSubmatch(string(body)); m != nil {
			at = html.UnescapeString(m[1])
		}
	}
	if pages != 2 || len(seen) != pageRows+500 {
		t.Errorf("%d entries on %d pages", len(seen), pages)
	}
	_, body := c.get("GET /?from=1200&q=f&sort=date", "Accept: application/json")
	var got struct {
		Entries []entry
		Total   int
		Next    string
	}
	if err := json.Unmarshal(body, &got); err != nil || got.Total != pageRows+500 || len(got.Entries) != 300 || got.Next != "" {
		t.Errorf("%v: %d entries of %d, next %q", err, len(got.Entries), got.Total, got.Next)
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
