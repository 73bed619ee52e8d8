package server

import (
	"bytes"
	"html"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// nastyNames are names that mean something to a shell, a terminal or a browser, and many made of such pieces.
func nastyNames() []string {
	names := []string{
		"debian-13.2.0-amd64.iso", "a b", " ", "-", "--", "-rf", "-o/etc/passwd", "~", "~root", "=ls", "#", "!!", "!$", "^a^b", "*", "?", "[a-z]", "{a,b}",
		"'", `"`, "''", "`", "$", "$(touch pwned)", "`touch pwned`", "';touch pwned;'", `";touch pwned;"`, "'$(touch pwned)'", "$'x'", "a'!b", "a\\'b",
		"a;b", "a&b", "a|b", "a<b>c", "a\nb", "\n", "a\rb", "a\tb", "\x1b[2Jx", "\x1b]0;title\a", "a\x03touch pwned\r", "\x15touch pwned\n", "\x04", "\x7f",
		"\x1b[201~touch pwned\n", "a\u202egnp.exe", "\u2066x\u2069", "\u200f", "\u2028", "\u00a0", "\u200b", "\ufeff", "👩‍👩‍👧", "é", "e\u0301", "日本", "\ufffd", "\xff\xfe'", "a\xc3",
		"%", "%41", "%HOME%", "100% #1?.iso", "a+b", "a=b", "a:b", "@x", "(x)", "\\", `\n`, `\`, "$'\\''", "it's \"quoted\" & <b>.txt", strings.Repeat("x", 255),
	}
	pieces := append([]string{}, names[1:]...)
	rnd := rand.New(rand.NewPCG(1, 2))
	for len(names) < 600 {
		var b strings.Builder
		for range 1 + rnd.IntN(6) {
			b.WriteString(pieces[rnd.IntN(len(pieces)-1)])
		}
		names = append(names, b.String())
	}
	return names
}

// What a shell makes of quoted names is these names, and nothing else happens; also in one that looks for ! before
// anything else, as they do at a terminal.
func TestQuotedInShells(t *testing.T) {
	names := nastyNames()
	var script strings.Builder
	for _, n := range names {
		q := quoted(n)
		if strings.ContainsFunc(q, func(r rune) bool { return !unicode.IsPrint(r) }) || !utf8.ValidString(q) {
			t.Errorf("%q is quoted as %q, with what a terminal could take for a key", n, q)
		}
		script.WriteString("printf '%s\\0' " + q + "\n")
	}
	for _, shell := range [][]string{
		{"bash", "--norc", "--noprofile", "-s"}, {"bash", "--norc", "--noprofile", "-o", "history", "-o", "histexpand", "-s"},
		{"zsh", "-f", "-s"}, {"ksh", "-s"}, {"busybox", "ash", "-s"},
	} {
		t.Run(strings.Join(shell, " "), func(t *testing.T) {
			if _, err := exec.LookPath(shell[0]); err != nil {
				t.Skipf("%s is not installed", shell[0])
			}
			t.Parallel()
			dir := t.TempDir()
			cmd := exec.Command(shell[0], shell[1:]...)
			cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "HISTFILE="}
			cmd.Stdin = strings.NewReader(script.String())
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
			if len(got) != len(names) {
				t.Fatalf("%d words of %d names", len(got), len(names))
			}
			for i, n := range names {
				if got[i] != n {
					t.Errorf("%q, quoted as %s, becomes %q", n, quoted(n), got[i])
				}
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("a command was run: %v", left)
			}
		})
	}
}

// The commands of a file, run with everything they name replaced by what prints its arguments.
func TestCommandsInShell(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("bash is not installed")
	}
	dir := t.TempDir()
	script := "show() { printf '%s\\0' $# \"$@\"; }; braid() { show braid \"$@\"; }; curl() { show curl \"$@\"; }\n"
	var want [][]string
	for _, n := range nastyNames() {
		if !servable(n) || strings.Contains(n, "/") {
			continue
		}
		r := &http.Request{Host: "a$(touch pwned)'`;\"b:80", RequestURI: "/it's%20$(touch%20pwned);`x`/?file=" + url.QueryEscape(n)}
		v := newListing(false, nil).fileView("it's $(touch pwned);`x`", entry{Name: n}, r, time.Now())
		for _, c := range v.Commands {
			script += c.Before + c.URL + c.After + "\n"
		}
		at := "http://a%24%28touch%20pwned%29%27%60%3B%22b:80/it%27s%20%24%28touch%20pwned%29%3B%60x%60/" + segmented(n)
		save := []string{"-o", n}
		if strings.HasPrefix(n, "-") {
			save[1] = "./" + n
		} else if segmented(n) == n {
			save = []string{"-O"}
		}
		want = append(want, []string{"braid", at}, append(append([]string{"curl", "-C", "-"}, save...), at))
	}
	cmd := exec.Command("bash", "--norc", "--noprofile", "-s")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	for _, w := range want {
		w = append([]string{strconv.Itoa(len(w))}, w...)
		if len(got) < len(w) || !slices.Equal(got[:len(w)], w) {
			t.Fatalf("ran %q, want %q", got[:min(len(got), len(w))], w)
		}
		got = got[len(w):]
	}
	if len(got) > 0 {
		t.Errorf("and then %q", got)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("something else was run: %v", left)
	}
}

