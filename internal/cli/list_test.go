package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLists(t *testing.T) {
	list := "\ufeff# what we need\r\n" +
		"https://a.example/f\r\n" +
		"\r\n" +
		"  \t\n" +
		"https://b.example/g?x=1#frag  \n" +
		"\tout=new name.iso\n" +
		"  # an old name\n" +
		"  dir=/data/=x\n" +
		"https://c.example/\n" +
		"  out=deep/er\n" +
		"https://d.example/h"
	got, err := readList("l", strings.NewReader(list))
	want := []entry{
		{url: "https://a.example/f"},
		{url: "https://b.example/g?x=1#frag", to: &elsewhere{out: "new name.iso", dir: "/data/=x"}},
		{url: "https://c.example/", to: &elsewhere{out: "deep/er"}},
		{url: "https://d.example/h"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(entry{}, elsewhere{})); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestListsThatAreWrong(t *testing.T) {
	const good = "https://a.example/f\n"
	for _, c := range []struct{ list, want string }{
		{good + "\nb.example/f\n", `l, line 3: "b.example/f" is not a URL; try: https://b.example/f`},
		{"ftp://me:secret@b.example/f", `l, line 1: "ftp://b.example/f" is not a URL braid can fetch, which begin with http:// or https://`},
		{good + good[:19] + "\thttps://b.example/f", "l, line 2: a line holds one URL, and a URL has no blanks"},
		{" " + good, "l, line 1: it is indented, and there is no URL above it"},
		{good + "  header=Authorization: secret", "l, line 2: an indented line says out=NAME or dir=DIR of the URL above, and nothing else"},
		{good + "  https://b.example/secret", "l, line 2: an indented line says out=NAME or dir=DIR of the URL above, and nothing else"},
		{good + "  out=", "l, line 2: out= wants the name of a file, below the folder that it goes to"},
		{good + "  out=/etc/motd", "l, line 2: out= wants the name of a file, below the folder that it goes to"},
		{good + "  out=a/../../b", "l, line 2: out= wants the name of a file, below the folder that it goes to"},
		{good + "  out=a/", "l, line 2: out= wants the name of a file, below the folder that it goes to"},
		{good + "  out=-", "l, line 2: out= wants the name of a file, below the folder that it goes to"},
		{good + "  dir=", "l, line 2: dir= wants a folder"},
		{good + "https://a.example/" + strings.Repeat("a", maxListLine), "l, line 2: it is longer than any URL"},
	} {
		_, err := readList("l", strings.NewReader(c.list))
		if !as[*usageError](err) || err.Error() != c.want {
			t.Errorf("%.60q:\n got %v\nwant %s", c.list, err, c.want)
		}
	}
}

// Whoever writes to stdin may take for ever; an interrupt ends the wait.
func TestAnInterruptEndsTheReadingOfAList(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stdin, feeder := io.Pipe()
	defer feeder.Close()
	go func() {
		io.WriteString(feeder, "https://a.example/f\n")
		cancel(SignalError{os.Interrupt})
	}()
	o := getOptions{Input: "-"}
	if _, err := o.entries(ctx, stdin); !errors.Is(err, SignalError{os.Interrupt}) {
		t.Errorf("%v, want the interrupt", err)
	}
}

func TestTwoFilesNeverShareAName(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a", filepath.Join(dir, "link")); err != nil {
		t.Skip("symbolic links are missing here, as for most users of windows:", err)
	}
	t.Chdir(dir)
	targets := newTargets()
	for _, c := range []struct {
		path string
		free bool
	}{
		{"f", true},
		{"g", true},
		{"f", false},
		{"./f", false},
		{filepath.Join(dir, "f"), false},
		{"a/f", true},
		{"link/f", false},
		{"a/b/../f", false},
		{"a/b/f", true},
		{"none/f", true},
		{"none/f", false},
		{"f.part", false}, // where f is worked on
		{"f.part.ck", false},
		{"link/f.part", false},
		{"h.part", true},
		{"h", false},
		{"i.part.ck", true},
		{"i", false},
		{"i.part", true}, // whose own are i.part.part and i.part.part.ck
		{"f.parts", true},
	} {
		err := targets.take(c.path)
		if (err == nil) != c.free {
			t.Errorf("%s: %v", c.path, err)
		}
		if code, _ := judge(err); !c.free && code != exitExists {
			t.Errorf("%s: exit code %d", c.path, code)
		}
	}
}

func TestWhichNameIsTaken(t *testing.T) {
	for _, c := range []struct{ first, second, want string }{
		{"f", "f", "f: another URL of this run goes there, and came first"},
		{"f", "f.part.ck", "f.part.ck: another URL of this run goes there, and came first"},
		{"f.part", "f", "f: another URL of this run goes to f.part, and came first"},
	} {
		targets := newTargets()
		if err := targets.take(c.first); err != nil {
			t.Error(err)
		}
		if err := targets.take(c.second); err == nil || err.Error() != c.want {
			t.Errorf("%s after %s:\n got %v\nwant %s", c.second, c.first, err, c.want)
		}
	}
}

func TestWhereListedFilesGo(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Mkdir("is", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		to   elsewhere
		want string // "" means that they contradict each other
	}{
		{"", elsewhere{out: "q/b"}, "q/b"},
		{"-d dd", elsewhere{out: "q/b"}, "dd/q/b"},
		{"-o iso/", elsewhere{out: "nm"}, "iso/nm"},
		{"-o iso/", elsewhere{dir: "x"}, "x/iso/f"},
		{"-o is", elsewhere{out: "nm"}, "is/nm"},
		{"-o is", elsewhere{dir: "x"}, "x/is/f"},
		{"-d dd -o iso/", elsewhere{out: "nm"}, "dd/iso/nm"},
		{"-o one", elsewhere{out: "nm", dir: "x"}, "x/nm"},
		{"-o " + dir, elsewhere{out: "q/nm"}, filepath.ToSlash(dir) + "/q/nm"},
		{"-o " + dir, elsewhere{dir: "x"}, ""},
		{"-o " + dir + "/", elsewhere{out: "nm", dir: "x"}, ""},
	} {
		o, err := parse(t, append(strings.Fields(c.args), u)...)
		if err != nil {
			t.Fatal(err)
		}
		list := u + "\n out=" + c.to.out + "\n dir=" + c.to.dir + "\n"
		list = strings.NewReplacer(" out=\n", "", " dir=\n", "").Replace(list)
		o.URLs, o.Input = nil, "-"
		all, err := o.entries(t.Context(), strings.NewReader(list))
		if c.want == "" {
			if !as[*usageError](err) {
				t.Errorf("%s, %v: %v", c.args, c.to, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s, %v: %v", c.args, c.to, err)
			continue
		}
		if own := o.of(all[0]); filepath.ToSlash(own.target(u)) != c.want || !own.makes() {
			t.Errorf("%s, %v: %s, made %v; want %s", c.args, c.to, own.target(u), own.makes(), c.want)
		}
	}
}
