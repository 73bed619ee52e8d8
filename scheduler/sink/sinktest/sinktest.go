// Package sinktest is what every scheduler.Sink must do, as a test that any
// sink can call.
package sinktest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"braid/scheduler"
	"braid/segment"
)

// size is some blocks of a megabyte and a short last one.
const size = 6<<20 + 12345

// Test calls open for a fresh, empty sink of each of several files, and holds
// it to the contract of scheduler.Sink. What the sink needs to be closed, open
// leaves to t.Cleanup. If the sink is an io.ReaderAt, what was written must read
// back.
func Test(t *testing.T, open func(t *testing.T, g segment.Grid) scheduler.Sink) {
	t.Run("one write a block", func(t *testing.T) {
		g := segment.Cut(size)
		s, want, done := open(t, g), pattern(size), segment.NewBitmap(g.Len())
		for _, i := range rand.Perm(g.Len()) {
			write(t, s, want, g.Range(i))
			done.Set(i)
			save(t, s, done)
		}
		compare(t, s, want)
	})
	t.Run("small writes in order", func(t *testing.T) {
		g := segment.Cut(128<<10 + 1)
		s, want := open(t, g), pattern(int(g.Size))
		// Two blocks by turns, as two workers on one thread would.
		first, second := g.Range(0), g.Range(1)
		for !first.Empty() || !second.Empty() {
			for _, r := range []*segment.Range{&first, &second} {
				n := min(r.Len(), 1+rand.Int64N(8<<10))
				write(t, s, want, segment.Range{Off: r.Off, End: r.Off + n})
				r.Off += n
			}
		}
		write(t, s, want, g.Range(2)) // a single byte
		save(t, s, full(g))
		compare(t, s, want)
	})
	t.Run("many goroutines, saved meanwhile", func(t *testing.T) {
		g := segment.Cut(4*size + 1)
		s, want := open(t, g), pattern(int(g.Size))
		var mu sync.Mutex
		done := segment.NewBitmap(g.Len())
		snapshot := func() *segment.Bitmap {
			mu.Lock()
			defer mu.Unlock()
			return done.Clone()
		}
		blocks := make(chan int)
		var workers sync.WaitGroup
		for range 8 {
			workers.Go(func() {
				for i := range blocks {
					for r := g.Range(i); !r.Empty(); {
						n := min(r.Len(), 300_000)
						if err := writeAt(s, want, segment.Range{Off: r.Off, End: r.Off + n}); err != nil {
							t.Error(err)
						}
						r.Off += n
					}
					mu.Lock()
					done.Set(i)
					mu.Unlock()
				}
			})
		}
		quit := make(chan struct{})
		var saver sync.WaitGroup
		saver.Go(func() {
			for {
				select {
				case <-quit:
					return
				default:
				}
				if err := s.Save(snapshot()); err != nil {
					t.Error("Save:", err)
					return
				}
			}
		})
		for _, i := range rand.Perm(g.Len()) {
			blocks <- i
		}
		close(blocks)
		workers.Wait()
		close(quit)
		saver.Wait()
		save(t, s, snapshot())
		compare(t, s, want)
	})
	t.Run("Save keeps neither bitmap nor buffer", func(t *testing.T) {
		g := segment.Cut(3 << 20)
		s, want, done := open(t, g), pattern(int(g.Size)), segment.NewBitmap(g.Len())
		for i := range g.Len() {
			r := g.Range(i)
			buf := bytes.Clone(want[r.Off:r.End])
			if n, err := s.WriteAt(buf, r.Off); n != len(buf) || err != nil {
				t.Fatalf("WriteAt = %d, %v", n, err)
			}
			clear(buf)
			done.Set(i)
			save(t, s, done)
			// What the caller does to its bitmap now must not reach the sink:
			// a block not yet written is none of its claims.
			if i+1 < g.Len() {
				done.Set(i + 1)
				done.Clear(i + 1)
			}
		}
		scratch := full(g)
		save(t, s, scratch)
		for i := range scratch.Len() {
			scratch.Clear(i)
		}
		save(t, s, full(g))
		compare(t, s, want)
	})
	t.Run("one short block", func(t *testing.T) {
		g := segment.Cut(1)
		s, want := open(t, g), pattern(1)
		save(t, s, segment.NewBitmap(1)) // nothing is done yet
		write(t, s, want, g.Range(0))
		save(t, s, full(g))
		save(t, s, full(g))
		compare(t, s, want)
	})
}

func full(g segment.Grid) *segment.Bitmap {
	b := segment.NewBitmap(g.Len())
	for i := range g.Len() {
		b.Set(i)
	}
	return b
}

func pattern(n int) []byte {
	p := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = r.Read(p)
	return p
}

func write(t *testing.T, s scheduler.Sink, want []byte, r segment.Range) {
	t.Helper()
	if err := writeAt(s, want, r); err != nil {
		t.Fatal(err)
	}
}

func writeAt(s scheduler.Sink, want []byte, r segment.Range) error {
	n, err := s.WriteAt(want[r.Off:r.End], r.Off)
	if err != nil || int64(n) != r.Len() {
		return fmt.Errorf("WriteAt of bytes %v = %d, %v", r, n, err)
	}
	return nil
}

func save(t *testing.T, s scheduler.Sink, done *segment.Bitmap) {
	t.Helper()
	before := done.Clone()
	if err := s.Save(done); err != nil {
		t.Fatal("Save:", err)
	}
	for i := range done.Len() {
		if done.Has(i) != before.Has(i) {
			t.Fatalf("Save changed block %d in its argument", i)
		}
	}
}

func compare(t *testing.T, s scheduler.Sink, want []byte) {
	t.Helper()
	r, ok := s.(io.ReaderAt)
	if !ok {
		return
	}
	got := make([]byte, len(want))
	if n, err := r.ReadAt(got, 0); n != len(want) || err != nil && err != io.EOF {
		t.Fatalf("ReadAt = %d, %v", n, err)
	}
	if !bytes.Equal(got, want) {
		t.Fatal("what was written does not read back")
	}
}
