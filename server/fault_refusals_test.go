package server

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
)

func redirectScenes() map[string]func(*scene) {
	to := func(s *scene, path string) string {
		s.t.Helper()
		return s.ask("GET "+path, top).is(302).resp.Header.Get("Location")
	}
	return map[string]func(*scene){
		"redirect-loop": func(s *scene) {
			a := to(s, target)
			b := to(s, a)
			if a == b || a == target || to(s, b) != a {
				s.t.Errorf("%s, %s", a, b)
			}
		},
		"redirect-chain": func(s *scene) {
			path := target
			for range 12 {
				path = to(s, path)
			}
			s.ask("GET "+path, top).is(206).holds(0, 2000)
		},
		"redirect-cross-origin": func(s *scene) {
			_, port, _ := net.SplitHostPort(s.addr)
			c := dial(s.t, s.addr)
			io.WriteString(c, "GET "+target+" HTTP/1.1\r\nHost: 127.0.0.1:"+port+"\r\n\r\n")
			resp, err := http.ReadResponse(c.r, nil)
			if err != nil {
				s.t.Fatal(err)
			}
			path, found := strings.CutPrefix(resp.Header.Get("Location"), "http://localhost:"+port)
			if resp.StatusCode != 302 || !found {
				s.t.Errorf("%s to %q", resp.Status, resp.Header.Get("Location"))
			}
			s.ask("GET "+path, top).is(206).holds(0, 2000)
			for host, want := range map[string]string{"localhost": "127.0.0.1", "a.example": "localhost", "localhost:1": "127.0.0.1:1"} {
				if got := otherName(host); got != want {
					s.t.Errorf("%s is also %s, want %s", host, got, want)
				}
			}
		},
		"redirect-file": func(s *scene) {
			got := to(s, target) + " " + to(s, target) + " " + to(s, target)
			if got != "file:///etc/passwd ftp://127.0.0.1/f gopher://127.0.0.1:70/1" {
				s.t.Error(got)
			}
		},
		"redirect-private": func(s *scene) {
			if got := to(s, target); !strings.HasPrefix(got, "http://169.254.169.254/") {
				s.t.Error(got)
			}
		},
	}
}

// passes plays a refusal, and then the same request again, which is let through.
func passes(status int, off, end int64, fields ...string) func(*scene) {
	return func(s *scene) {
		s.t.Helper()
		asked := "Range: bytes=" + strconv.FormatInt(off, 10) + "-" + strconv.FormatInt(end-1, 10)
		s.get(asked).is(status).says(fields...).says("Accept-Ranges", "", "Last-Modified", "")
		s.get(asked).is(206).holds(off, end)
		if off > 0 {
			s.get(top).is(206).holds(0, 2000)
		}
	}
}

// lasts plays a refusal of every range, but not of the whole file.
func lasts(status int) func(*scene) {
	return func(s *scene) {
		s.t.Helper()
		for range 3 {
			s.get(part).is(status).says("ETag", "", "Content-Range", "")
		}
		s.get().is(200).holds(0, patternSize)
	}
}

// crowds holds four requests up and sees what becomes of a fifth.
func crowds(status int) func(*scene) {
	return func(s *scene) {
		s.t.Helper()
		var open []*wire
		for range 4 {
			c := dial(s.t, s.addr)
			c.ask("GET /pattern/1G")
			open = append(open, c)
		}
		s.get(top).is(status)
		open[0].Close()
		for s.get(top).resp.StatusCode == status { // until the origin has noticed
			continue
		}
		for _, c := range open {
			c.Close()
		}
	}
}

