package sink

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"braid/segment"
)

// fetch writes what is missing, or a share of it, as several workers would: four
// blocks at a time, each in order, and more of them while a Save is under way.
func (s *simRun) fetch(f *File, share float64) {
	if err := f.Begin(bg, s.remote); err != nil {
		s.t.Fatal(err)
	}
	s.ack(f)
	done := f.Done()
	var left, busy []segment.Range
	for i, n := range ackOf(f) {
		if r := f.Grid().Range(i); r.Off+n < r.End {
			left = append(left, segment.Range{Off: r.Off + n, End: r.End})
		}
	}
	s.rng.Shuffle(len(left), func(a, b int) { left[a], left[b] = left[b], left[a] })
	stop := int(float64(len(left)) * (1 - share))
	s.step = func() {
		if len(busy) < 4 && len(left) > stop {
			busy, left = append(busy, left[0]), left[1:]
		}
		if len(busy) == 0 {
			return
		}
		at := s.rng.IntN(len(busy))
		r := &busy[at]
		n := min(r.Len(), 1+s.rng.Int64N(900))
		if _, err := f.WriteAt(s.body[r.Off:r.Off+n], r.Off); err != nil {
			s.t.Fatal(err)
		}
		if r.Off += n; r.Empty() {
			done.Set(f.Grid().Index(r.Off - 1))
			busy = slices.Delete(busy, at, at+1)
		}
	}
	for len(left) > stop || share == 1 && len(busy) > 0 {
		s.step()
		if s.rng.IntN(10) == 0 {
			s.save(f, done.Clone())
		}
	}
	s.save(f, done.Clone())
	s.save(f, done.Clone())
	if len(busy) > 0 {
		s.step() // written, never saved
	}
}

func (s *simRun) save(f *File, done *segment.Bitmap) {
	s.idle = true
	err := f.Save(done)
	s.idle = false
	if err != nil {
		s.t.Fatal(err)
	}
	s.ack(f)
}

func (s *simRun) ack(f *File) { s.acked, s.told = ackOf(f), true }

