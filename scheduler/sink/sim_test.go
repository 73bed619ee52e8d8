package sink

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"braid/segment"
)

// For a long night: go test ./scheduler/sink -run TestSim -sim.orders 2000 -timeout 0
var (
	simOrders = flag.Int("sim.orders", 20, "at each operation, try this many ways of losing what was not flushed")
	simSeed   = flag.Uint64("sim.seed", 0, "repeat the run that gave this seed; 0 means a new one")
)

const (
	simPath  = "/d/big.iso"
	simBlock = 4 * sector
	simSize  = 8*simBlock + 700
)

// A simRun is a download on a simDisk, or several in turn, during which the
// power goes at every operation.
type simRun struct {
	t      *testing.T
	rng    *rand.Rand
	d      *simDisk
	o      Options
	block  int64 // bytes
	atOnce bool  // nothing is saved before the end
	warned bool  // a note says what went wrong, as it made no difference
	remote Remote
	body   []byte                        // what the server sends
	verify func(*io.SectionReader) error // at Commit
	simTruth

	kills  bool   // only the process dies, no power is lost
	step   func() // writes a little more, while a Save is under way
	idle   bool   // it may
	seen   int    // changes of the disk that were looked at
	told   bool   // an acknowledgement has come since
	points int    // how often it was looked at
	cuts   int    // crashes
}

var errSimDigest = &segment.DigestError{Algorithm: "sha256", Want: []byte{1}, Got: []byte{2}}

func newSimRun(t *testing.T, seed uint64) *simRun {
	a, b := bytesOf(simSize), bytes.Repeat([]byte("another "), simSize/8+1)[:simSize]
	s := &simRun{
		t: t, rng: rand.New(rand.NewPCG(seed, uint64(len(t.Name())))), d: newSimDisk(), block: simBlock,
		remote:   Remote{Identity: segment.Identity{Size: simSize, ETag: `"v1"`}, Host: "example.org"},
		body:     a,
		simTruth: simTruth{served: map[string][]byte{`"v1"`: a, `"v2"`: b}, modified: day.UnixNano()},
	}
	s.named = [][]byte{nil, a}
	s.verify = func(r *io.SectionReader) error {
		p, err := io.ReadAll(r)
		if err == nil && !bytes.Equal(p, s.body) {
			err = errSimDigest
		}
		return err
	}
	s.watch()
	return s
}

// watch looks at the disk before each operation from now on.
func (s *simRun) watch() {
	s.d.before = func(op string) {
		if s.d.changes != s.seen || s.told {
			s.look(op)
		}
		s.meanwhile()
	}
	s.d.flushed = s.meanwhile
}

// meanwhile is what other workers do while a Save is under way.
func (s *simRun) meanwhile() {
	if s.idle && s.rng.IntN(3) == 0 {
		s.idle = false
		s.step()
		s.idle = true
	}
}

// look cuts the power here, in many ways, and has each disk checked and the
// download finished.
func (s *simRun) look(op string) {
	s.seen, s.told = s.d.changes, false
	s.points++
	for order := range *simOrders {
		p := s.rng.Float64()
		switch {
		case order == 0:
			p = 1 // kill -9
		case s.kills:
			return
		case order == 1:
			p = 0
		case order%4 == 0:
			p = 0.95
		}
		s.cuts++
		after := s.d.cut(s.rng, p)
		err := s.audit(after, simPath)
		if err == nil {
			if order%8 == 3 { // and once more, while that run goes on
				s.again(after, s.rng.IntN(60))
			}
			err = s.recover(after, s.acked)
		}
		if err != nil {
			s.t.Fatalf("power cut before operation %d (%s), order %d (%.2f survives): %v\nlast: %s",
				len(s.d.ops), op, order, p, err, strings.Join(s.d.ops[max(0, len(s.d.ops)-12):], ", "))
		}
	}
}

