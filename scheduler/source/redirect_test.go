package source

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"braid/scheduler"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// A tripper answers requests without a network.
type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func urlErrorFor(u string) error { return &url.Error{Op: "Get", URL: u, Err: errors.New("no")} }

func TestCarries(t *testing.T) {
	rows := []struct {
		first, next string
		want        bool
	}{
		{"https://a.example/x", "https://a.example/y?z", true},
		{"https://a.example/x", "https://A.Example:443/y", true},
		{"http://a.example:80/x", "http://a.example/y", true},
		{"http://a.example/x", "https://a.example/y", true},
		{"http://a.example:80/x", "https://a.example:443/y", true},
		{"http://[::1]/x", "https://[::1]/x", true},
		{"https://a.example/x", "http://a.example/y", false},
		{"https://a.example/x", "https://b.example/y", false},
		{"https://a.example/x", "https://sub.a.example/y", false},
		{"https://a.example/x", "https://a.example.evil/y", false},
		{"https://a.example/x", "https://a.example:8443/y", false},
		{"http://a.example/x", "https://a.example:8443/y", false},
		{"http://a.example:8080/x", "https://a.example/y", false},
		{"http://a.example:443/x", "https://a.example/y", false},

		// Ports.
		{"http://a.example:8080/x", "http://a.example:8080/y", true},
		{"http://a.example:8080/x", "http://a.example:8081/y", false},
		{"http://a.example:8080/x", "http://a.example/y", false},
		{"http://a.example:/x", "http://a.example:80/y", true},
		{"http://a.example/x", "http://a.example:080/y", false},
		{"http://a.example/x", "http://a.example:443/y", false},
		{"https://a.example/x", "https://a.example:80/y", false},
		{"https://a.example/x", "http://a.example:443/y", false},
		{"http://a.example:8080/x", "https://a.example:8080/y", false},

		// IPv6, and other ways to write an address: what is not spelled the
		// same is not the same.
		{"http://[::1]:80/x", "http://[::1]/y", true},
		{"http://[2001:DB8::1]/x", "http://[2001:db8::1]/y", true},
		{"http://[::1]/x", "http://[0:0:0:0:0:0:0:1]/y", false},
		{"http://[::1]/x", "http://[::1]:8080/y", false},
		{"http://[::1]/x", "http://[::2]/y", false},
		{"http://[fe80::1%25eth0]/x", "http://[fe80::1%25eth1]/y", false},
		{"http://[::ffff:1.2.3.4]/x", "http://1.2.3.4/y", false},
		{"http://1.2.3.4/x", "http://1.2.3.4:80/y", true},
		{"http://1.2.3.4/x", "http://1.2.3.04/y", false},
		{"http://1.2.3.4/x", "http://16909060/y", false},
		{"http://127.0.0.1/x", "http://localhost/y", false},

		// Names that look alike.
		{"https://a.example/x", "https://a.example./y", false},
		{"https://a.example./x", "https://a.example/y", false},
		{"https://a.example./x", "https://A.EXAMPLE./y", true},
		{"https://a.example/x", "https://a.example../y", false},
		{"https://a.example/x", "https://example/y", false},
		{"https://a.example/x", "https://aXexample/y", false},
		{"https://a.example/x", "https://xa.example/y", false},
		{"https://a.example/x", "https://evil.example/a.example", false},
		{"https://a.example/x", "https://evil.example/?a.example", false},
		{"https://a.example/x", "https://evil.example#@a.example/", false},

		// Userinfo makes no host.
		{"https://a.example/x", "https://a.example@evil.example/y", false},
		{"https://a.example/x", "https://a.example:443@evil.example/y", false},
		{"https://a.example/x", "https://u:p@a.example/y", true},
		{"https://u:p@a.example/x", "https://a.example/y", true},
	}
	for _, row := range rows {
		first, err1 := parseURL(row.first)
		next, err2 := parseURL(row.next)
		if err1 != nil || err2 != nil {
			t.Fatalf("%v, %v", err1, err2)
		}
		if got := carries(first, next); got != row.want {
			t.Errorf("%s to %s: %v", row.first, row.next, got)
		}
	}
}

// secrets are headers that only the origin may see.
func secrets() http.Header {
	return head("Authorization: canary", "Cookie: canary", "X-Api-Key: canary", "Referer: canary", "User-Agent: mine")
}

// leaks says which of the secrets a request carries.
func leaks(r *http.Request) (keys []string) {
	for key, values := range r.Header {
		if strings.Contains(fmt.Sprint(values), "canary") {
			keys = append(keys, key)
		}
	}
	return keys
}

func to(location string) string { return message(302, "elsewhere", "Location: "+location) }

