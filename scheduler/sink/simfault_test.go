package sink

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"

	"braid/scheduler"
	"braid/segment"
)

// simLives are downloads in two runs, of which the first stops in the middle.
var simLives = map[string]func(s *simRun){
	"ranges":  func(*simRun) {},
	"strict":  func(s *simRun) { s.o.Durability = Strict },
	"relaxed": func(s *simRun) { s.o.Durability = Relaxed },
	"plain":   func(s *simRun) { s.remote.Plain = true },

	"one block":          func(s *simRun) { s.block = 1 << 20 },
	"one block, at once": func(s *simRun) { s.block, s.atOnce = 1<<20, true },
	"one block, plain":   func(s *simRun) { s.block, s.atOnce, s.remote.Plain = 1<<20, true, true },
	"one block, relaxed": func(s *simRun) { s.block, s.atOnce, s.o.Durability = 1<<20, true, Relaxed },
	"one block, rejected": func(s *simRun) {
		s.block, s.atOnce, s.named = 1<<20, true, [][]byte{nil}
		s.verify = func(*io.SectionReader) error { return errSimDigest }
	},
	"overwrite": func(s *simRun) {
		s.o.Overwrite = true
		s.named[0] = []byte("an older file")
		s.d.put(simPath, s.named[0])
	},
	"unproved": func(s *simRun) {
		s.remote.Identity.ETag = ""
		s.served[""] = s.body
		s.remote.Source = sourceOf(s.body)
	},
	"rejected": func(s *simRun) {
		s.named = [][]byte{nil}
		s.verify = func(*io.SectionReader) error { return errSimDigest }
	},
}

// A simTrouble is which operations fail, and how.
type simTrouble struct {
	err     error
	lasting bool // all later ones too, as on a disk that was unplugged
	late    bool // they have done what they should
}

var simTroubles = []simTrouble{
	{err: syscall.EIO}, {err: syscall.EIO, lasting: true}, {err: syscall.EIO, late: true},
	{err: syscall.ENOSPC}, {err: syscall.ENOSPC, lasting: true},
	{err: syscall.EDQUOT}, {err: syscall.EINTR},
	{err: errShort}, {err: errShort, lasting: true},
}

// The n-th operation fails, for every n. Whatever it was: nothing is claimed that
// is not there, the error says whose fault it is, and a run without faults gets
// the file, also if the power went in between.
func TestSimFaults(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(simLives)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			total := 0
			for _, trouble := range simTroubles {
				for n := 1; ; n++ {
					s := newSimRun(t, uint64(n))
					s.d.before = nil
					simLives[name](s)
					if !s.endure(trouble, n) {
						break
					}
					total++
				}
			}
			t.Logf("%d faults", total)
		})
	}
}

// endure is a life in which operation n fails. It reports false if there were
// fewer.
func (s *simRun) endure(trouble simTrouble, n int) (failed bool) {
	s.d.fail = func(i int, op string) simFault {
		switch {
		case i != n && (i < n || !trouble.lasting):
		case trouble.err == errShort && !strings.HasPrefix(op, "write"):
			failed = failed || i == n
		default:
			failed = true
			// A file that was made without anybody being told is a stranger's.
			return simFault{trouble.err, trouble.late && op != "create .part" && op != "link .part"}
		}
		return simFault{}
	}
	where := func() string {
		return fmt.Sprintf("%+v at operation %d (%s)", trouble, n, s.d.ops[min(n, len(s.d.ops))-1])
	}
	for range 2 {
		before := len(s.d.ops)
		err := s.live()
		if !failed && err != nil {
			s.t.Fatalf("without a fault: %v", err)
		}
		if err := wrongError(err, trouble.err); err != nil {
			s.t.Fatalf("%s: %v", where(), err)
		}
		if before < n && n <= len(s.d.ops) && err == nil && !s.warned && mustTell(s.d.ops[n-1], trouble) {
			s.t.Fatalf("%s: nobody was told", where())
		}
		if s.atOnce && s.d.get(simPath+badSuffix) != nil {
			break // there is nothing to go on with
		}
	}
	if !failed {
		return false
	}
	s.d.fail = nil
	for i, p := range []float64{1, 0, 0.5, 0.8} {
		if i > 0 && s.o.Durability == Relaxed {
			break
		}
		after := s.d.cut(s.rng, p)
		err := s.audit(after, simPath)
		if err == nil {
			err = s.recover(after, s.acked)
		}
		if err != nil {
			s.t.Fatalf("%s, then a power cut that %.1f survives: %v\n%s", where(), p, err, strings.Join(s.d.ops[max(0, len(s.d.ops)-40):], ", "))
		}
	}
	return true
}

