package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Whatever prefix an origin is mounted under, and however it is taken off, a client that follows links and redirects gets
// everywhere, and nowhere else.
func TestUnderPrefix(t *testing.T) {
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "sub", "ä b.txt"), []byte("content"))
	h, err := New(Options{Root: dir, Pattern: true, Rogue: Rogue{Query: true}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/slash/", http.StripPrefix("/slash", h))
	mux.Handle("/bare/", http.StripPrefix("/bare/", h))
	other := func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-Other", "handler") }
	mux.HandleFunc("/", other)
	byHand := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // as a router does that redirects nothing
		if r.URL.Path == "/deep/down" || strings.HasPrefix(r.URL.Path, "/deep/down/") {
			http.StripPrefix("/deep/down", h).ServeHTTP(w, r)
		} else {
			other(w, r)
		}
	})
	for _, tt := range []struct {
		prefix string
		around http.Handler
	}{{"/slash", mux}, {"/bare", mux}, {"/deep/down", byHand}, {"", h}} {
		origin := httptest.NewServer(tt.around)
		get := func(target string) (*http.Response, string) {
			t.Helper()
			resp, err := http.Get(target)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			return resp, string(body)
		}
		for path, want := range map[string]int{
			"": 200, "/": 200, "/sub": 200, "/sub/%C3%A4%20b.txt": 200, "/transfer/sub/%C3%A4%20b.txt": 200, "/pattern/5": 200,
			"/nope": 404, "/sub%2f%C3%A4%20b.txt": 404, "/pattern/x": 400, "/pattern/64K?fault=captive-portal": 200,
		} {
			resp, _ := get(origin.URL + tt.prefix + path)
			if resp.StatusCode != want || resp.Header.Get("X-Other") != "" || !strings.HasPrefix(resp.Request.URL.Path+"/", tt.prefix+"/") {
				t.Errorf("%q: %s: %s at %s", tt.prefix, path, resp.Status, resp.Request.URL)
			}
		}
		// Every link on the pages, from every page.
		links := regexp.MustCompile(`href="([^"]*)"`)
		for _, at := range []string{"", "/", "/sub", "/sub/?file=%C3%A4%20b.txt"} {
			resp, body := get(origin.URL + tt.prefix + at)
			found := links.FindAllStringSubmatch(body, -1)
			if len(found) == 0 {
				t.Errorf("%q: %s has no links", tt.prefix, at)
			}
			for _, link := range found {
				if strings.HasPrefix(link[1], "data:") {
					continue
				}
				target, err := resp.Request.URL.Parse(strings.ReplaceAll(link[1], "&amp;", "&"))
				if err != nil {
					t.Fatal(err)
				}
				resp, err := http.Head(target.String()) // some are large
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != 200 || resp.Header.Get("X-Other") != "" {
					t.Errorf("%q: %s leads to %s: %s", tt.prefix, at, target, resp.Status)
				}
			}
		}
		origin.Close()
	}
	http.DefaultClient.CloseIdleConnections()
}

// A handler before the origin can leave a path that looks like another host's, and no redirect leads there.
func TestRedirectsStayHere(t *testing.T) {
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "evil", "f"), patterned(1<<16))
	h, err := New(Options{Root: dir, Rogue: Rogue{Query: true}})
	if err != nil {
		t.Fatal(err)
	}
	for _, around := range []http.Handler{h, http.StripPrefix("/", h), http.StripPrefix("/evil", h), http.StripPrefix("//evil", h)} {
		for _, target := range []string{"//evil", "//evil/f", "//evil/f?fault=captive-portal", "//evil/f?fault=redirect-loop", "/evil", "///evil"} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest("GET", "http://here/", nil)
			r.RequestURI = target
			if r.URL, err = url.ParseRequestURI(target); err != nil {
				t.Fatal(err)
			}
			around.ServeHTTP(w, r)
			location := w.Header().Get("Location")
			to, err := url.Parse(location)
			if err != nil || to.Host != "" || to.Scheme != "" || strings.HasPrefix(location, "//") {
				t.Errorf("%s leads to %q", target, location)
			}
		}
	}
}
