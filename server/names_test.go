package server

import (
	"strings"
	"testing"
)

func TestNameOf(t *testing.T) {
	tests := []struct {
		row   int
		path  string
		name  string
		slash bool
		ok    bool
	}{
		{95, "a.txt", "a.txt", false, true},
		{95, "", ".", true, true},
		{95, "a/b c/é", "a/b c/é", false, true},
		{100, "a/b/", "a/b", true, true},
		{93, "../s", "", false, false},
		{93, "a/../s", "", false, false},
		{93, "/x/y", "", false, false},
		{93, "a//b", "", false, false},
		{93, "a//", "", false, false},
		{93, "/", "", false, false},
		{93, "..;/", "", false, false},
		{93, `..\s`, "", false, false},
		{93, `a\b`, "", false, false},
		{94, "a\x00b", "", false, false},
		{94, "a\xff", "", false, false},
		{93, "\xc0\xae\xc0\xae/s", "", false, false},
		{97, ".git/config", "", false, false},
		{97, "a/.b/c", "", false, false},
		{97, "a/.", "", false, false},
		{97, ".", "", false, false},
	}
	for _, tt := range tests {
		name, slash, ok := nameOf(tt.path)
		if ok != tt.ok || ok && (name != tt.name || slash != tt.slash) {
			t.Errorf("row %d: nameOf(%q) = %q, %v, %v; want %q, %v, %v", tt.row, tt.path, name, slash, ok, tt.name, tt.slash, tt.ok)
		}
	}
}

func TestAmbiguous(t *testing.T) {
	for escaped, want := range map[string]bool{
		"/a%2fb": true, "/a%2Fb": true, "/..%5c": true, "/a%5C": true, "/a%00b": true, "/%2f": true,
		"/a%20b": false, "/%61": false, "/a%252fb": false, "/100%25": false, "/a%2": false, "/": false,
	} {
		if got := ambiguous(escaped); got != want {
			t.Errorf("ambiguous(%q) = %v", escaped, got)
		}
	}
}

// Row 102.
func TestPlainOnWindows(t *testing.T) {
	for name, want := range map[string]bool{
		"a.txt": true, "console": true, "nullable.txt": true, "COM": true, "com10.txt": true, "a.con": true, "LPTX": true,
		"CON": false, "con.txt": false, "NUL.txt": false, "NUL .txt": false, "COM1 ": false, "COM1": false, "COM¹": false,
		"lpt9.log": false, "a.txt:$DATA": false, "a.txt.": false, "a.txt ": false, "C:": false, "??": false, "conin$": false,
	} {
		if got := plainOnWindows(name); got != want {
			t.Errorf("plainOnWindows(%q) = %v", name, got)
		}
	}
}

func FuzzNameOf(f *testing.F) {
	for _, s := range []string{"a/b", "../x", "a//b", ".git", "a/", "", "\x00", `a\..\b`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		name, _, ok := nameOf(path)
		if !ok || name == "." {
			return
		}
		for segment := range strings.SplitSeq(name, "/") {
			if segment == "" || segment[0] == '.' || strings.ContainsAny(segment, "\\\x00") {
				t.Fatalf("%q may be served as %q", path, name)
			}
		}
	})
}
