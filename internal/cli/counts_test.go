package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCountsAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "connections.json")
	known := func(host string) int { return (&counts{path: path}).of(host) }
	if n := known("a:80"); n != 0 {
		t.Errorf("of nothing: %d", n)
	}
	one, other := &counts{path: path}, &counts{path: path} // two runs at once
	one.of("a:80")
	other.of("a:80")
	one.keep("a:80", 12)
	other.keep("b:80", 3)
	one.keep("c:80", 0)
	if known("a:80") != 12 || known("b:80") != 3 || known("c:80") != 0 {
		t.Errorf("%d, %d, %d", known("a:80"), known("b:80"), known("c:80"))
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others may read which hosts were asked: %v, %v", info.Mode(), err)
	}
	if rest, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(rest) != 1 {
		t.Errorf("left behind: %q", rest)
	}
}

func TestCountsThatAreOfNoUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "connections.json")
	day := func(ago int) string {
		return time.Now().Add(-time.Duration(ago) * 24 * time.Hour).Format(time.RFC3339)
	}
	text := fmt.Sprintf(`{"old": {"connections": 5, "time": %q}, "future": {"connections": 5, "time": %q},
		"huge": {"connections": 5000, "time": %q}, "none": {"connections": -1, "time": %[3]q}, "good": {"connections": 5, "time": %[3]q}}`, day(8), day(-9), day(1))
	for _, c := range []struct {
		text string
		want int
	}{{text, 5}, {"[]", 0}, {"null", 0}, {"{", 0}, {"", 0}, {`{"good": 5}`, 0}} {
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		known := &counts{path: path}
		for _, host := range []string{"old", "future", "huge", "none"} {
			if n := known.of(host); n != 0 {
				t.Errorf("%s: %d", host, n)
			}
		}
		if n := known.of("good"); n != c.want {
			t.Errorf("of %s: %d, want %d", c.text, n, c.want)
		}
	}
	nowhere := &counts{path: filepath.Join(path, "below", "a.file")}
	nowhere.keep("a", 3) // it cannot, and says nothing
	lost := &counts{}
	if lost.keep("a", 3); lost.of("a") != 0 {
		t.Error("kept, but nobody said where")
	}
}

func TestCountsDoNotGrow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "connections.json")
	c := &counts{path: path, hosts: map[string]count{}}
	for i := range countHosts + 50 {
		c.hosts[fmt.Sprint(i)] = count{4, time.Now().Add(-time.Duration(i) * time.Minute).UTC()}
	}
	c.write()
	if again := c.read(); len(again) != countHosts || again["0"].Connections != 4 || again[fmt.Sprint(countHosts)].Connections != 0 {
		t.Errorf("%d hosts", len(again))
	}
}

func TestCountsThatAreTooMany(t *testing.T) {
	path := filepath.Join(t.TempDir(), "connections.json")
	text := fmt.Sprintf(`{"good": {"connections": 5, "time": %q}}`, time.Now().Format(time.RFC3339))
	for _, c := range []struct{ blanks, want int }{{0, 5}, {countBytes, 0}} {
		if err := os.WriteFile(path, []byte(strings.Repeat(" ", c.blanks)+text), 0o600); err != nil {
			t.Fatal(err)
		}
		if n := (&counts{path: path}).of("good"); n != c.want {
			t.Errorf("behind %d blanks: %d, want %d", c.blanks, n, c.want)
		}
	}
}
