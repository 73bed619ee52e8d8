package server

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCORS(t *testing.T) {
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "f"), patterned(5000))
	with := dial(t, start(t, Options{Root: dir, Pattern: true, CORS: true}))
	without := dial(t, start(t, Options{Root: dir}))

	const ask = "Origin: https://x.example\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: if-range,range"
	resp := with.ask("OPTIONS /f", ask)
	if resp.StatusCode != 204 || resp.Header.Get("Access-Control-Allow-Origin") != "*" || resp.Header.Get("Access-Control-Max-Age") != "7200" {
		t.Errorf("preflight: %d %v", resp.StatusCode, resp.Header)
	}
	if resp.Header["Access-Control-Allow-Private-Network"] != nil {
		t.Error("a private network was not asked for")
	}
	for _, name := range []string{"Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Want-Repr-Digest", "Authorization"} {
		if !slices.Contains(words(resp, "Access-Control-Allow-Headers"), name) {
			t.Errorf("%s is not allowed", name)
		}
	}
	if resp := with.ask("OPTIONS /f", ask+"\r\nAccess-Control-Request-Private-Network: true"); resp.Header.Get("Access-Control-Allow-Private-Network") != "true" {
		t.Error("a private network is not allowed")
	}
	if resp := with.ask("OPTIONS /f"); resp.Header.Get("Allow") == "" {
		t.Error("OPTIONS that asks for nothing of CORS is not answered as ever")
	}

	// All that a client goes by can be read.
	tests := map[string]int{"/f": 200, "/pattern/9": 200, "/none": 404, "/": 200, "/transfer/f": 200}
	for target, status := range tests {
		resp, _ := with.get("GET "+target, "Origin: https://x.example")
		if resp.StatusCode != status || resp.Header.Get("Access-Control-Allow-Origin") != "*" || resp.Header.Get("Access-Control-Allow-Headers") != "" {
			t.Errorf("%s: %d %v", target, resp.StatusCode, resp.Header)
		}
		// What the standard exposes anyway, and what is not for scripts.
		known := append(words(resp, "Access-Control-Expose-Headers"), "Cache-Control", "Content-Type", "Vary", "X-Content-Type-Options", "Content-Security-Policy")
		for name := range resp.Header {
			if !strings.HasPrefix(name, "Access-Control-") && !slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, name) }) {
				t.Errorf("%s: a script cannot read %s", target, name)
			}
		}
	}
	resp, _ = with.get("GET /f", "Range: bytes=1-3")
	if resp.StatusCode != 206 || resp.Header.Get("Access-Control-Allow-Origin") != "*" || !slices.Contains(words(resp, "Access-Control-Expose-Headers"), "Content-Range") {
		t.Errorf("a range: %d %v", resp.StatusCode, resp.Header)
	}

	for _, line := range []string{"GET /f", "OPTIONS /f"} {
		resp, _ := without.get(line, ask)
		for name := range resp.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s without the switch: %s", line, name)
			}
		}
	}
}

func words(resp *http.Response, name string) []string {
	return strings.Split(resp.Header.Get(name), ", ")
}