func (s *simRun) again(d *simDisk, n int) {
	truth := s.simTruth
	if bytes.Equal(d.get(simPath), s.body) {
		truth.acked, truth.committed = nil, nil // with Overwrite all begins anew
	}
	d.before = func(op string) {
		if n--; n != 0 {
			return
		}
		s.cuts++
		after := d.cut(s.rng, s.rng.Float64())
		err := truth.audit(after, simPath)
		if err == nil {
			err = s.recover(after, truth.acked)
		}
		if err != nil {
			s.t.Fatalf("a second power cut before %s: %v\nlast: %s", op, err, strings.Join(d.ops, ", "))
		}
	}
}

// recover does on d what a user would: the same again, until it says that there
// is nothing to do.
func (s *simRun) recover(d *simDisk, acked []int64) error {
	for range 3 {
		f, err := s.open(d)
		switch {
		case errors.Is(err, ErrForeign):
			return fmt.Errorf("the next run: %w", err)
		case errors.Is(err, fs.ErrExist):
			return s.settled(d)
		case err != nil:
			return fmt.Errorf("the next run: %w", err)
		}
		err = s.finish(f, acked)
		err = errors.Join(err, f.Close())
		switch {
		case errors.Is(err, fs.ErrExist), as[*segment.DigestError](err):
			return s.settled(d)
		case err != nil:
			return fmt.Errorf("the next run: %w", err)
		case s.o.Overwrite:
			return s.settled(d)
		}
		acked = nil
	}
	return errors.New("it never ends")
}

func (s *simRun) open(d *simDisk) (*File, error) {
	f, err := openTest(d, simPath, s.o)
	if f != nil {
		f.cut = func(size int64) segment.Grid { return segment.Grid{Size: size, Block: s.block} }
		f.SetModified(day)
	}
	return f, err
}

// finish is the rest of a run, which has to go on with what was acknowledged.
func (s *simRun) finish(f *File, acked []int64) error {
	if f.Finished() {
		return f.Commit(s.verify)
	}
	if err := f.Begin(bg, s.remote); err != nil {
		return err
	}
	if noted(f, "were not as") && !f.found.Relaxed {
		return fmt.Errorf("%q", f.Notes())
	}
	if have := ackOf(f); f.found != nil {
		for i, n := range acked {
			if have[i] < n {
				return fmt.Errorf("%d bytes of block %d are gone on with, of %d that were durable", have[i], i, n)
			}
		}
	}
	if err := s.fill(f); err != nil {
		return err
	}
	return f.Commit(s.verify)
}

// fill writes all that is missing.
func (s *simRun) fill(f *File) error {
	if f.plain {
		_, err := f.WriteAt(s.body, 0)
		return err
	}
	for i, n := range ackOf(f) {
		if r := f.Grid().Range(i); r.Off+n < r.End {
			if _, err := f.WriteAt(s.body[r.Off+n:r.End], r.Off+n); err != nil {
				return err
			}
		}
	}
	return nil
}

// ackOf is how many bytes of each block f says to be durable.
func ackOf(f *File) []int64 {
	n := make([]int64, f.Grid().Len())
	for i := range n {
		if f.Done().Has(i) {
			n[i] = f.Grid().Range(i).Len()
		}
	}
	for _, r := range f.Begun() {
		n[f.Grid().Index(r.Off)] = r.Len()
	}
	return n
}

// settled says what is wrong with a disk on which nothing is left to do.
func (s *simRun) settled(d *simDisk) error {
	final := d.get(simPath)
	if last := s.named[len(s.named)-1]; (last == nil) != (final == nil) || !bytes.Equal(final, last) {
		return fmt.Errorf("the next run left the final name on %d bytes", len(final))
	}
	if slices.ContainsFunc(s.named, func(p []byte) bool { return bytes.Equal(p, s.body) }) {
		for _, suffix := range []string{partSuffix, checkpointSuffix, badSuffix} {
			if d.get(simPath+suffix) != nil {
				return fmt.Errorf("%s is left", suffix)
			}
		}
	}
	return nil
}
