package server

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestLog(t *testing.T) {
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "f"), patterned(5000))
	log := make(chan Access, 10)
	c := dial(t, start(t, Options{Root: dir, Log: func(a Access) { log <- a }}))
	long := "/" + strings.Repeat("x", 3000)
	tests := []struct {
		line, field string
		want        Access
	}{
		{"GET /f?a=b", "X: y", Access{Method: "GET", Path: "/f?a=b", Status: 200, Bytes: 5000}},
		{"HEAD /f", "X: y", Access{Method: "HEAD", Path: "/f", Status: 200}},
		{"GET /f", "Range: bytes=10-19", Access{Method: "GET", Path: "/f", Range: "bytes=10-19", Status: 206, Bytes: 10}},
		{"GET /%6eope", "X: y", Access{Method: "GET", Path: "/%6eope", Status: 404, Bytes: 14}},
		{"GET " + long, "X: y", Access{Method: "GET", Path: long[:1024], Status: 404, Bytes: 14}},
		{"GET /f HTTP/1.1", "Referer: http://x/\r\nUser-Agent: a b", Access{Method: "GET", Path: "/f", Status: 200, Bytes: 5000, Referer: "http://x/", Agent: "a b"}},
		{"OPTIONS *", "X: y", Access{Method: "OPTIONS", Path: "*", Status: 204}},
	}
	for _, tt := range tests {
		c.get(tt.line, tt.field)
		got := <-log
		if got.Remote != c.LocalAddr().String() || got.Time.IsZero() || got.Wait <= 0 || got.Wait > got.Duration {
			t.Errorf("%s: %+v", tt.line, got)
		}
		tt.want.Remote, tt.want.Time, tt.want.Wait, tt.want.Duration = got.Remote, got.Time, got.Wait, got.Duration
		tt.want.Protocol = "HTTP/1.1"
		if got != tt.want {
			t.Errorf("%s: %+v\nwant %+v", tt.line, got, tt.want)
		}
	}
}