// mustTell says whether a run in which op fails so cannot end well.
func mustTell(op string, trouble simTrouble) bool {
	verb, _, _ := strings.Cut(op, " ")
	if trouble.err == errShort {
		return verb == "write"
	}
	return op == "close .part" || verb == "link" && !trouble.late || // late, the name stands
		slices.Contains([]string{"write", "datasync", "sync", "syncDir", "rename", "renameNew", "truncate", "allocate"}, verb)
}

// live is one run: to the middle of the file, or on to its end. Its error is what
// the run failed for.
func (s *simRun) live() error {
	f, err := s.open(s.d)
	switch {
	case err != nil && errors.Is(err, fs.ErrExist) && s.committed != nil:
		return nil
	case err != nil:
		return openError{err}
	}
	err = s.part(f)
	if as[*segment.DigestError](err) && !errors.Is(err, scheduler.ErrSink) {
		err = nil
	}
	s.warned = noted(f, "closing it")
	s.unstamped = noted(f, "stays private") || noted(f, "is dated now")
	if err == nil && s.committed == nil || errors.Is(err, errLost) {
		s.acked = nil
		if !f.lost && !f.plain && !f.finished {
			s.acked = ackOf(f)
		}
	}
	return errors.Join(err, f.Close())
}

func (s *simRun) part(f *File) error {
	if f.Finished() {
		return f.Commit(s.verify)
	}
	if err := f.Begin(bg, s.remote); err != nil {
		return err
	}
	if f.Resumable() > 0 || s.atOnce || f.plain && noted(f, "left by a run") {
		if err := s.fill(f); err != nil {
			return err
		}
		err := f.Commit(s.verify)
		if err == nil {
			s.committed = s.body
		}
		return err
	}
	if f.plain {
		_, err := f.WriteAt(s.body[:3000], 0)
		return errors.Join(err, f.Save(nil))
	}
	done := segment.NewBitmap(f.Grid().Len())
	if f.Grid().Len() == 1 {
		if _, err := f.WriteAt(s.body[:3000], 0); err != nil {
			return err
		}
		err := f.Save(done)
		if err == nil {
			s.acked = ackOf(f)
		}
		return err
	}
	for _, i := range []int{2, 0, 8, 5} {
		r := f.Grid().Range(i)
		if i == 5 {
			r.End -= 1000
		}
		if _, err := f.WriteAt(s.body[r.Off:r.End], r.Off); err != nil {
			return err
		}
		if i != 5 {
			done.Set(i)
		}
		if i != 2 {
			if err := f.Save(done); err != nil {
				return err
			}
			s.acked = ackOf(f)
		}
	}
	return nil
}

// An openError is one of Open, which comes before there is anything to write.
type openError struct{ error }

func (e openError) Unwrap() error { return e.error }

// wrongError says what is wrong with err, which cause has led to.
func wrongError(err, cause error) error {
	if err == nil {
		return nil // it was of no importance
	}
	if cause == errShort {
		cause = io.ErrShortWrite
	}
	for _, other := range []error{
		scheduler.ErrChanged, scheduler.ErrNoRanges, segment.ErrCorrupt, segment.ErrVersion, ErrLocked, ErrForeign, fs.ErrExist,
	} {
		if errors.Is(err, other) {
			return fmt.Errorf("the error is of another kind: %w", err)
		}
	}
	switch {
	case !errors.Is(err, cause) && !errors.Is(err, errLost): // what cannot be read is
		return fmt.Errorf("the error does not tell the cause: %w", err)
	case !strings.Contains(err.Error(), simPath):
		return fmt.Errorf("the error names no file: %w", err)
	case !as[openError](err) && !errors.Is(err, scheduler.ErrSink):
		return fmt.Errorf("the error does not wrap ErrSink: %w", err)
	}
	return nil
}
