package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// patience is how long a run may take before it counts as hung: much longer
// than most downloads here do.
const patience = 90 * time.Second

// An outcome is how a run of braid ended.
type outcome struct {
	code   int  // the exit status; -1 if a signal ended it
	harmed bool // the harm came before its end
	took   time.Duration
	after  time.Duration // how long it lived on after the harm
	said   string        // on standard error
	how    string        // the end in words, for the log
}

// braid runs the program once and does h to it. Its error is a violation if the
// run hangs; how else it ends is for the caller to judge.
func (r *round) run(ctx context.Context, h harm, args ...string) (o outcome, err error) {
	r.runs++
	r.tally.add("runs", 1)
	path := filepath.Join(r.dir, fmt.Sprintf("stderr-%d", r.runs))
	said, err := os.Create(path)
	if err != nil {
		return o, err
	}
	defer said.Close()
	args = append(args[:len(args):len(args)], r.with...)
	r.note("run %d: %s", r.runs, args)
	start := time.Now()
	if h.at != (point{}) {
		o, err = traced(ctx, r.braid, args, r.dir, said, h)
	} else {
		o, err = r.plain(ctx, h, said, args)
	}
	o.took = time.Since(start)
	if text, readErr := os.ReadFile(path); readErr == nil {
		o.said = string(text)
	}
	r.note("run %d: %s after %v, harmed %v (%v %v), said %q", r.runs, o.how, o.took, o.harmed, h.after, h.at, o.said)
	return o, err
}

// plain runs the program without watching its calls.
func (r *round) plain(ctx context.Context, h harm, said *os.File, args []string) (o outcome, err error) {
	c := exec.Command(r.braid, args...)
	c.Dir, c.Stderr = r.dir, said
	if err := c.Start(); err != nil {
		return o, err
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_ = c.Wait() // ProcessState says it
	}()
	defer func() {
		_ = c.Process.Kill()
		<-gone
		o.code, o.how = c.ProcessState.ExitCode(), c.ProcessState.String()
	}()

	var interrupt, strike <-chan time.Time
	if h.after > 0 {
		strike = time.After(h.after)
		if h.interrupt > 0 {
			interrupt = time.After(h.after - h.interrupt)
		}
	}
	hung := time.NewTimer(r.patience)
	defer hung.Stop()
	var struck time.Time
	for {
		select {
		case <-gone:
			if o.harmed {
				o.after = time.Since(struck)
			}
			return o, nil
		case <-ctx.Done():
			return o, context.Cause(ctx)
		case <-interrupt:
			_ = c.Process.Signal(os.Interrupt)
		case <-strike:
			struck, o.harmed = time.Now(), true
			if h.act != nil {
				if err := h.act(); err != nil {
					return o, err
				}
			}
			if !h.spare {
				return o, nil
			}
		case <-hung.C:
			_ = c.Process.Signal(syscall.SIGQUIT) // what it does goes to standard error
			select {
			case <-gone:
			case <-time.After(5 * time.Second):
			}
			return o, violated("a run did not end within %v", r.patience)
		}
	}
}
