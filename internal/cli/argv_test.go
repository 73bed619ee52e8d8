package cli

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const u = "https://example.com/f"

func TestNormalize(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", "help"},
		{"the URL alone", u, "get -- " + u},
		{"any scheme is meant as a URL", "ftp://a/b", "get -- ftp://a/b"},
		{"a flag after the URL", "get " + u + " -o f", "get --output=f -- " + u},
		{"flags around the URL", "get -q " + u + " --force", "get --quiet=true --force=true -- " + u},
		{"a URL with flags and no command", u + " -x 16", "get --connections=16 -- " + u},
		{"flags before a URL and no command", "-x 16 -q " + u, "get --connections=16 --quiet=true -- " + u},
		{"flags before the command", "-q get " + u, "get --quiet=true -- " + u},
		{"flags before another command", "-q serve dir", "serve --quiet=true -- dir"},
		{"a value that is a command's name", "-o get " + u, "get --output=get -- " + u},
		{"value glued to a letter", "get -x16 " + u, "get --connections=16 -- " + u},
		{"value glued to a letter by =", "get -x=16 " + u, "get --connections=16 -- " + u},
		{"other letter, same flag", "get -n 4 " + u, "get --connections=4 -- " + u},
		{"switches and a file in one", "get -fqofile " + u, "get --force=true --quiet=true --output=file -- " + u},
		{"switches and a number in one", "get -fx16 " + u, "get --force=true --connections=16 -- " + u},
		{"cluster whose value is the next word", "get -fx 16 " + u, "get --force=true --connections=16 -- " + u},
		{"cluster of switches", "get -fqk " + u, "get --force=true --quiet=true --insecure=true -- " + u},
		{"curl's silence", "-fsSL " + u, "get --force=true --quiet=true --show-error=true --location=true -- " + u},
		{"curl's silence, long", "--silent " + u, "get --quiet=true -- " + u},
		{"a flag that only serve knows, before serve", "-a :80 serve dir", "serve --addr=:80 -- dir"},
		{"wget's -O in a cluster", "-qO name " + u, "get --quiet=true --remote-name=true -- name " + u},
		{"curl's habits", "get -LSO " + u, "get --location=true --show-error=true --remote-name=true -- " + u},
		{"wget's habit", "get -c " + u, "get --continue=true -- " + u},
		{"long with =", "get --output=a=b " + u, "get --output=a=b -- " + u},
		{"long with one dash", "get -output f " + u, "get --output=f -- " + u},
		{"an empty value", "get --output= " + u, "get --output= -- " + u},
		{"switched off", "get --no-progress " + u, "get --progress=false -- " + u},
		{"switched off another way", "get --progress=false " + u, "get --progress=false -- " + u},
		{"a value that looks like a flag", "get -o -q " + u, "get --output=-q -- " + u},
		{"a dash is an argument", "get -", "get -- -"},
		{"a dash is a value", "get -o - " + u, "get --output=- -- " + u},
		{"after -- nothing is a flag", "get -q -- -o " + u, "get --quiet=true -- -o " + u},
		{"-- before the URL", "-- " + u, "get -- " + u},
		{"the same flag twice", "get -H a:b --header c:d " + u, "get --header=a:b --header=c:d -- " + u},
		{"help", "--help", "help"},
		{"help, short", "-h", "help"},
		{"help of a command", "get -h", "get --help=true"},
		{"help before the command", "-h get", "get --help=true"},
		{"help beside nonsense", "get -x abc " + u + " -h", "get --help=true"},
		{"wget's -O", "-O name " + u, "get --remote-name=true -- name " + u},
		{"help after flags", "-q -h", "help"},
		{"version", "--version", "version"},
		{"version, short", "-V", "version"},
		{"version is not asked for by a value", "-o -V " + u, "get --output=-V -- " + u},
		{"flags alone are a get without URL", "-q", "get --quiet=true"},
		{"flags of other commands", "serve -a :80 --no-listing d", "serve --addr=:80 --listing=false -- d"},
	} {
		got, err := normalize(table(), append([]string{"/usr/bin/braid"}, strings.Fields(c.in)...))
		if err != nil || strings.Join(got, " ") != "braid "+c.want {
			t.Errorf("%s: %s\n got %s, %v\nwant braid %s", c.name, c.in, strings.Join(got, " "), err, c.want)
		}
	}
}

