package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"braid/scheduler/source"
	"braid/segment"
)

// A single asks for the ranges of a walk, each by one request, over a lane of its
// own.
type single struct {
	lane   *source.Lane
	walk   *walk
	check  checker
	suffix bool
	ranges []segment.Range // of the next request
	buf    []byte
}

func newSingle(c *http.Client, t *target, w *walk, patience time.Duration) *single {
	return &single{
		lane:   source.NewLane(c, t.source, patience),
		walk:   w,
		check:  checker{known: t.known},
		suffix: w.p.Kind == Suffix,
		buf:    make([]byte, 128<<10),
	}
}

func (g *single) aim() (n int64) {
	g.ranges = g.walk.next(g.ranges)
	for _, r := range g.ranges {
		n += r.Len()
	}
	return n
}

func (g *single) shoot(ctx context.Context, due time.Time) (s shot) {
	if len(g.ranges) == 0 { // it does not count, and nobody aimed
		g.aim()
	}
	s.due = due
	facts, err := g.lane.Ask(ctx, g.suffix, g.ranges...)
	g.ranges = g.ranges[:0]
	s.first = facts.FirstByte
	s.connects, s.handshakes, s.again = one(facts.Connected), one(facts.Handshake), one(facts.Again)
	for err == nil {
		var r segment.Range
		var body io.Reader
		if r, body, err = g.lane.Part(); err == nil {
			err = g.read(r, body)
			s.bytes += r.Len()
		}
	}
	s.done = time.Now()
	if err != io.EOF {
		s.err = err
	}
	return s
}

// read takes all bytes of a part and looks at each.
func (g *single) read(r segment.Range, body io.Reader) error {
	for !r.Empty() {
		n, err := io.ReadFull(body, g.buf[:min(int64(len(g.buf)), r.Len())])
		if wrong := g.check.check(g.buf[:n], r.Off); wrong != nil {
			return fmt.Errorf("bytes %v: %w", r, wrong)
		}
		if err != nil {
			return err
		}
		r.Off += int64(n)
	}
	return nil
}

func (g *single) close() { g.lane.Close() }

func one(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
