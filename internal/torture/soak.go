package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"braid/server"
)

// visitors is how many clients there are at once, downloads by braid apart.
const visitors = 12

// soakRound is one soak.
func soakRound(ctx context.Context, r *round) error {
	measured := []string{"--metrics", "127.0.0.1:0"}
	site, err := newSite(filepath.Join(r.dir, "site"))
	if err != nil {
		return err
	}
	fresh, err := r.serveSite(ctx, site, "fresh", measured...)
	if err != nil {
		return err
	}
	few, err := r.afterOneOfEach(ctx, site, fresh)
	if err != nil {
		return err
	}
	s, err := r.serveSite(ctx, site, "soaked", measured...)
	if err != nil {
		return err
	}
	defer s.kill()
	if s.metrics, err = s.findMetrics(ctx); err != nil {
		return err
	}
	if err := r.oneOfEach(ctx, site, s); err != nil {
		return err
	}
	before, err := s.settled(ctx, -1)
	if err != nil {
		return err
	}
	resident, err := r.besetServer(ctx, site, s)
	if err != nil {
		return err
	}
	after, err := s.settled(ctx, before.descriptors)
	if err != nil {
		return err
	}
	r.note("before %+v, after %+v", before, after)
	r.tally.sample("before: descriptors", float64(before.descriptors))
	r.tally.sample("after: descriptors", float64(after.descriptors))
	r.tally.sample("before: resident, MiB", mebi(before.resident))
	r.tally.sample("after: resident, MiB", mebi(after.resident))
	if after.descriptors != before.descriptors {
		return violated("descriptors leak: %d before the first client, %d %v after the last", before.descriptors, after.descriptors, settles)
	}
	if leak := growing(resident); leak != "" {
		return violated("%s", leak)
	}
	many, err := s.quit()
	if err != nil {
		return err
	}
	r.tally.sample("before: goroutines", float64(sum(few)))
	r.tally.sample("after: goroutines", float64(sum(many)))
	if extra := more(few, many); extra != "" {
		return violated("goroutines leak: %s", extra)
	}
	return nil
}

func sum(counts map[string]int) (n int) {
	for _, k := range counts {
		n += k
	}
	return n
}

// afterOneOfEach is the goroutines of a server that has been asked for one of everything.
func (r *round) afterOneOfEach(ctx context.Context, site *site, s *soaked) (map[string]int, error) {
	defer s.kill()
	if err := r.oneOfEach(ctx, site, s); err != nil {
		return nil, err
	}
	if _, err := s.settled(ctx, -1); err != nil {
		return nil, err
	}
	return s.quit()
}

// oneOfEach makes every errand once, and ends it well.
func (r *round) oneOfEach(ctx context.Context, site *site, s *soaked) error {
	v := &visitor{round: r, site: site, addr: s.addr, rand: rand.New(rand.NewPCG(r.rand.Uint64(), 0))}
	defer v.leave(false)
	for _, e := range errands {
		if err := v.run(ctx, e, manner{}); err != nil {
			return err
		}
	}
	return nil
}

// besetServer sends clients to the server for as long as the soak goes on, and looks at it all the while.
func (r *round) besetServer(ctx context.Context, site *site, s *soaked) (resident []int64, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	over := make(chan struct{})
	var all sync.WaitGroup
	for range visitors {
		v := &visitor{round: r, site: site, addr: s.addr, rand: rand.New(rand.NewPCG(r.rand.Uint64(), 0))}
		all.Go(func() {
			if err := v.visit(ctx, over); err != nil {
				stop(err)
			}
		})
	}
	all.Go(func() {
		if err := r.downloads(ctx, s, over); err != nil {
			stop(err)
		}
	})
	end := time.NewTimer(r.span)
	defer end.Stop()
	tick := time.NewTicker(min(time.Second, r.span/60))
	defer tick.Stop()
	for running := true; running; {
		select {
		case <-ctx.Done():
			running = false
		case <-end.C:
			running = false
		case <-s.gone:
			stop(violated("the server ended: %v", s.c.ProcessState))
		case <-tick.C:
			c, err := takeCensus(s.c.Process.Pid)
			if err != nil {
				stop(fmt.Errorf("looking at the server: %w", err))
				continue
			}
			n, err := s.goroutines(ctx)
			if err != nil {
				stop(fmt.Errorf("asking the server: %w", err))
				continue
			}
			resident = append(resident, c.resident)
			r.tally.sample("during: goroutines", n)
			r.tally.sample("during: descriptors", float64(c.descriptors))
			r.tally.sample("during: threads", float64(c.threads))
			r.tally.sample("during: resident, MiB", mebi(c.resident))
		}
	}
	close(over)
	all.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return resident, nil
}

// downloads lets braid fetch, one download after the other.
func (r *round) downloads(ctx context.Context, s *soaked, over <-chan struct{}) error {
	for n := uint64(0); ; n++ {
		select {
		case <-over:
			return nil
		case <-ctx.Done():
			return nil
		case <-time.After(500 * time.Millisecond):
		}
		d := &download{size: 8<<20 + int64(n%1000), seed: n, conns: 4, path: filepath.Join(r.dir, "download")}
		c := exec.CommandContext(ctx, r.braid, d.args("http://"+s.addr+"/")...)
		said, err := c.CombinedOutput()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return violated("a download ended with %v: %s", err, said)
		}
		f, err := os.Open(d.path)
		if err != nil {
			return err
		}
		err = errors.Join(same(f, d.seed, 0, d.size), f.Close(), os.Remove(d.path))
		if err != nil {
			return violated("a download: %v", err)
		}
		r.tally.add("downloads", 1)
	}
}

// A site is a folder of files that are patterns, each of its own seed.
type site struct {
	dir   string
	sizes []int64 // of the file f0, f1 and so on; the seed is the number
}

func newSite(dir string) (*site, error) {
	s := &site{dir: dir, sizes: []int64{0, 1, 777, 100_000, 3<<20 + 5, 20<<20 + 9}}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	old := time.Now().Add(-time.Hour) // so that tags are strong
	for i, size := range s.sizes {
		path := filepath.Join(dir, fileName(i))
		p := make([]byte, size)
		server.PatternAt(p, uint64(i), 0)
		if err := os.WriteFile(path, p, 0o600); err != nil {
			return nil, err
		}
		if err := os.Chtimes(path, old, old); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func fileName(i int) string { return fmt.Sprintf("f%d.bin", i) }