func TestNormalizeRefuses(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"gte " + u, `there is no command "gte"; try: braid get`},
		{"frobnicate", `there is no command "frobnicate"; try: braid --help`},
		{"example.com/f.iso", `"example.com/f.iso" is neither a command nor a URL; try: braid https://example.com/f.iso`},
		{"get --conections 3 " + u, "get has no flag --conections; try: --connections"},
		{"get --no-progres " + u, "get has no flag --no-progres; try: --no-progress"},
		{"get --no-output " + u, "get has no flag --no-output; try: --output"},
		{"get --frobnicate " + u, "get has no flag --frobnicate; try: braid get --help"},
		{"get -qY " + u, "get has no flag -Y; try: braid get --help"},
		{"get -o", "--output needs a value: FILE; try: braid get --help"},
		{"get -qx", "--connections needs a value: N; try: braid get --help"},
		{"serve -x 4", "serve has no flag -x; try: braid serve --help"},
		{"-x 4 serve", "serve has no flag -x; try: braid serve --help"},
		{"--frobnicate=1 " + u, "get has no flag --frobnicate; try: braid get --help"},
		{"--frobnicate 1 " + u, "get has no flag --frobnicate; try: braid get --help"},
		{"-q --frobnicate 1 " + u, "get has no flag --frobnicate; try: braid get --help"},
		{"--no-json x", `there is no command "x"; try: braid --help`},

		{"-P /tmp " + u, "get has no flag -P; try: -d DIR"},
		{"-P/tmp " + u, "get has no flag -P; try: -d DIR"},
		{"get " + u + " -P /tmp", "get has no flag -P; try: -d DIR"},
		{"-C - " + u, "get has no flag -C: it is not needed, braid goes on by itself"},
		{"-u user:geheim " + u, "get has no flag -u: FILE holds a line such as Authorization: Bearer …; try: -H @FILE"},
		{"--user=user:geheim " + u, "get has no flag --user: FILE holds a line such as Authorization: Bearer …; try: -H @FILE"},
		{"--retries 3 " + u, "get has no flag --retries; try: --retry N"},
		{"--max-retries 3 " + u, "get has no flag --max-retries; try: --retry N"},
		{"-t 3 " + u, "get has no flag -t; try: --retry N"},
		{"--max-time 3 " + u, "get has no flag --max-time: --timeout is how long a connection may bring nothing; try: --timeout TIME"},
		{"-Z " + u, "get has no flag -Z; try: -j N"},
		{"--parallel-max 3 " + u, "get has no flag --parallel-max; try: -j N"},
		{"-r 0-99 " + u, "get has no flag -r: braid fetches whole files"},
		{"-nc " + u, "get has no flag -nc: it is not needed, a file that exists stays unless --force is given"},
		{"-x4 -s4 " + u, "-s takes no number, it is the same as -q; try: -x N"},
		{"-s 4 " + u, "-s takes no number, it is the same as -q; try: -x N"},
		{"-x4 -k 1M " + u, "-k takes no size, it is the same as --insecure; try: the command without it, braid cuts parts itself"},
		{"-O- " + u, "braid writes to files only; try: -o FILE"},
		{"-qO- " + u, "braid writes to files only; try: -o FILE"},
		{"--proxy http://me:geheim@p " + u, "get has no flag --proxy: it is taken from the environment; try: HTTPS_PROXY=URL braid …"},
		{"serve -p 80", "serve has no flag -p; try: --addr HOST:PORT"},
		{"-p 80 serve", "serve has no flag -p; try: --addr HOST:PORT"},
		{"serve --port=80", "serve has no flag --port; try: --addr HOST:PORT"},
		{"serve --bind 0.0.0.0", "serve has no flag --bind; try: --addr HOST:PORT"},
		{"serve --listen :80", "serve has no flag --listen; try: --addr HOST:PORT"},

		{"http:/foo/bar", `"http:/foo/bar" is neither a command nor a URL; try: braid http://foo/bar`},
		{"HTTPS:foo/bar", `"HTTPS:foo/bar" is neither a command nor a URL; try: braid https://foo/bar`},
		{"127.0.0.1:18080/x", `"127.0.0.1:18080/x" is neither a command nor a URL; try: braid http://127.0.0.1:18080/x`},
		{"localhost:8080", `"localhost:8080" is neither a command nor a URL; try: braid http://localhost:8080`},
		{"192.168.1.2/x", `"192.168.1.2/x" is neither a command nor a URL; try: braid http://192.168.1.2/x`},
		{"nas:8080/x", `"nas:8080/x" is neither a command nor a URL; try: braid http://nas:8080/x`},
		{"nas:8443/x", `"nas:8443/x" is neither a command nor a URL; try: braid https://nas:8443/x`},
	} {
		got, err := normalize(table(), append([]string{"braid"}, strings.Fields(c.in)...))
		if _, ok := errors.AsType[*usageError](err); !ok || err.Error() != c.want {
			t.Errorf("%s:\n got %v, %v\nwant %s", c.in, got, err, c.want)
		}
	}
}

