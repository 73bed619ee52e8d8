package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// settles is how long a server may take to notice that all its clients have gone.
const settles = 15 * time.Second

// A soaked is a braid serve that runs.
type soaked struct {
	c       *exec.Cmd
	addr    string
	metrics string        // a URL, once it has been found
	said    string        // the file that standard error goes to
	gone    chan struct{} // closed when it has ended
}

// serveSite starts a server.
func (r *round) serveSite(ctx context.Context, site *site, name string, with ...string) (*soaked, error) {
	s := &soaked{said: filepath.Join(r.dir, "stderr-"+name), gone: make(chan struct{})}
	said, err := os.Create(s.said)
	if err != nil {
		return nil, err
	}
	defer said.Close()
	s.c = exec.Command(r.braid, append([]string{"serve", "-a", "127.0.0.1:0", site.dir}, with...)...)
	s.c.Stderr = said
	out, err := s.c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.c.Start(); err != nil {
		return nil, err
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	go func() {
		defer close(s.gone)
		_ = s.c.Wait() // ProcessState says it
	}()
	if err != nil {
		s.kill()
		return nil, fmt.Errorf("braid serve did not start: %w", err)
	}
	s.addr = strings.Trim(strings.TrimPrefix(url, "http://"), "/\n")
	return s, ctx.Err()
}

func (s *soaked) kill() {
	_ = s.c.Process.Kill()
	<-s.gone
}

// quit ends the server by SIGQUIT, and gives the goroutines that it had.
func (s *soaked) quit() (map[string]int, error) {
	if err := s.c.Process.Signal(syscall.SIGQUIT); err != nil {
		return nil, err
	}
	select {
	case <-s.gone:
	case <-time.After(settles):
		return nil, violated("SIGQUIT does not end the server")
	}
	dump, err := os.ReadFile(s.said)
	if err != nil {
		return nil, err
	}
	counts := goroutines(string(dump))
	if len(counts) == 0 {
		return nil, fmt.Errorf("there is no goroutine in %q", dump)
	}
	return counts, nil
}

// settled waits until the server has that many descriptors, or any number if it is -1, and does nothing, for half a second.
// It gives up after a while, and says what there is.
func (s *soaked) settled(ctx context.Context, descriptors int) (c census, err error) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	end := time.Now().Add(settles)
	for quiet := 0; quiet < 10 && time.Now().Before(end); {
		last := c.descriptors
		if c, err = takeCensus(s.c.Process.Pid); err != nil {
			return c, err
		}
		if quiet++; c.busy > 0 || c.descriptors != last || descriptors >= 0 && c.descriptors != descriptors {
			quiet = 0
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return c, context.Cause(ctx)
		}
	}
	return c, nil
}
