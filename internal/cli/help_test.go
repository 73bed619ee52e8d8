package cli

import (
	"runtime/debug"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestHelpGolden(t *testing.T) {
	for file, args := range map[string][]string{
		"help.txt": {}, "help-get.txt": {"get", "--help"}, "help-serve.txt": {"serve", "-h"}, "help-status.txt": {"help", "status"}, "help-check.txt": {"help", "check"}, "help-bench.txt": {"help", "bench"},
		"help-demo.txt": {"-h", "demo"}, "help-exit-codes.txt": {"help", "exit-codes"}, "help-json.txt": {"help", "json"},
	} {
		code, out, err := run(t, args...)
		if code != 0 || err != "" {
			t.Errorf("braid %s: exit %d, %s", strings.Join(args, " "), code, err)
		}
		golden(t, file, out)
	}
}

func TestHelpIsTheSameHoweverAsked(t *testing.T) {
	_, want, _ := run(t)
	for _, args := range [][]string{{"help"}, {"--help"}, {"-h"}, {"-q", "-h"}} {
		if code, got, _ := run(t, args...); got != want || code != 0 {
			t.Errorf("braid %s differs from braid, exit %d", strings.Join(args, " "), code)
		}
	}
	_, want, _ = run(t, "help", "get")
	for _, args := range [][]string{{"get", "-h"}, {"-h", "get"}, {"get", "--help", "-x", "abc"}, {"get", u, "-qh"}} {
		if code, got, _ := run(t, args...); got != want || code != 0 {
			t.Errorf("braid %s differs from braid help get, exit %d", strings.Join(args, " "), code)
		}
	}
}

func TestHelpFitsItsWidth(t *testing.T) {
	for _, width := range []int{60, 80, 100} {
		for _, c := range table() {
			text, err := explain(table(), []string{c.name}, width)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(text) {
				if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > width {
					t.Errorf("%s at %d columns: %d in %q", c.name, width, n, line)
				}
			}
		}
	}
}

func TestEveryFlagIsExplained(t *testing.T) {
	for _, c := range table() {
		seen := map[string]bool{}
		for _, f := range c.flags {
			for _, name := range append([]string{f.name}, f.aliases...) {
				if seen[name] {
					t.Errorf("%s: two flags are called %s", c.name, name)
				}
				seen[name] = true
			}
			if f.group != "" && f.use == "" || f.on && f.arg != "" || f.set == nil {
				t.Errorf("%s --%s: %+v", c.name, f.name, f)
			}
		}
		if c.brief == "" || c.about == "" {
			t.Errorf("%s is not explained", c.name)
		}
	}
}

func TestVersionLine(t *testing.T) {
	info := &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.modified", Value: "true"},
	}}
	if got := versionLine(info); !strings.HasPrefix(got, "braid v1.2.3 (0123456789ab with changes, go1.") {
		t.Error(got)
	}
	if got := versionLine(nil); !strings.HasPrefix(got, "braid unreleased (go1.") {
		t.Error(got)
	}
}
