package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A web is an origin that runs, in a process of its own.
type web struct {
	url  string // ends in a slash
	pid  int
	stop func()
}

// serve starts nginx, or our own origin where there is none.
func (b *bench) serve(ctx context.Context, s spec) (*web, error) {
	if b.at["nginx"] != "" {
		return b.serveNginx(ctx, s)
	}
	return b.serveOwn(ctx, s)
}

// serveOwn starts our own origin.
func (b *bench) serveOwn(ctx context.Context, s spec) (*web, error) {
	c := exec.Command(b.self, append([]string{"origin"}, s.args()...)...)
	stdin, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	return telling(ctx, c, func() { _ = endIt(c, stdin) })
}

// telling starts a server that prints its URL first.
func telling(ctx context.Context, c *exec.Cmd, stop func()) (*web, error) {
	c.Stderr = os.Stderr
	stdout, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		stop()
		return nil, fmt.Errorf("%s did not start: %w", filepath.Base(c.Path), err)
	}
	return &web{url: strings.TrimSpace(line), pid: c.Process.Pid, stop: stop}, ctx.Err()
}

// endIt ends a process by the end of its input, or else by force.
func endIt(c *exec.Cmd, stdin io.Closer) error {
	_ = stdin.Close()
	force := time.AfterFunc(5*time.Second, func() { _ = c.Process.Kill() })
	defer force.Stop()
	return c.Wait()
}

// terminate ends a process by a signal, or else by force.
func terminate(c *exec.Cmd) {
	if c.Process.Signal(syscall.SIGTERM) != nil {
		_ = c.Process.Kill()
	}
	force := time.AfterFunc(5*time.Second, func() { _ = c.Process.Kill() })
	defer force.Stop()
	_ = c.Wait()
}

// reachable waits until somebody answers there.
func reachable(ctx context.Context, address string) error {
	for range 100 {
		if dialled(ctx, address) {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("nothing answers at %s", address)
}