func TestHeadersStayWithTheirOrigin(t *testing.T) { // case 53
	other := serve(t, ranges)
	o := serve(t, func(_ int, r *http.Request) string {
		switch r.URL.Path {
		case "/away":
			return to(other.url + "/file?sig=1")
		case "/here":
			return to("/file")
		}
		return part(asked(r))
	})
	t.Run("same origin", func(t *testing.T) {
		s := mustOpen(t, o.url+"/here", Options{Header: secrets()})
		wantBytes(t, s, span(0, 1000))
		wantBytes(t, s, span(5, 10))
		seen := o.requests()
		if len(seen) != 3 {
			t.Fatalf("%d requests: a segment goes where the redirects led", len(seen))
		}
		for _, r := range seen {
			if len(leaks(r)) != 4 || r.UserAgent() != "mine" {
				t.Errorf("%v", r.Header)
			}
		}
	})
	t.Run("another origin", func(t *testing.T) {
		s := mustOpen(t, o.url+"/away", Options{Header: secrets()})
		wantBytes(t, s, span(0, 1000))
		wantBytes(t, s, span(5, 10))
		if "http://"+s.Host() != other.url {
			t.Errorf("%s", s.Host())
		}
		seen := other.requests()
		if len(seen) != 2 {
			t.Fatalf("%d requests", len(seen))
		}
		for _, r := range seen {
			if len(r.Header) != 3 || len(leaks(r)) > 0 || r.UserAgent() != "mine" || r.Header.Get("Range") == "" || r.RequestURI != "/file?sig=1" {
				t.Errorf("%s %v", r.RequestURI, r.Header)
			}
		}
	})
}

func TestHeadersAreNotPickedUpAgain(t *testing.T) {
	var o *origin
	other := serve(t, func(int, *http.Request) string { return to(o.url + "/back") })
	o = serve(t, func(_ int, r *http.Request) string {
		if r.URL.Path == "/back" {
			return part(asked(r))
		}
		return to(other.url)
	})
	s := mustOpen(t, o.url, Options{Header: secrets()})
	wantBytes(t, s, span(5, 10))
	for _, r := range o.requests()[1:] {
		if len(leaks(r)) > 0 {
			t.Errorf("%s %v", r.URL, r.Header)
		}
	}
}

func TestUserinfo(t *testing.T) {
	other := serve(t, ranges)
	o := serve(t, func(_ int, r *http.Request) string {
		if user, password, _ := r.BasicAuth(); user != "me" || password != "can:ary" {
			t.Errorf("%q, %q", user, password)
		}
		return to(strings.Replace(other.url, "http://", "http://evil:evil@", 1))
	})
	mustOpen(t, strings.Replace(o.url, "http://", "http://me:can%3Aary@", 1), Options{})
	for _, r := range other.requests() {
		if _, _, ok := r.BasicAuth(); ok {
			t.Errorf("%v", r.Header)
		}
	}
}

func TestHostHeader(t *testing.T) {
	other := serve(t, ranges)
	o := serve(t, func(_ int, r *http.Request) string {
		if r.Host != "virtual.example" {
			t.Errorf("Host %s", r.Host)
		}
		return to(other.url)
	})
	mustOpen(t, o.url, Options{Header: head("Host: virtual.example")})
	if got := other.requests()[0].Host; "http://"+got != other.url {
		t.Errorf("Host %s", got)
	}
}

func TestUserAgent(t *testing.T) {
	o := serve(t, ranges)
	mustOpen(t, o.url, Options{UserAgent: "braid/1", Header: head("User-Agent: mine")})
	if got := o.requests()[0].UserAgent(); got != "braid/1" {
		t.Errorf("%s", got)
	}
}

func TestJar(t *testing.T) {
	jar, _ := cookiejar.New(nil)
	c := Client(ClientOptions{})
	defer c.CloseIdleConnections()
	c.Jar = jar
	o := serve(t, func(_ int, r *http.Request) string {
		if _, err := r.Cookie("seen"); err != nil {
			return message(302, "", "Location: /", "Set-Cookie: seen=1")
		}
		return part(asked(r))
	})
	s, err := Open(t.Context(), c, o.url+"/", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	wantBytes(t, s, span(5, 10))
}

func TestRefusedRedirects(t *testing.T) {
	var hops int
	rows := []struct{ name, location, want string }{
		{"case 51: to itself", "/f", "in a circle"},
		{"case 51: back and forth", "/a", "in a circle"},
		{"case 51: for ever", "/next", "more than 10 times"},
		{"case 54: file", "file:///etc/passwd", "want http:// or https://"},
		{"case 54: ftp", "ftp://example.com/x", "want http:// or https://"},
		{"case 54: gopher", "gopher://example.com/_canary", "want http:// or https://"},
		{"case 54: javascript", "javascript:alert(1)", "want http:// or https://"},
		{"no host", "http:///x", "names no host"},
		{"opaque", "http:x", "names no host"},
		{"port", "http://127.0.0.1:99999/", "does not exist"},
		{"no URL", "http://[canary", "no URL"},
		{"control characters", "http://127.0.0.1/\u0085canary", "no URL"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			o := serve(t, func(_ int, r *http.Request) string {
				switch {
				case row.location == "/next":
					hops++
					return to(fmt.Sprintf("/%d", hops))
				case r.URL.Path == "/a":
					return to("/f")
				}
				return to(row.location)
			})
			_, err := Open(t.Context(), nil, o.url+"/f", Options{})
			if _, ok := errors.AsType[*ProtocolError](err); !ok || !scheduler.IsPermanent(err) || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%v", err)
			}
			if row.location == "/next" && len(o.requests()) != maxHops+1 {
				t.Errorf("%d requests", len(o.requests()))
			}
		})
	}
	t.Run("ten are followed", func(t *testing.T) {
		o := serve(t, func(n int, r *http.Request) string {
			if n < maxHops {
				return message([]int{301, 302, 303, 307, 308}[n%5], "", fmt.Sprintf("Location: /%d", n))
			}
			return part(asked(r))
		})
		wantBytes(t, mustOpen(t, o.url, Options{}), span(0, 1000))
	})
}

