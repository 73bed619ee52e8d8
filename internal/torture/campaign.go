package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// A campaign is the rounds of one mode: what they share and what they found.
type campaign struct {
	mode  mode
	o     options
	dir   string // the rounds' folders are made in it
	tally *tally
}

// A round is one download and what befalls it.
type round struct {
	n     int
	rand  *rand.Rand
	dir   string // a folder of its own
	braid string
	with  []string // arguments of every run
	only  []string // the faults that are played; none means all
	watch bool     // the calls of a run can be watched
	tally *tally

	patience time.Duration // how long a run may take
	span     time.Duration // how long the mode goes on

	runs int
	log  strings.Builder
}

// A violation is a broken promise.
type violation struct{ what string }

func (v *violation) Error() string { return v.what }

func violated(format string, args ...any) error {
	return &violation{fmt.Sprintf(format, args...)}
}

// play plays the mode's rounds, several at a time, and prints what came of
// them. Its error is that of the torture itself.
func (m mode) play(ctx context.Context, o options, dir string, out io.Writer, sum *total) error {
	if o.rounds <= 0 {
		o.rounds = m.rounds
	}
	if o.lanes <= 0 {
		o.lanes = m.lanes
	}
	o.lanes = min(o.lanes, o.rounds)
	if o.span <= 0 {
		o.span = m.span
	}
	c := &campaign{mode: m, o: o, dir: dir, tally: newTally(m.name, o, out)}

	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	rounds := make(chan *round)
	var lanes sync.WaitGroup
	for range o.lanes {
		lanes.Go(func() {
			if err := m.lane(ctx, c, rounds); err != nil {
				stop(err) // a lane that cannot go on ends the campaign
			}
		})
	}
	shown := make(chan struct{})
	over, end := context.WithCancel(ctx)
	go func() {
		defer close(shown)
		c.tally.show(over)
	}()
	c.deal(ctx, rounds)
	lanes.Wait()
	end()
	<-shown
	c.tally.summarize()
	sum.count(c.tally)
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	return nil
}

// deal gives out the rounds. Each has its own source of chance, so that one can
// be played again alone.
func (c *campaign) deal(ctx context.Context, rounds chan<- *round) {
	defer close(rounds)
	for n := c.o.first; n < c.o.first+c.o.rounds; n++ {
		r := &round{
			n:     n,
			rand:  rand.New(rand.NewPCG(c.o.seed, uint64(n))),
			dir:   filepath.Join(c.dir, fmt.Sprintf("%s-%d", c.mode.name, n)),
			braid: c.o.braid,
			with:  strings.Fields(c.o.with),
			only:  strings.FieldsFunc(c.o.only, func(r rune) bool { return r == ',' }),
			watch: c.o.watch,
			tally: c.tally,

			patience: patience,
			span:     c.o.span,
		}
		select {
		case rounds <- r:
		case <-ctx.Done():
			return
		}
	}
}

// each makes a lane of a function that plays one round.
func each(play func(ctx context.Context, r *round) error) func(context.Context, *campaign, <-chan *round) error {
	return func(ctx context.Context, c *campaign, rounds <-chan *round) error {
		for r := range rounds {
			if err := r.play(ctx, play); err != nil {
				return err
			}
		}
		return nil
	}
}

// play plays the round. Its folder stays only if something was violated.
func (r *round) play(ctx context.Context, play func(ctx context.Context, r *round) error) error {
	if err := os.Mkdir(r.dir, 0o700); err != nil {
		return err
	}
	err := play(ctx, r)
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), os.RemoveAll(r.dir))
	}
	if v, ok := errors.AsType[*violation](err); ok {
		r.note("violated: %v", v)
		r.tally.violate(r, v)
		return os.WriteFile(filepath.Join(r.dir, "round.txt"), []byte(r.log.String()), 0o600)
	}
	if err != nil { // what went wrong is not braid's
		return errors.Join(fmt.Errorf("round %d: %w", r.n, err), os.RemoveAll(r.dir))
	}
	r.tally.add("rounds", 1)
	return os.RemoveAll(r.dir)
}

// note writes down what happened, for whoever has to look at it.
func (r *round) note(format string, args ...any) {
	fmt.Fprintf(&r.log, "%s  %s\n", time.Now().Format("15:04:05.000000"), fmt.Sprintf(format, args...))
}
