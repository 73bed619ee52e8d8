package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The program starts itself, and so does its test.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && parts[os.Args[1]] != nil {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // else each of them ends with a second of sleep under -race
	os.Exit(m.Run())
}

// a bench without braid and without tools.
func newBench(t *testing.T) *bench {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	b := &bench{o: options{pairs: 2}, self: self, dir: dir, root: filepath.Join(dir, "served"), home: filepath.Join(dir, "home"), progress: t.Output()}
	for _, d := range []string{b.root, b.home} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func TestAContestFromEndToEnd(t *testing.T) {
	const size = 3<<20 + 123
	b := newBench(t)
	file, err := fixture(b.root, size)
	if err != nil {
		t.Fatal(err)
	}
	w, err := b.serveOwn(t.Context(), spec{root: b.root})
	if err != nil {
		t.Fatal(err)
	}
	defer w.stop()
	f := fetch{url: w.url + file, size: size, n: 3}
	raw := b.rivals(f, "raw-file", "raw-lock", "raw-pieces", "raw-discard", "curl")
	if len(raw) != 4 {
		t.Fatalf("%d rivals, though there are four limits and no curl", len(raw))
	}
	c := contest{name: "plain", size: size, ours: raw[0], theirs: raw[1:], verify: isOut(size), ideals: []ideal{{"ideal", sample{Wall: 1}}}}
	if err := b.hold(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if len(b.rows) != 4 {
		t.Fatalf("%d rows, not 4", len(b.rows))
	}
	for _, r := range b.rows {
		if len(r.Pairs) != 2 || r.Pairs[1].Ours.Wall <= 0 || r.Pairs[1].Theirs.Wall <= 0 {
			t.Errorf("%s against %s: %v", r.Ours, r.Against, r.Pairs)
		}
	}
	if left, _ := os.ReadDir(filepath.Join(b.dir, "run")); left != nil {
		t.Error("what was fetched was not deleted")
	}
	var said strings.Builder
	printTable(&said, b.rows, b.least)
	if !strings.Contains(said.String(), "| plain | raw-file | raw-lock | ") {
		t.Errorf("the table is\n%s", said.String())
	}
}

func TestAWrongFileIsNoResult(t *testing.T) {
	const size = 1 << 20
	b := newBench(t)
	if err := writePattern(filepath.Join(b.root, "wrong"), 1, size, false); err != nil {
		t.Fatal(err)
	}
	w, err := b.serveOwn(t.Context(), spec{root: b.root})
	if err != nil {
		t.Fatal(err)
	}
	defer w.stop()
	good := b.rivals(fetch{url: w.pattern(size), size: size}, "raw-file")[0]
	bad := b.rivals(fetch{url: w.url + "wrong", size: size}, "raw-file")[0]
	bad.name = "liar"
	if err := b.hold(t.Context(), contest{name: "x", size: size, ours: bad, verify: isOut(size)}); err == nil || !strings.Contains(err.Error(), "is wrong between") {
		t.Errorf("ours may be wrong: %v", err)
	}
	if err := b.hold(t.Context(), contest{name: "x", size: size, ours: good, theirs: []entrant{bad}, verify: isOut(size)}); err != nil {
		t.Fatal(err)
	}
	if len(b.rows) != 0 || len(b.skipped) != 1 || !strings.Contains(b.skipped[0], "x against liar") {
		t.Errorf("theirs may be wrong: rows %v, skipped %q", b.rows, b.skipped)
	}
}

func TestAFailureSaysWhatTheClientSaid(t *testing.T) {
	b := newBench(t)
	_, err := b.measure(t.Context(), []string{b.self, "raw", "raw-file", "-url", "http://127.0.0.1:1/", "-file", filepath.Join(b.dir, "x"), "-size", "1"}, b.dir)
	if err == nil || !strings.Contains(err.Error(), "exit status 1") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("it says %v", err)
	}
}

func TestTheEngineFetchesWhatIsMissing(t *testing.T) {
	b := newBench(t)
	w, err := b.serveOwn(t.Context(), spec{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.stop()
	args := []string{"-url", w.pattern(500 << 30), "-missing", "134217728", "-n", "4"}
	if err := playEngine(t.Context(), args); err != nil {
		t.Error(err)
	}
}

func TestParse(t *testing.T) {
	o, err := parse([]string{"-pairs", "9", "-size", "2M", "-args", "-x auto --max-connections 64", "-vs", "aria2c,curl", "plain", "tls"}, t.Output())
	if err != nil || o.pairs != 9 || o.size != 2<<20 || len(o.args) != 4 || len(o.vs) != 2 || len(o.names) != 2 {
		t.Errorf("%+v, %v", o, err)
	}
	for _, args := range [][]string{{"nosuch"}, {"plain", "-pairs", "3"}, {"-pairs", "0"}, {"-size", "x"}, {"-x", "-1"}} {
		if _, err := parse(args, t.Output()); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{"1": 1, "16K": 16 << 10, "64MiB": 64 << 20, "1G": 1 << 30, "2T": 2 << 40} {
		if got, err := parseSize(s); got != want || err != nil {
			t.Errorf("%s: %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "0", "-1", "1.5G", "1X", "M", "1KK", "9999999T"} {
		if n, err := parseSize(s); err == nil {
			t.Errorf("%q is %d", s, n)
		}
	}
}

func TestWhatBraidIsToldGoesBeforeTheScenario(t *testing.T) {
	b := &bench{braid: "braid"}
	if argv := b.braidGet("", fetch{url: "u", n: 4}).argv("d"); strings.Join(argv, " ") != "braid get -q -x 4 -o d/out u" {
		t.Errorf("%q", argv)
	}
	b.o.args = []string{"-x", "auto"}
	if argv := b.braidGet("", fetch{url: "u", n: 4, insecure: true}, "--durability=relaxed").argv("d"); strings.Join(argv, " ") != "braid get -q --insecure --durability=relaxed -x auto -o d/out u" {
		t.Errorf("%q", argv)
	}
}

func TestTheEnvironmentIsPlain(t *testing.T) {
	got := plainEnv([]string{"PATH=/bin", "http_proxy=x", "NO_PROXY=y", "BRAID_CONNECTIONS=2", "HOME=/root"})
	if len(got) != 1 || got[0] != "PATH=/bin" {
		t.Errorf("%q is left", got)
	}
}

func TestMachine(t *testing.T) {
	mounts := "/dev/a / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/b /tmp/disk xfs rw 0 0\n"
	for path, want := range map[string]string{"/": "ext4", "/home/x": "ext4", "/tmp": "tmpfs", "/tmpx": "ext4", "/tmp/disk/y": "xfs"} {
		if got := kindIn(mounts, path); got != want {
			t.Errorf("%s is on %s, not %s", path, got, want)
		}
	}
	if n := stealIn("cpu  1 2 3 4 5 6 7 89 0 0"); n != 89 {
		t.Errorf("steal is %d", n)
	}
	if n := stealIn("unknown"); n != -1 {
		t.Errorf("unknown steal is %d", n)
	}
}

// What the servers are asked for comes back right, or the load says so.
func TestTheLoad(t *testing.T) {
	const size = 3<<20 + 123
	b := newBench(t)
	file, err := fixture(b.root, size)
	if err != nil {
		t.Fatal(err)
	}
	if err := writePattern(filepath.Join(b.root, "wrong"), 1, size, false); err != nil {
		t.Fatal(err)
	}
	w, err := b.serveOwn(t.Context(), spec{root: b.root})
	if err != nil {
		t.Fatal(err)
	}
	defer w.stop()
	cert, key, err := certify(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	secure, err := b.serveOwn(t.Context(), spec{root: b.root, cert: cert, key: key})
	if err != nil {
		t.Fatal(err)
	}
	defer secure.stop()
	const all = "3145851"
	for _, tt := range []struct {
		args []string
		ok   bool
	}{
		{[]string{"-url", w.url + file, "-size", all, "-n", "4", "-verify"}, true},
		{[]string{"-url", w.url + file, "-size", all, "-n", "4"}, true},
		{[]string{"-url", w.url + file, "-size", all, "-n", "3", "-requests", "20", "-verify"}, true},
		{[]string{"-url", w.url + file, "-size", all, "-n", "3", "-requests", "20"}, true},
		{[]string{"-url", secure.url + file, "-size", all, "-n", "2", "-verify"}, true},
		{[]string{"-url", w.url + "wrong", "-size", all, "-verify"}, false},
		{[]string{"-url", w.url + file, "-size", "3145000"}, false},
		{[]string{"-url", w.url + "none", "-size", all}, false},
		{[]string{"-url", w.url + file, "-size", "5"}, false},
	} {
		if err := playLoad(t.Context(), tt.args); (err == nil) != tt.ok {
			t.Errorf("%v: %v", tt.args, err)
		}
	}
}

// The processor time of a server is that of its process, and of no other.
func TestTheServersTimeIsTold(t *testing.T) {
	b := newBench(t)
	if why := rivalless(t.Context(), &bench{at: map[string]string{"nginx": "x"}}); why != "" {
		t.Skip(why)
	}
	const size = 32 << 20
	file, err := fixture(b.root, size)
	if err != nil {
		t.Fatal(err)
	}
	w, err := b.serveOwn(t.Context(), spec{root: b.root})
	if err != nil {
		t.Fatal(err)
	}
	defer w.stop()
	d := demand{name: "x", size: size, n: 2, requests: 64}
	e := entrant{name: "ours", none: true, from: w, argv: func(string) []string {
		return []string{b.self, "load", "-url", w.url + file, "-size", "33554432", "-n", "2", "-requests", "64"}
	}}
	idle := e
	idle.name, idle.argv = "idle", func(string) []string { return []string{"true"} }
	if err := b.hold(t.Context(), contest{name: "x", size: size, ours: e, theirs: []entrant{idle}}); err != nil {
		t.Fatal(err)
	}
	r := b.rows[0]
	for _, p := range r.Pairs {
		if p.Ours.CPU <= 2*p.Theirs.CPU || p.Ours.CPU > 10*p.Ours.Wall || p.Ours.Client <= 0 {
			t.Errorf("%+v", p)
		}
	}
	if said := d.remark(r); !strings.Contains(said, "Requests a second: ") {
		t.Errorf("the remark is %q", said)
	}
}
