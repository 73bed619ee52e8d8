package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A launch is what one run took, told by the process that started it. Linux
// counts the peak of a process from what its parent had when it was started, so
// the parent must be small: it is one of its own, and does nothing else.
type launch struct {
	Sample sample
	Least  float64 // a peak below this, in MiB, cannot be told
	Failed string  // how the process ended, if not well
}

// playLaunch runs a command and writes its launch to a file.
func playLaunch(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return errors.New("want a file and a command")
	}
	c := exec.CommandContext(ctx, args[1], args[2:]...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	start := time.Now()
	err := c.Run()
	l := launch{Least: mebi(ownPeak())}
	l.Sample.Wall = time.Since(start).Seconds()
	switch p := c.ProcessState; {
	case err != nil:
		l.Failed = fmt.Sprintf("%s: %v", filepath.Base(args[1]), err)
	default:
		l.Sample.CPU = (p.UserTime() + p.SystemTime()).Seconds()
		l.Sample.Peak = mebi(peakOf(p))
	}
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return os.WriteFile(args[0], text, 0o600)
}

func mebi(bytes int64) float64 { return float64(bytes) / (1 << 20) }