// A flag that braid has is no foreign one.
func TestHabitsAreForeign(t *testing.T) {
	for name, all := range habits {
		c := find(table(), name)
		for flag, h := range all {
			if f := c.lookup(strings.TrimLeft(flag, "-")); f != nil {
				t.Errorf("%s has --%s, which is also the habit %s", name, f.name, flag)
			}
			if h.why == "" && h.try == "" {
				t.Errorf("%s %s says nothing", name, flag)
			}
		}
	}
}

// word is anything that people may type.
func word() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{
			"get", "serve", "status", "demo", "version", "help", u, "--", "-", "", "-h", "--help", "-V", "-q", "-o", "-x16",
			"-fqo", "--no-progress", "--output", "--output=f", "--force", "--addr", ":80", "f", "--bad", "-sSL", "=", "-=", "--=",
			"-s", "4", "-k", "-nc", "-P", "-qO-", "--port",
		}),
		rapid.StringMatching(`-{0,3}[a-zA-Z=]{0,4}`),
		rapid.String(),
	)
}

func TestNormalizeIsIdempotent(t *testing.T) {
	all := table()
	rapid.Check(t, func(t *rapid.T) {
		args := append([]string{"braid"}, rapid.SliceOfN(word(), 0, 6).Draw(t, "words")...)
		once, err := normalize(all, args)
		if err != nil {
			if _, ok := errors.AsType[*usageError](err); !ok {
				t.Fatalf("%q: %v is no usage error", args, err)
			}
			return
		}
		twice, err := normalize(all, once)
		if err != nil || !slices.Equal(once, twice) {
			t.Fatalf("%q\n once %q\ntwice %q, %v", args, once, twice, err)
		}
	})
}

// Where the flags stand must not matter, nor how they are written.
func TestNormalizeDoesNotCareWhereFlagsStand(t *testing.T) {
	all := table()
	forms := [][][]string{
		{{"-x", "7"}, {"-x7"}, {"--connections=7"}, {"-n=7"}},
		{{"-q"}, {"--quiet"}, {"--quiet=true"}},
		{{"--no-progress"}, {"--progress=false"}},
	}
	want := []string{"braid", "get", "--connections=7", "--quiet=true", "--progress=false", "--", u}
	rapid.Check(t, func(t *rapid.T) {
		place := rapid.IntRange(0, len(forms)).Draw(t, "place of the URL")
		args := []string{"braid"}
		if rapid.Bool().Draw(t, "say get") {
			args = append(args, "get")
		}
		for i, f := range forms {
			if i == place {
				args = append(args, u)
			}
			args = append(args, rapid.SampledFrom(f).Draw(t, "form")...)
		}
		if place == len(forms) {
			args = append(args, u)
		}
		if got, err := normalize(all, args); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%q: %q, %v", args, got, err)
		}
	})
}

func TestNearest(t *testing.T) {
	names := []string{"--connections", "--connect-timeout", "--output", "--force"}
	for word, want := range map[string]string{
		"--conections": "--connections", "--conenctions": "--connections", "--ouput": "--output", "--focre": "--force",
		"--zzz": "", "": "", "--output": "--output",
	} {
		if got := nearest(word, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "ab", 2}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "abd", 1}, {"abc", "ab", 1}, {"kitten", "sitting", 3}} {
		if got := distance(c.a, c.b); got != c.want || distance(c.b, c.a) != got {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