func TestDowngrade(t *testing.T) { // case 52
	plain := serve(t, ranges)
	server := secure(t, nil)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.url+"/f?token=canary", http.StatusFound)
	})
	c := Client(ClientOptions{Insecure: true})
	defer c.CloseIdleConnections()
	_, err := Open(t.Context(), c, server.URL+"/?token=canary", Options{Header: secrets()})
	if _, ok := errors.AsType[*DowngradeError](err); !ok || !scheduler.IsPermanent(err) || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v", err)
	}
	s, err := Open(t.Context(), c, server.URL, Options{Header: secrets(), AllowDowngrade: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	wantBytes(t, s, span(5, 10))
	for _, r := range plain.requests() {
		if len(leaks(r)) > 0 {
			t.Errorf("%v", r.Header)
		}
	}
}

func TestDowngradeCarriesNothing(t *testing.T) {
	first, _ := url.Parse("http://a.example/x")
	up, _ := url.Parse("https://a.example/x")
	w := &web{first: first, downgrade: true}
	if at, err := w.next(place{url: first, trusted: true}, up.String()); err != nil || !at.trusted {
		t.Errorf("up: %+v, %v", at, err)
	}
	if at, err := w.next(place{url: up, trusted: true}, first.String()); err != nil || at.trusted {
		t.Errorf("down again: %+v, %v", at, err)
	}
}

func TestRefusedURLs(t *testing.T) {
	for raw, want := range map[string]string{
		"":                                   "want http:// or https://",
		"example.com/f":                      "want http:// or https://",
		"localhost:8080/f":                   "want http:// or https://",
		"ftp://example.com/f":                "want http:// or https://",
		"file:///etc/passwd":                 "want http:// or https://",
		"http://":                            "names no host",
		"http:///f":                          "names no host",
		"http://:80/f":                       "names no host",
		"http:f":                             "names no host",
		"http://u:canary@example.com:0/":     "port 0 does not exist",
		"http://u:canary@example.com:65536/": "port 65536 does not exist",
		"http://u:canary@example.com:x/":     "cannot be parsed",
		"http://u:canary@[::1/":              "cannot be parsed",
		"http://example.com/%zz?canary":      "cannot be parsed",
		"http://exa mple.com/":               "cannot be parsed",
		"http://example.com/a\nb":            "control character",
		"http://example.com/a\x00b":          "control character",
		"http://example.com/a\x7fb":          "control character",
		"http://example.com/a\u009bb":        "control character",
		"http://example.com/?a\r\nX: canary": "control character",
	} {
		_, err := Open(t.Context(), nil, raw, Options{})
		if _, ok := errors.AsType[*URLError](err); !ok || !scheduler.IsPermanent(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", raw, err, want)
			continue
		}
		if strings.Contains(err.Error(), "canary") || strings.ContainsAny(err.Error(), "\r\n\x00\x7f\u009b") {
			t.Errorf("%q: %q", raw, err)
		}
	}
	got := (&URLError{URL: "example.com", Reason: "want http:// or https://"}).Error()
	if want := `"example.com" is not a URL braid can fetch: want http:// or https://`; got != want {
		t.Errorf("%s", got)
	}
}

func TestRequestLine(t *testing.T) {
	o := serve(t, ranges)
	s := mustOpen(t, o.url+"/a b/ü?x=a b&y=ü#frag", Options{})
	if got, want := o.requests()[0].RequestURI, "/a%20b/%C3%BC?x=a%20b&y=%C3%BC"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if s.Name() != "ü" {
		t.Errorf("%s", s.Name())
	}
}
