package ui

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestSafe(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "ubuntu-26.04.iso", "ubuntu-26.04.iso"},
		{"letters of the world", "Füße 日本語 🦀", "Füße 日本語 🦀"},
		{"escape sequence", "a\x1b[2Jb", `a\x1b[2Jb`},
		{"title of the window", "\x1b]0;owned\x07", `\x1b]0;owned\x07`},
		{"line feed", "a\nbraid: all is well", `a\nbraid: all is well`},
		{"carriage return", "a\rb", `a\rb`},
		{"tab", "a\tb", `a\tb`},
		{"delete", "a\x7f", `a\x7f`},
		{"C1 as UTF-8", "a\u009b2J", `a\u009b2J`},
		{"C1 as a bare byte", "a\x9b2J", `a\x9b2J`},
		{"right to left", "photo\u202egpj.exe", `photo\u202egpj.exe`},
		{"isolate", "\u2066a\u2069", `\u2066a\u2069`},
		{"Arabic letter mark", "\u061c", `\u061c`},
		{"line separator", "a\u2028b", `a\u2028b`},
		{"a real replacement character", "a\ufffdb", "a\ufffdb"},
		{"the same beside a bad byte", "\ufffd\xff", "\ufffd" + `\xff`},
	} {
		if got := Safe(c.in); got != c.want {
			t.Errorf("%s: Safe(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestSafeHoldsForAnyBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		got := Safe(in)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, obeyed) {
			t.Fatalf("Safe(%q) = %q", in, got)
		}
		if Safe(got) != got {
			t.Fatalf("Safe changes what it made: %q", got)
		}
	})
}

func TestTextRedactsURLsInErrors(t *testing.T) {
	o := Options{Redact: func(string) string { return "https://REDACTED/" }}
	got := o.text("Get \"https://me:secret@a.example/f?token=1\": EOF\nhttp://b.example/: refused\n")
	if want := `Get "https://REDACTED/": EOF; https://REDACTED/ refused`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
