package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"sync/atomic"

	"braid/scheduler"
	"braid/scheduler/sink"
	"braid/scheduler/source"
	"braid/segment"
	"braid/server"
)

// playEngine goes on with a file of which only some is missing, spread all over
// it in runs, and keeps nothing: what is left is what the engine itself takes.
// No disk here has the room for the whole of such a file.
func playEngine(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("engine", flag.ContinueOnError)
	rawURL := flags.String("url", "", "the file, a pattern")
	missing := flags.Int64("missing", 0, "how many bytes of it are missing")
	n := flags.Int("n", 0, "connections")
	if err := flags.Parse(args); err != nil {
		return err
	}
	src, err := source.Open(ctx, nil, *rawURL, source.Options{})
	if err != nil {
		return err
	}
	defer src.Close()
	dst := &scrutiny{}
	grid := segment.Cut(src.Identity().Size)
	job := &scheduler.Job{Source: src, Sink: dst, Grid: grid, Done: allBut(grid, *missing), Workers: *n}
	if err := job.Run(ctx); err != nil {
		return err
	}
	if got := dst.got.Load(); got != *missing {
		return fmt.Errorf("%d bytes came, not %d", got, *missing)
	}
	return nil
}

// hole is how long a run of missing bytes is.
const hole = 64 << 20

// allBut is a file of which so many bytes are missing.
func allBut(g segment.Grid, missing int64) *segment.Bitmap {
	done := segment.NewBitmap(g.Len())
	for i := range g.Len() {
		done.Set(i)
	}
	blocks, perHole := int(missing/g.Block), int(hole/g.Block)
	holes := max(1, blocks/perHole)
	for i := range blocks {
		at := i % holes * (g.Len() / holes)
		done.Clear(at + i/holes)
	}
	return done
}

// A scrutiny is a sink that keeps nothing, but looks at the beginning of each
// write.
type scrutiny struct {
	sink.Discard
	got atomic.Int64
}

func (s *scrutiny) WriteAt(p []byte, off int64) (int, error) {
	var want [64]byte
	n := min(len(p), len(want))
	server.PatternAt(want[:n], 0, off)
	if !bytes.Equal(p[:n], want[:n]) {
		return 0, errors.Join(scheduler.ErrSink, fmt.Errorf("what came for byte %d is wrong", off))
	}
	s.got.Add(int64(len(p)))
	return s.Discard.WriteAt(p, off)
}
