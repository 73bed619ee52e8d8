package cli

import (
	"context"
	"crypto/sha256"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"braid/scheduler/source"
	"braid/segment"
)

// parse is what braid get makes of args, as far as runGet.
func parse(t *testing.T, args ...string) (getOptions, error) {
	t.Helper()
	e := &env{}
	o := newGetOptions()
	c := o.command(e)
	c.run = func(context.Context) error { return nil }
	all := []*command{c, helpCommand(e), versionCommand(e)}
	words, err := normalize(all, append([]string{"braid", "get"}, args...))
	if err == nil {
		err = newApp(e, all).RunContext(t.Context(), words)
	}
	return *o, err
}

func TestGetDefaults(t *testing.T) {
	got, err := parse(t, u)
	if err != nil {
		t.Fatal(err)
	}
	want := getOptions{
		URLs: []string{u}, Dir: ".", Jobs: 3, MaxConnections: 16, Retries: 5, RetryDelay: 500 * time.Millisecond,
		Timeout: 15 * time.Second, ConnectTimeout: 10 * time.Second, RemoteTime: true, Durability: "normal", Header: http.Header{},
		screen: screen{Progress: true, Color: "auto"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(getOptions{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestGetTakesItAll(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(file, []byte("# comment\n\nAuthorization: Bearer x:y\r\nX-B: 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	got, err := parse(t, u, "-o", "f", "-d", "dir", "-x16", "-f", "--checksum", "SHA-256="+sum, "--limit-rate", "10M/s",
		"--retry", "0", "--retry-delay", "2", "-T", "5", "--connect-timeout=1m", "-H", "Accept: a, b", "-H", "x-b: 1", "-H", "@"+file,
		"-A", "me/1", "-k", "--cacert", "ca.pem", "--on-change", "restart", "--allow-downgrade", "--no-remote-time", "-LSO", "-c",
		"-J", "--max-size", "4G", "--expect-type", "Application/ZIP", "--durability", "strict", "--verify-resume", "sample", "--netrc",
		"--pinnedpubkey", "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "--allow-private-redirect",
		"-j9", "-i", "list", "--max-connections", "9", "-v", "--no-progress", "-q", "--json", "--color=never")
	if err != nil {
		t.Fatal(err)
	}
	digest, _ := segment.ParseDigest(sum)
	want := getOptions{
		URLs: []string{u}, Input: "list", Jobs: 9, Output: "f", Dir: "dir", Force: true, Connections: 16, MaxConnections: 9, Verbose: true, Limit: 10 << 20,
		Retries: 0, RetryDelay: 2 * time.Second, Timeout: 5 * time.Second, ConnectTimeout: time.Minute,
		Checksum: &digest, Restart: true, AllowDowngrade: true, RemoteTime: false,
		Header:    http.Header{"Accept": {"a, b"}, "X-B": {"1", "2"}, "Authorization": {"Bearer x:y"}},
		UserAgent: "me/1", Insecure: true, CACert: "ca.pem",
		HeaderName: true, MaxSize: 4 << 30, ExpectType: "application/zip", Durability: "strict", VerifyResume: "sample",
		Netrc: true, Pins: []source.Pin{sha256.Sum256(nil)}, AllowPrivate: true,
		screen: screen{JSON: true, Quiet: true, Progress: false, Color: "never"}, remoteName: true,
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(getOptions{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestGetRefuses(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "get needs a URL; try: braid get https://example.com/file"},
		{[]string{""}, "the URL is empty, as if from a variable that is not set; try: braid https://example.com/file"},
		{[]string{"example.com/f"}, `"example.com/f" is not a URL; try: https://example.com/f`},
		{[]string{"http:/a/b"}, `"http:/a/b" is not a URL; try: http://a/b`},
		{[]string{"127.0.0.1:80/f"}, `"127.0.0.1:80/f" is not a URL; try: http://127.0.0.1:80/f`},
		{[]string{"-O", "-", u}, "braid writes to files only; try: -o FILE"},
		{[]string{"-x", "http://me:secret@proxy/", u}, `--connections wants auto, or a number from 1 to 64, not "http://proxy/"; try: braid get --help`},
		{[]string{"-O", "name", u}, "-O takes no name here; try: -o name"},
		{[]string{"ftp://a/b"}, `"ftp://a/b" is not a URL braid can fetch, which begin with http:// or https://; try: braid get --help`},
		{[]string{"https:///f"}, `"https:///f" is not a URL; try: braid get --help`},
		{[]string{"https://me:secret@%zz/"}, ""},
		{[]string{"-x", "0", u}, `--connections wants auto, or a number from 1 to 64, not "0"; try: braid get --help`},
		{[]string{"-x", "abc", u}, `--connections wants auto, or a number from 1 to 64, not "abc"; try: braid get --help`},
		{[]string{"-x", "65", u}, `--connections wants auto, or a number from 1 to 64, not "65"; try: braid get --help`},
		{[]string{"-j", "257", u}, `--jobs wants a number from 1 to 256, not "257"; try: braid get --help`},
		{[]string{"-j", "0", u}, `--jobs wants a number from 1 to 256, not "0"; try: braid get --help`},
		{[]string{"-i", "", u}, `--input-file wants a file, not ""; try: braid get --help`},
		{[]string{"-o", "", u}, `--output wants a file or a folder, not ""; try: braid get --help`},
		{[]string{"--limit-rate", "1,5M", u}, `--limit-rate wants a rate such as 500K or 10M/s, or 0 for no limit, not "1,5M"; try: braid get --help`},
		{[]string{"-T", "0", u}, `--timeout wants a time above 0, such as 5, 0.5s or 2m, not "0"; try: braid get --help`},
		{[]string{"--force=maybe", u}, `--force wants true or false, not "maybe"; try: braid get --help`},
		{[]string{"--on-change", "x", u}, `--on-change wants fail or restart, not "x"; try: braid get --help`},
		{[]string{"--max-size", "0", u}, `--max-size wants a size above 0, such as 256M or 1.5GiB, not "0"; try: braid get --help`},
		{[]string{"--max-size", "big", u}, `--max-size wants a size such as 256M or 1.5GiB, not "big"; try: braid get --help`},
		{[]string{"--expect-type", "zip", u}, `--expect-type wants a media type such as application/zip, image/* or any, not "zip"; try: braid get --help`},
		{[]string{"--durability", "hard", u}, `--durability wants strict, normal or relaxed, not "hard"; try: braid get --help`},
		{[]string{"--verify-resume", "some", u}, `--verify-resume wants all, sample or none, not "some"; try: braid get --help`},
		{[]string{"--pin-sha256", "0123", u}, "--pin-sha256: want sha256//BASE64 of a public key, or several with ; between; try: braid get --help"},
		{[]string{"-H", "Proxy-Authorization: Basic secret", u}, "--header: Proxy-Authorization is braid's own to send; try: braid get --help"},
		{[]string{"--color", "x", u}, `--color wants auto, always or never, not "x"; try: braid get --help`},
		{[]string{"--checksum", "md5:00", u}, "--checksum: a md5 checksum has 32 hex digits, not 2; try: braid get --help"},
		{[]string{"-H", "Authorization Bearer secret", u}, "--header: wants 'Name: value' or @FILE; try: braid get --help"},
		{[]string{"-H", "Range: bytes=0-1", u}, "--header: Range is braid's own to send; try: braid get --help"},
		{[]string{"-H", "X: a\x01secret", u}, "--header: the value of X has a control character in it; try: braid get --help"},
		{[]string{"-H", "@/nonexistent/f", u}, "--header: open /nonexistent/f: no such file or directory; try: braid get --help"},
		{[]string{"--checksum", "d41d8cd98f00b204e9800998ecf8427e", u, u}, "--checksum is for one URL at a time; try: braid get --help"},
		{[]string{"-x", "0", "--retry", "x", u}, `--connections wants auto, or a number from 1 to 64, not "0"; try: braid get --help`},
	} {
		_, err := parse(t, c.args...)
		if !as[*usageError](err) || c.want != "" && err.Error() != c.want {
			t.Errorf("%q:\n got %v\nwant %s", c.args, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error tells a secret: %v", c.args, err)
		}
	}
}

// What help says is the default must be the default.
func TestDefaultsAreWhatHelpSays(t *testing.T) {
	for _, c := range table() {
		for _, f := range c.flags {
			if f.def != "" && f.def != "braid/VERSION" {
				if err := f.take(f.def); err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
			}
		}
	}
	changed, err := parse(t, "-d", ".", "-j", "3", "-x", "auto", "--max-connections", "16", "--retry", "5", "--retry-delay", "0.5s", "-T", "15s", "--connect-timeout", "10s",
		"--on-change", "fail", "--durability", "normal", "--color", "auto", "--progress", "--remote-time", u)
	plain, err2 := parse(t, u)
	if diff := cmp.Diff(plain, changed, cmp.AllowUnexported(getOptions{}), cmpopts.EquateEmpty()); diff != "" || err != nil || err2 != nil {
		t.Errorf("%v, %v\n%s", err, err2, diff)
	}
}

// A slash at the end always means a folder, and one that is made.
func TestWhereFilesGo(t *testing.T) {
	here := t.TempDir()
	for _, c := range []struct {
		args, want string
		makes      bool
	}{
		{"", "f", false},
		{"-o x", "x", false},
		{"-o x/", "x/f", true},
		{"--output=./x/", "x/f", true},
		{"-d y", "y/f", true},
		{"-d y -o x", "y/x", true},
		{"-d y -o x/", "y/x/f", true},
		{"-o " + here, here + "/f", false},
		{"-o " + here + "/x/", here + "/x/f", true},
		{"-d y -o " + here + "/x", here + "/x", false},
	} {
		o, err := parse(t, append(strings.Fields(c.args), u)...)
		if err != nil {
			t.Fatal(err)
		}
		if got := filepath.ToSlash(o.target(u)); got != filepath.ToSlash(c.want) || o.makes() != c.makes {
			t.Errorf("%s: %s, made %v; want %s, %v", c.args, got, o.makes(), c.want, c.makes)
		}
	}
}
