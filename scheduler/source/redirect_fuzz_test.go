package source

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// However a chain of redirects goes, the headers of the user reach their own
// origin and none after another one, and nothing goes from https to http.
func FuzzRedirects(f *testing.F) {
	for _, s := range [][3]string{
		{"https://a.example/x", "/y", "//b.example/z"},
		{"http://a.example/x", "https://a.example/y", "http://a.example/z"},
		{"http://[::1]:8080/", "http://[::1]/", "http://[::1]:8080/"},
		{"https://a.example", "https://u:p@a.example:443/", "https://A.EXAMPLE./"},
		{"http://a.example", "https://a.example:80/", "file:///etc/passwd"},
		{"http://u:p@a.example", "?x#y", "..//./b"},
		{"https://a.example/", "https://a.example@b.example/", "\\\\b.example\\"},
		{"http://a.example/", "http:b", "http://a.example:99999/"},
		{"http://k.example/", "https://\u212a.example/", "javascript:alert(1)"},
	} {
		f.Add(s[0], s[1], s[2], false)
		f.Add(s[0], s[1], s[2], true)
	}
	f.Fuzz(func(t *testing.T, first, second, third string, downgrade bool) {
		w, err := newWeb(&http.Client{}, first, Options{Header: secrets(), AllowDowngrade: downgrade})
		if err != nil {
			return
		}
		at := place{url: w.first, trusted: true}
		for _, location := range []string{second, third} {
			to, err := w.next(at, location)
			if err != nil {
				return
			}
			switch {
			case to.url.Scheme != "http" && to.url.Scheme != "https", to.url.Host == "", to.url.User != nil, !to.led:
				t.Errorf("%s leads to %s", location, to.url)
			case at.url.Scheme == "https" && to.url.Scheme == "http" && !downgrade:
				t.Errorf("%s leads down to %s", location, to.url)
			case to.trusted && !at.trusted:
				t.Errorf("%s: headers that were left behind go to %s", location, to.url)
			case to.trusted && !sameOrigin(w.first, to.url):
				t.Errorf("%s: headers for %s go to %s", location, w.first, to.url)
			}
			at = to
		}
	})
}

// sameOrigin says whether two URLs have one origin, or are of one host at the
// ports that http and https have by default.
func sameOrigin(a, b *url.URL) bool {
	full := func(u *url.URL) string {
		p := u.Port()
		if p == "" {
			p = map[string]string{"http": "80", "https": "443"}[u.Scheme]
		}
		return u.Scheme + " " + strings.ToLower(u.Hostname()) + " " + p
	}
	up := strings.ToLower(a.Hostname())
	return full(a) == full(b) || full(a) == "http "+up+" 80" && full(b) == "https "+up+" 443"
}