func (s *simRun) mustOpen() *File {
	f, err := s.open(s.d)
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

func (s *simRun) mustClose(f *File) {
	if err := f.Close(); err != nil {
		s.t.Fatal(err)
	}
}

// commit ends the run well: from now on the file has to be there.
func (s *simRun) commit(f *File) {
	if err := f.Commit(s.verify); err != nil {
		s.t.Fatal(err)
	}
	s.committed = s.body
	s.look("the end")
	s.mustClose(f)
}

// crash ends the process, and with it, if p is less than 1, the power.
func (s *simRun) crash(p float64) {
	s.d = s.d.cut(s.rng, p)
	s.seen = 0
	s.watch()
}

// half is a run that was stopped in an orderly way in the middle.
func (s *simRun) half() {
	f := s.mustOpen()
	s.fetch(f, 0.6)
	s.mustClose(f)
}

// whole is a run that gets to the end.
func (s *simRun) whole() {
	f := s.mustOpen()
	s.fetch(f, 1)
	s.commit(f)
}

var simPlays = map[string]func(s *simRun){
	"a download": (*simRun).whole,
	"no space can be reserved": func(s *simRun) {
		s.d.sparse = true
		s.half()
		s.whole()
	},
	"one block, no Save before its end": func(s *simRun) {
		s.block = 1 << 20
		f := s.mustOpen()
		if err := f.Begin(bg, s.remote); err != nil {
			s.t.Fatal(err)
		}
		if err := s.fill(f); err != nil {
			s.t.Fatal(err)
		}
		s.save(f, blocks(f.Grid(), 0))
		s.commit(f)
	},
	"one block, slow": func(s *simRun) {
		s.block = 1 << 20
		s.fetch(s.mustOpen(), 1)
		s.crash(0.5)
		s.whole()
	},
	"one block, wrong checksum": func(s *simRun) {
		s.block, s.named = 1<<20, [][]byte{nil}
		s.verify = func(r *io.SectionReader) error { return errSimDigest }
		f := s.mustOpen()
		if err := errors.Join(f.Begin(bg, s.remote), s.fill(f)); err != nil {
			s.t.Fatal(err)
		}
		if err := f.Commit(s.verify); !as[*segment.DigestError](err) {
			s.t.Fatal(err)
		}
		s.look("the end")
		s.mustClose(f)
		bad := s.d.cut(s.rng, 0)
		if got := bad.get(simPath + badSuffix); !slices.Equal(got, s.body) || bad.names[simPath+badSuffix].mode != 0o600 {
			s.t.Fatal("the bytes were not kept, or for everyone")
		}
	},
	"one block, plain": func(s *simRun) {
		s.block, s.remote.Plain = 1<<20, true
		f := s.mustOpen()
		if err := f.Begin(bg, s.remote); err != nil {
			s.t.Fatal(err)
		}
		for _, p := range [][]byte{bytesOf(simSize + 900), s.body} {
			if _, err := f.WriteAt(p, 0); err != nil {
				s.t.Fatal(err)
			}
		}
		if err := errors.Join(f.Truncate(simSize), f.Save(nil)); err != nil {
			s.t.Fatal(err)
		}
		s.commit(f)
	},
	"a stop": func(s *simRun) { s.half(); s.whole() },
	"a kill": func(s *simRun) { s.fetch(s.mustOpen(), 0.5); s.crash(1); s.whole() },
	"power cuts": func(s *simRun) {
		s.fetch(s.mustOpen(), 0.5)
		s.crash(0.5)
		s.fetch(s.mustOpen(), 0.5)
		s.crash(0.3)
		s.whole()
	},
	"strict":        func(s *simRun) { s.o.Durability = Strict; s.half(); s.whole() },
	"another mtime": func(s *simRun) { s.half(); s.d.names[simPath+partSuffix].modified++; s.whole() },
	"a slot is damaged": func(s *simRun) {
		s.half()
		ck := s.d.get(simPath + checkpointSuffix)
		a, b := readClaim(ck[:4096]), readClaim(ck[4096:])
		at := 0
		if b.generation > a.generation {
			at, b = 1, a
		}
		ck[at*4096+700] ^= 1
		s.d.put(simPath+checkpointSuffix, ck)
		for i := range s.acked { // what the other one says still holds
			if s.acked[i] = int64(uint32(b.heads[i])); b.has[i] {
				s.acked[i] = min(simBlock, simSize-int64(i)*simBlock)
			}
		}
		s.whole()
	},
	"a block is damaged": func(s *simRun) {
		s.half()
		part := s.d.get(simPath + partSuffix)
		for i, n := range s.acked {
			if n > 0 {
				part[i*simBlock] ^= 1
				s.acked[i] = 0
				break
			}
		}
		// Until the next run has looked, both slots claim what is not there any
		// more, so the crashes begin after that.
		s.d.put(simPath+partSuffix, part)
		s.d.before = nil
		f := s.mustOpen()
		if err := f.Begin(bg, s.remote); err != nil {
			s.t.Fatal(err)
		}
		if err := errors.Join(s.fill(f), f.Commit(s.verify)); err != nil {
			s.t.Fatal(err)
		}
		s.committed = s.body
		s.look("the end")
		s.mustClose(f)
	},
	"plain": func(s *simRun) {
		s.remote.Plain = true
		f := s.mustOpen()
		if err := f.Begin(bg, s.remote); err != nil {
			s.t.Fatal(err)
		}
		// The first try brings other bytes, and more of them.
		for _, p := range [][]byte{bytesOf(simSize + 900)[700:], s.body} {
			for off := 0; off < len(p); off += 1000 {
				if _, err := f.WriteAt(p[off:min(off+1000, len(p))], int64(off)); err != nil {
					s.t.Fatal(err)
				}
			}
			if err := f.Save(segment.NewBitmap(0)); err != nil {
				s.t.Fatal(err)
			}
		}
		if err := f.Truncate(simSize); err != nil {
			s.t.Fatal(err)
		}
		s.commit(f)
	},
	"wrong checksum": func(s *simRun) {
		s.named = [][]byte{nil}
		s.verify = func(r *io.SectionReader) error { return errSimDigest }
		f := s.mustOpen()
		s.fetch(f, 1)
		s.acked = nil // rejected bytes may go
		if err := f.Commit(s.verify); !as[*segment.DigestError](err) {
			s.t.Fatal(err)
		}
		s.look("the end")
		s.mustClose(f)
		if got := s.d.cut(s.rng, 0).get(simPath + badSuffix); !slices.Equal(got, s.body) {
			s.t.Fatal("the bytes were not kept")
		}
	},
	"overwrite": func(s *simRun) {
		s.o.Overwrite = true
		s.named[0] = []byte("an older file")
		s.d.put(simPath, s.named[0])
		s.half()
		s.whole()
	},
	"the name is taken meanwhile": func(s *simRun) {
		f := s.mustOpen()
		s.fetch(f, 1)
		s.named = [][]byte{[]byte("mine")}
		s.d.put(simPath, s.named[0])
		if err := f.Commit(s.verify); !errors.Is(err, fs.ErrExist) {
			s.t.Fatal(err)
		}
		s.look("the end")
		s.mustClose(f)
	},
	"it has changed, Restart": func(s *simRun) {
		s.half()
		s.o.Restart = true
		s.remote.Identity.ETag, s.body, s.acked = `"v2"`, s.served[`"v2"`], nil
		s.named[1] = s.body
		s.whole()
	},
	"another URL, Overwrite, after a crash at the end": func(s *simRun) {
		s.d.fail = func(_ int, op string) simFault {
			if op == "remove .part.ck" {
				return simFault{err: os.ErrDeadlineExceeded}
			}
			return simFault{}
		}
		f := s.mustOpen()
		s.fetch(f, 1)
		if err := f.Commit(s.verify); err == nil {
			s.t.Fatal("it went well")
		}
		f.Close()
		s.d.fail = nil
		s.crash(1)
		s.o = Options{Overwrite: true, URL: "https://example.org/another"}
		s.named = [][]byte{s.body, s.served[`"v2"`]}
		s.remote.Identity.ETag, s.body, s.acked = `"v2"`, s.served[`"v2"`], nil
		s.whole()
	},
	"relaxed, killed": func(s *simRun) {
		s.o.Durability, s.kills = Relaxed, true
		s.half()
		s.fetch(s.mustOpen(), 0.5)
		s.crash(1)
		s.whole()
	},
	"relaxed, then the power fails, then normal": func(s *simRun) {
		s.o.Durability, s.kills = Relaxed, true
		s.fetch(s.mustOpen(), 0.7)
		s.crash(0.5)
		s.o.Durability, s.kills, s.acked = Normal, false, nil
		f, err := s.open(s.d)
		if errors.Is(err, ErrForeign) { // the part's name survived, the checkpoint's did not
			return
		}
		if err != nil {
			s.t.Fatal(err)
		}
		s.fetch(f, 1)
		s.commit(f)
	},
}

// The power goes at every operation of every play, and each time many different
// parts of what was not flushed are lost. Nothing that was claimed is, the final
// name is never on a wrong file, and the next run gets to the end.
func TestSim(t *testing.T) {
	seed := *simSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	var points, cuts atomic.Int64
	t.Cleanup(func() {
		t.Logf("-sim.seed %d: the power was cut after %d changes, in %d ways each, %d times in all",
			seed, points.Load(), *simOrders, cuts.Load())
	})
	for _, name := range slices.Sorted(maps.Keys(simPlays)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSimRun(t, seed)
			defer func() {
				points.Add(int64(s.points))
				cuts.Add(int64(s.cuts))
				t.Logf("-sim.seed %d: after %d changes, %d times in all", seed, s.points, s.cuts)
			}()
			simPlays[name](s)
		})
	}
}