func TestSegmented(t *testing.T) {
	for _, n := range nastyNames() {
		s := segmented(n)
		if back, err := url.PathUnescape(s); back != n || err != nil {
			t.Errorf("%q becomes %q and then %q, %v", n, s, back, err)
		}
		if strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%") != "" {
			t.Errorf("%q becomes %q", n, s)
		}
	}
}

func TestShown(t *testing.T) {
	for name, want := range map[string]string{
		"plain name.iso": "plain name.iso", "new\nline": "new⟨U+000A⟩line", "a\u202egnp.exe": "a⟨U+202E⟩gnp.exe", "\x1b": "⟨U+001B⟩",
		"👩‍👧": "👩‍👧", "שלום": "שלום", "\u200fx": "⟨U+200F⟩x", "\u2066": "⟨U+2066⟩", "a\u00a0b": "a\u00a0b", "\u2028": "⟨U+2028⟩",
	} {
		if got := shown(name); got != want {
			t.Errorf("shown(%q) = %q, want %q", name, got, want)
		}
	}
}

// The lines of the pages, pasted into a shell, fetch the files under their own names and find them right.
func TestCommandsFetch(t *testing.T) {
	for _, program := range []string{"bash", "curl", "sha256sum"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	t.Parallel() // nothing is hashed before it is two seconds old
	dir, here := t.TempDir(), t.TempDir()
	const sub = "it's $(touch pwned);`x`"
	var names []string
	for _, n := range nastyNames()[:60] {
		if servable(n) && !strings.Contains(n, "/") {
			names = append(names, n)
			oldFile(t, filepath.Join(dir, sub, n), []byte("the content of "+n))
		}
	}
	addr := start(t, Options{Root: dir})
	c := dial(t, addr)
	script := "curl() { command curl -sS --noproxy '*' \"$@\"; }; set -e -o pipefail\n"
	for i, n := range names {
		known := i%2 == 0 || n == "-"
		if known {
			c.get("GET /" + segmented(sub) + "/" + segmented(n) + sumSuffix)
		}
		_, body := c.get("GET /" + segmented(sub) + "/?file=" + url.QueryEscape(n))
		lines := regexp.MustCompile(`<code>((?:curl|echo|printf) .*?)</code>`).FindAllSubmatch(body, -1)
		if len(lines) != 2 || known != bytes.Contains(body, []byte(" --checksum sha256:")) {
			t.Fatalf("%d commands for %q: %s", len(lines), n, body)
		}
		for _, line := range lines {
			script += html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(line[1]), "")) + "\n"
		}
	}
	cmd := exec.Command("bash", "--norc", "--noprofile", "-s")
	cmd.Dir, cmd.Stdin = here, strings.NewReader(strings.ReplaceAll(script, "http://x/", "http://"+addr+"/"))
	out, err := cmd.CombinedOutput()
	if err != nil || bytes.Count(out, []byte(": OK\n")) != len(names) {
		t.Errorf("%d files: %v: %s", len(names), err, out)
	}
	for _, n := range names {
		if got, err := os.ReadFile(filepath.Join(here, n)); string(got) != "the content of "+n {
			t.Errorf("%q: %q, %v", n, got, err)
		}
	}
	if got, _ := os.ReadDir(here); len(got) != len(names) {
		t.Errorf("%d files of %d: %v", len(got), len(names), got)
	}
}
