package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"braid/server"
)

func TestParseRoots(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "f=1.iso")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"":                 "=.",
		"/srv/iso":         "=/srv/iso",
		"iso=/srv/images":  "iso=/srv/images",
		"/a/iso /b/log/":   "iso=/a/iso log=/b/log/",
		"i=/a l=/b /c/d":   "i=/a l=/b d=/c/d",
		"./a=b":            "=./a=b",
		"./a=b c":          "a=b=./a=b c=c",
		"a=b=c":            "a=b=c",
		file:               "f=1.iso=" + file,
		file + " /b":       "f=1.iso=" + file + " b=/b",
		"x=" + file:        "x=" + file,
		"/":                "=/",
		"/ /b":             "/=/ b=/b", // which New refuses
		filepath.Dir(file): "=" + dir,
	} {
		roots, err := parseRoots(strings.Fields(args))
		var got []string
		for _, r := range roots {
			got = append(got, r.Name+"="+r.Path)
		}
		if strings.Join(got, " ") != want || err != nil {
			t.Errorf("%q: %q, %v, want %q", args, got, err, want)
		}
	}
	for _, arg := range []string{"", "-", "=x", "x="} {
		if roots, err := parseRoots([]string{"ok", arg}); err == nil {
			t.Errorf("%q passes as %v", arg, roots)
		}
	}
}

func TestShownRoots(t *testing.T) {
	if got := shownRoots([]server.Root{{Path: "/srv/a\nb"}}); got != `/srv/a\nb` {
		t.Error(got)
	}
	if got := shownRoots([]server.Root{{Name: "iso", Path: "/a"}, {Name: "b", Path: "b"}}); got != "/a at /iso, b at /b" {
		t.Error(got)
	}
}