func refusalScenes() map[string]func(*scene) {
	return map[string]func(*scene){
		"captive-portal": func(s *scene) {
			for _, path := range []string{target, "/nope"} {
				login := s.ask("GET "+path).is(302).says("Cache-Control", "no-store").resp.Header.Get("Location")
				if v := s.ask("GET " + login).is(200); !strings.Contains(string(v.body), "<title>") {
					s.t.Errorf("%q", v.body)
				}
			}
			s.ask("GET //evil.example/").is(404).says("Location", "")
		},
		"html-instead": func(s *scene) {
			v := s.get(part).is(200).says("Content-Type", "text/html; charset=utf-8", "ETag", "")
			if string(v.body) != mirrorPage || v.resp.ContentLength != int64(len(mirrorPage)) {
				s.t.Errorf("%q", v.body)
			}
		},
		"metalink-instead": func(s *scene) {
			s.get().is(200).says("Content-Type", "application/metalink4+xml", "ETag", "")
		},
		"503-crowd": crowds(503),
		"403-crowd": crowds(403),
		"retry-after-garbage": func(s *scene) {
			seen := make(map[string]bool)
			for range 8 {
				seen[s.get(top).is(503).resp.Header.Get("Retry-After")] = true
				s.get(top).is(206)
			}
			if len(seen) != 8 {
				s.t.Error(seen)
			}
		},
		"5xx-burst": func(s *scene) {
			for range 2 {
				for _, status := range []int{500, 502, 504, 206, 206, 206, 206, 206} {
					s.get(part).is(status)
				}
			}
		},
		"signed-expires": func(s *scene) {
			for _, refusal := range []int{410, 400, 403} {
				link := s.get(top).is(302).resp.Header.Get("Location")
				for range 4 {
					s.ask("GET "+link, top).is(206).holds(0, 2000)
				}
				s.ask("GET "+link, top).is(refusal)
			}
			s.ask("GET "+target+"&ticket=99", top).is(403)
			s.ask("GET "+target+"&ticket=x", top).is(403)
		},
		"one-shot": func(s *scene) {
			s.get(top).is(206).holds(0, 2000)
			s.get(top).is(410)
			s.get(part).is(410)
			s.ask("GET /pattern/300000?seed=2", top).is(206)
		},
		"401-midway":  passes(401, 1000, 2000, "WWW-Authenticate", `Basic realm="x"`),
		"407-midway":  passes(407, 1000, 2000, "Proxy-Authenticate", `Basic realm="x"`),
		"304-unasked": unconditionally(passes(304, 0, 1000, "Content-Length", "", "ETag", tagOf1)),
		"412-unasked": unconditionally(passes(412, 0, 1000)),
	}
}

// unconditionally adds that a request with a condition is let through at once.
func unconditionally(play func(*scene)) func(*scene) {
	return func(s *scene) {
		play(s)
		s.ask("GET /f", "Range: bytes=0-9", "If-Range: \"x\"").is(200)
	}
}

func moreRefusalScenes() map[string]func(*scene) {
	return map[string]func(*scene){
		"403-large": func(s *scene) {
			s.ask("GET /pattern/9M", "Range: bytes=0-").is(403)
			s.ask("GET /pattern/9M", "Range: bytes=1-4194305").is(403)
			s.ask("GET /pattern/9M", "Range: bytes=1-4194304").is(206)
			s.ask("GET /pattern/9M").is(200)
		},
		"403-ranged":      lasts(403),
		"404-ranged":      lasts(404),
		"503-ranged":      lasts(503),
		"416-resume":      passes(416, 1000, 2000, "Content-Range", "bytes */300000"),
		"416-other-total": passes(416, 1000, 2000, "Content-Range", "bytes */299999"),
		"416-bare":        passes(416, 1000, 2000, "Content-Range", ""),
		"416-empty": func(s *scene) {
			s.ask("GET /empty", "Range: bytes=0-").is(416).says("Content-Range", "bytes */0")
			s.ask("GET /empty").is(200)
			s.ask("GET /f", "Range: bytes=0-").is(206)
		},
		"404-past-end": func(s *scene) {
			s.get("Range: bytes=300000-").is(404).says("Content-Range", "")
			s.get(part).is(206)
		},
		"500-past-end": func(s *scene) { s.get("Range: bytes=300000-").is(500).says("Content-Range", "") },
		"head-refused": func(s *scene) {
			s.ask("HEAD " + target).is(405)
			s.get().is(200).holds(0, patternSize)
		},
		"head-lies": func(s *scene) {
			s.ask("HEAD "+target).is(200).says("Content-Length", "300001", "ETag", tagOf1)
			s.get().is(200).says("Content-Length", "300000")
			s.ask("HEAD /nope").is(404)
		},
		"listing-lies": func(s *scene) {
			v := s.ask("GET /", "Accept: application/json").is(200)
			if !bytes.Contains(v.body, []byte(`"size":300001`)) || !bytes.Contains(v.body, []byte(`"size":1,`)) || v.err != nil {
				s.t.Errorf("%s, %v", v.body, v.err)
			}
			if v := s.ask("GET /").is(200); bytes.Contains(v.body, []byte("300001")) {
				s.t.Errorf("%s", v.body)
			}
		},
	}
}
