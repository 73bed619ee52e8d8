package server

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// patternSize is the length of the file that faults are played with, and target is where it is.
const (
	patternSize = 300000
	target      = "/pattern/300000?seed=1"
	tagOf1      = `"p1-300000-1"`
)

// A scene is an origin with faults, and what it logs.
type scene struct {
	t    *testing.T
	addr string
	log  chan Access
}

func perform(t *testing.T, names ...string) *scene {
	t.Helper()
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "f"), patterned(patternSize))
	oldFile(t, filepath.Join(dir, "empty"), nil)
	s := &scene{t: t, log: make(chan Access, 100)}
	s.addr = start(t, Options{Root: dir, Pattern: true, Rogue: Rogue{Faults: names}, Log: func(a Access) { s.log <- a }})
	return s
}

// A sight is an answer as it came.
type sight struct {
	t    *testing.T
	what string
	resp *http.Response
	body []byte
	err  error // how the content ended, if not well
}

// get asks for the file on a connection of its own.
func (s *scene) get(fields ...string) *sight {
	s.t.Helper()
	return s.ask("GET "+target, fields...)
}

func (s *scene) ask(line string, fields ...string) *sight {
	s.t.Helper()
	c := dial(s.t, s.addr)
	defer c.Close()
	return look(c, line, fields...)
}

func look(c *wire, line string, fields ...string) *sight {
	c.t.Helper()
	v := &sight{t: c.t, what: line + " " + strings.Join(fields, ", "), resp: c.ask(line, fields...)}
	v.body, v.err = io.ReadAll(v.resp.Body)
	return v
}

func (v *sight) is(status int) *sight {
	v.t.Helper()
	if v.resp.StatusCode != status {
		v.t.Errorf("%s: %s, want %d", v.what, v.resp.Status, status)
	}
	return v
}

// says compares fields: names and values in turn, "" for absent.
func (v *sight) says(fields ...string) *sight {
	v.t.Helper()
	for i := 0; i < len(fields); i += 2 {
		if got := v.resp.Header.Get(fields[i]); got != fields[i+1] {
			v.t.Errorf("%s: %s is %q, want %q", v.what, fields[i], got, fields[i+1])
		}
	}
	return v
}

func bytesAt(off, end int64) []byte {
	p := make([]byte, end-off)
	PatternAt(p, 1, off)
	return p
}

// holds wants the right bytes of [off, end), and a good end.
func (v *sight) holds(off, end int64) *sight {
	v.t.Helper()
	if v.err != nil || !bytes.Equal(v.body, bytesAt(off, end)) {
		v.t.Errorf("%s: %d bytes, %v, that are not those from %d to %d", v.what, len(v.body), v.err, off, end)
	}
	return v
}

// breaks wants the right bytes from off on, but neither none of them nor all up to end.
func (v *sight) breaks(off, end int64, want error) *sight {
	v.t.Helper()
	n := int64(len(v.body))
	if !errors.Is(v.err, want) || n == 0 || n >= end-off || !bytes.Equal(v.body, bytesAt(off, off+n)) {
		v.t.Errorf("%s: %d bytes, %v; want some of those from %d to %d, and %v", v.what, n, v.err, off, end, want)
	}
	return v
}

// wrong wants n bytes, none of which is right from off on.
func (v *sight) wrong(off, n int64) *sight {
	v.t.Helper()
	if v.err != nil || int64(len(v.body)) != n {
		v.t.Errorf("%s: %d bytes, %v; want %d", v.what, len(v.body), v.err, n)
	}
	if i := firstRight(v.body, off); i >= 0 {
		v.t.Errorf("%s: the byte %d from %d on is right", v.what, i, off)
	}
	return v
}

// firstRight is the first place of p that is right from off on; -1 if none is.
func firstRight(p []byte, off int64) int {
	for i, b := range bytesAt(off, off+int64(len(p))) {
		if p[i] == b {
			return i
		}
	}
	return -1
}

const (
	part      = "Range: bytes=1000-101999"
	partRange = "bytes 1000-101999/300000"
	top       = "Range: bytes=0-1999"
)

// scenes say of every fault what it promises.
func scenes() map[string]func(*scene) {
	all := make(map[string]func(*scene))
	for _, some := range []map[string]func(*scene){redirectScenes(), refusalScenes(), moreRefusalScenes(), rangeScenes(), identityScenes(),
		bodyScenes(), connectionScenes()} {
		for name, play := range some {
			all[name] = play
		}
	}
	return all
}

// elsewhere are the faults whose scenes need TLS or virtual time, with the tests that have them.
var elsewhere = map[string]string{
	"redirect-downgrade": "TestFaultsOverTLS",
	"tls-cut":            "TestFaultsOverTLS",
	"429-retry-after":    "TestGates",
	"503-retry-after":    "TestGates",
	"stall":              "TestHanging",
	"stall-header":       "TestHanging",
	"head-hangs":         "TestHanging",
	"trickle":            "TestTrickle",
}

func TestFaults(t *testing.T) {
	played := scenes()
	for _, f := range Faults() {
		if f.Kind == "" || !strings.HasPrefix(f.Says, strings.TrimSpace(f.Says)) || strings.HasSuffix(f.Says, ".") {
			t.Errorf("%+v", f)
		}
		if elsewhere[f.Name] != "" {
			continue
		}
		play := played[f.Name]
		if play == nil {
			t.Errorf("nothing is known of %s", f.Name)
			continue
		}
		delete(played, f.Name)
		t.Run(f.Name, func(t *testing.T) { play(perform(t, f.Name)) })
	}
	for name := range played {
		t.Errorf("there is no fault %s", name)
	}
}
