package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// smallSize is how many bytes each of many files has.
const smallSize = 16 << 10

// atOnce is how many of them are fetched at once.
const atOnce = "16"

// listless says that this braid cannot take a list.
func listless(ctx context.Context, b *bench) string {
	said, _ := exec.CommandContext(ctx, b.braid, "help", "get").CombinedOutput()
	if !strings.Contains(string(said), "--input-file") {
		return "this braid has no --input-file"
	}
	return ""
}

// small is the name of file i.
func small(i int) string { return fmt.Sprintf("f%05d", i) }

func many(flags []string) func(context.Context, *bench, int64) error {
	return func(ctx context.Context, b *bench, count int64) error {
		name, n := "many", int(count)
		if flags == nil {
			name = "many-default"
		}
		if n > 100_000 {
			return fmt.Errorf("%d files are too many: -size is a count here", n)
		}
		folder := filepath.Join(b.root, "many")
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
		for i := range n {
			if err := writePattern(filepath.Join(folder, small(i)), uint64(i), smallSize, false); err != nil {
				return err
			}
		}
		w, err := b.serve(ctx, spec{root: folder})
		if err != nil {
			return err
		}
		defer w.stop()
		list, conf := filepath.Join(b.dir, "list"), filepath.Join(b.dir, "curl.conf")
		var urls, pairs strings.Builder
		for i := range n {
			fmt.Fprintf(&urls, "%s%s\n", w.url, small(i))
			fmt.Fprintf(&pairs, "url = %s%s\noutput = %s\n", w.url, small(i), small(i))
		}
		if err := os.WriteFile(list, []byte(urls.String()), 0o600); err != nil {
			return err
		}
		if err := os.WriteFile(conf, []byte(pairs.String()), 0o600); err != nil {
			return err
		}
		c := contest{
			name: name, size: count * smallSize,
			ours: entrant{name: "braid -j " + atOnce, argv: func(dir string) []string {
				argv := append([]string{b.braid, "get", "-q", "-j", atOnce, "-i", list, "-d", dir}, flags...)
				return append(argv, b.o.args...)
			}},
			verify: func(dir string, all bool) error { return areSmall(dir, n, all) },
		}
		argvs := map[string]func(dir string) []string{
			"aria2c": func(dir string) []string {
				return []string{b.at["aria2c"], "--no-conf", "-q", "-j" + atOnce, "-i", list, "-d", dir}
			},
			"curl": func(string) []string { // into the folder it runs in
				return []string{b.at["curl"], "-q", "-sS", "-f", "--parallel", "--parallel-max", atOnce, "--config", conf}
			},
		}
		for _, name := range []string{"aria2c", "curl"} {
			if b.wants(name) {
				c.theirs = append(c.theirs, entrant{name: name, argv: argvs[name]})
			}
		}
		return b.hold(ctx, c)
	}
}

// areSmall verifies that the files are there, and what is in all of them or in a
// sample.
func areSmall(dir string, n int, all bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(entries) != n {
		return fmt.Errorf("there are %d files, not %d", len(entries), n)
	}
	for _, e := range entries {
		if st, err := e.Info(); err != nil || st.Size() != smallSize {
			return fmt.Errorf("%s has not the right size (%v)", e.Name(), err)
		}
	}
	for i := range n {
		if all || rand.IntN(n) < checked {
			if err := isPattern(filepath.Join(dir, small(i)), uint64(i), smallSize, true); err != nil {
				return err
			}
		}
	}
	return nil
}
