package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// patience is how long a run may take before it counts as hung.
const patience = 15 * time.Minute

// measure runs a command in the folder dir and returns what it took. Its home
// and its variables are the same for all: nobody's settings count.
func measure(ctx context.Context, argv []string, dir, home string) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	said, err := os.Create(filepath.Join(home, "said")) // a file: nobody has to read it meanwhile
	if err != nil {
		return sample{}, err
	}
	defer said.Close()
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Dir, c.Stdout, c.Stderr = dir, said, said
	c.Env = append(plainEnv(os.Environ()), "HOME="+home, "XDG_CONFIG_HOME="+home)
	start := time.Now()
	err = c.Run()
	took := time.Since(start)
	if ctx.Err() != nil {
		return sample{}, fmt.Errorf("%s: %w", filepath.Base(argv[0]), context.Cause(ctx))
	}
	if err != nil {
		words, _ := os.ReadFile(said.Name())
		return sample{}, fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, tail(string(words), 400))
	}
	p := c.ProcessState
	return sample{
		Wall: took.Seconds(),
		CPU:  (p.UserTime() + p.SystemTime()).Seconds(),
		Peak: float64(peakOf(p)) / (1 << 20),
	}, nil
}

// plainEnv is env less the proxies and what clients read their settings from.
func plainEnv(env []string) (plain []string) {
	for _, v := range env {
		name, _, _ := strings.Cut(v, "=")
		upper := strings.ToUpper(name)
		if !strings.HasSuffix(upper, "_PROXY") && !strings.HasPrefix(upper, "BRAID_") && upper != "HOME" && upper != "XDG_CONFIG_HOME" {
			plain = append(plain, v)
		}
	}
	return plain
}

// tail is the end of what was said, on one line.
func tail(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	return s[max(0, len(s)-n):]
}
