package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience is how long a run may take before it counts as hung.
const patience = 15 * time.Minute

// measure runs a command in the folder dir and returns what it took. Its home
// and its variables are the same for all: nobody's settings count.
func (b *bench) measure(ctx context.Context, argv []string, dir string) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	report := filepath.Join(b.home, "report")
	said, err := os.Create(filepath.Join(b.home, "said")) // a file: nobody has to read it meanwhile
	if err != nil {
		return sample{}, err
	}
	defer said.Close()
	c := exec.CommandContext(ctx, b.self, append([]string{"launch", report}, argv...)...)
	c.Dir, c.Stdout, c.Stderr = dir, said, said
	c.Env = append(plainEnv(os.Environ()), "HOME="+b.home, "XDG_CONFIG_HOME="+b.home)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) } // which ends what it started
	c.WaitDelay = 5 * time.Second
	err = c.Run()
	if ctx.Err() != nil {
		return sample{}, fmt.Errorf("%s: %w", filepath.Base(argv[0]), context.Cause(ctx))
	}
	var l launch
	if err == nil {
		err = readJSON(report, &l)
	}
	if err == nil && l.Failed != "" {
		err = errors.New(l.Failed)
	}
	if err != nil {
		words, _ := os.ReadFile(said.Name())
		return sample{}, fmt.Errorf("%w: %s", err, tail(string(words), 400))
	}
	b.least = max(b.least, l.Least)
	return l.Sample, nil
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
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
