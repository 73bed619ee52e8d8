package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// A contest is one entrant against others, all to do the same.
type contest struct {
	name   string
	size   int64 // bytes that a run fetches
	ours   entrant
	theirs []entrant
	ideals []ideal

	// verify says what is wrong with what is in dir: all of it is looked at, or
	// a sample.
	verify func(dir string, all bool) error
}

// An ideal is what would be best; 0 is what it does not speak of.
type ideal struct {
	name string
	best sample
}

// A row is one entrant against one other.
type row struct {
	Scenario string `json:"scenario"`
	Size     int64  `json:"size"`
	Ours     string `json:"ours"`
	Against  string `json:"against"`
	Pairs    []pair `json:"pairs"`
}

// hold lets each run once, to warm up and to be verified, and then the pairs. A
// rival that fails the first time is left out, and said to be.
func (b *bench) hold(ctx context.Context, c contest) error {
	b.note("%s: each once, to warm up and to be verified", c.name)
	if _, err := b.round(ctx, c, c.ours, true); err != nil {
		return err
	}
	var rivals []entrant
	for _, e := range c.theirs {
		if _, err := b.round(ctx, c, e, true); ctx.Err() != nil {
			return context.Cause(ctx)
		} else if err != nil {
			b.skip(c.name+" against "+e.name, err.Error())
			continue
		}
		rivals = append(rivals, e)
	}
	rows := make([]row, len(rivals))
	for i, e := range rivals {
		rows[i] = row{Scenario: c.name, Size: c.size, Ours: c.ours.name, Against: e.name}
	}
	var ran []sample // what ours took, for the ideals
	for i := range b.o.pairs {
		for k, e := range rivals {
			p, err := b.pair(ctx, c, e, oursFirst(i))
			if err != nil {
				return err
			}
			rows[k].Pairs = append(rows[k].Pairs, p)
			b.note("%s %d/%d: %s %.3f s, %s %.3f s", c.name, i+1, b.o.pairs, c.ours.name, p.Ours.Wall, e.name, p.Theirs.Wall)
		}
		if len(rows) > 0 {
			ran = append(ran, rows[0].Pairs[i].Ours)
		} else {
			s, err := b.round(ctx, c, c.ours, false)
			if err != nil {
				return err
			}
			ran = append(ran, s)
			b.note("%s %d/%d: %s %.3f s", c.name, i+1, b.o.pairs, c.ours.name, s.Wall)
		}
	}
	for _, best := range c.ideals {
		r := row{Scenario: c.name, Size: c.size, Ours: c.ours.name, Against: best.name}
		for _, s := range ran {
			r.Pairs = append(r.Pairs, pair{s, best.best})
		}
		rows = append(rows, r)
	}
	b.rows = append(b.rows, rows...)
	return nil
}

// pair lets both run, one right after the other.
func (b *bench) pair(ctx context.Context, c contest, e entrant, oursFirst bool) (p pair, err error) {
	sides := []struct {
		entrant
		took *sample
	}{{c.ours, &p.Ours}, {e, &p.Theirs}}
	if !oursFirst {
		sides[0], sides[1] = sides[1], sides[0]
	}
	for _, side := range sides {
		if *side.took, err = b.round(ctx, c, side.entrant, false); err != nil {
			return p, err
		}
	}
	return p, nil
}

// round is one run in a fresh folder, which is verified and deleted.
func (b *bench) round(ctx context.Context, c contest, e entrant, all bool) (took sample, err error) {
	dir := filepath.Join(b.dir, "run")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return took, err
	}
	defer os.RemoveAll(dir)
	took, err = b.measured(ctx, e, dir)
	if err == nil && !e.none && c.verify != nil {
		err = c.verify(dir, all)
	}
	if err != nil {
		return took, fmt.Errorf("%s: %w", e.name, err)
	}
	return took, nil
}

// measured is one run. If the server is what is compared, the processor time is the server's.
func (b *bench) measured(ctx context.Context, e entrant, dir string) (took sample, err error) {
	if e.from == nil {
		return b.measure(ctx, e.argv(dir), dir)
	}
	before, err := cpuOf(e.from.pid)
	if err != nil {
		return took, err
	}
	if took, err = b.measure(ctx, e.argv(dir), dir); err != nil {
		return took, err
	}
	after, err := cpuOf(e.from.pid)
	return sample{Wall: took.Wall, CPU: (after - before).Seconds(), Client: took.CPU}, err
}
