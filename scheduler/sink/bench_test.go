package sink

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"braid/segment"
)

// A fresh file of a gigabyte in megabyte blocks, as the engine writes it, on
// whatever TMPDIR is. "concurrent" leaves the turns out, to see whether the
// kernel still wants them.
func BenchmarkWriteAt(b *testing.B) {
	const size = 1 << 30
	for _, workers := range []int{1, 4, 16} {
		b.Run(fmt.Sprintf("turns/%d", workers), func(b *testing.B) {
			benchWrite(b, size, workers, func(f *File, p []byte, off int64) error {
				_, err := f.WriteAt(p, off)
				return err
			})
		})
		b.Run(fmt.Sprintf("concurrent/%d", workers), func(b *testing.B) {
			benchWrite(b, size, workers, func(f *File, p []byte, off int64) error {
				_, err := f.data.WriteAt(p, off)
				return err
			})
		})
	}
}

func benchWrite(b *testing.B, size int64, workers int, write func(f *File, p []byte, off int64) error) {
	path := filepath.Join(b.TempDir(), "big.iso")
	b.SetBytes(size)
	for b.Loop() {
		b.StopTimer()
		f, err := Open(path, Options{Restart: true})
		if err != nil {
			b.Fatal(err)
		}
		if err := f.Begin(bg, Remote{Identity: segment.Identity{Size: size}}); err != nil {
			b.Fatal(err)
		}
		g := f.Grid()
		var next atomic.Int64
		var all sync.WaitGroup
		b.StartTimer()
		for range workers {
			all.Go(func() {
				p := make([]byte, g.Block)
				for i := int(next.Add(1)) - 1; i < g.Len(); i = int(next.Add(1)) - 1 {
					if err := write(f, p, g.Range(i).Off); err != nil {
						b.Error(err)
					}
				}
			})
		}
		all.Wait()
		b.StopTimer()
		f.Close()
		b.StartTimer()
	}
}

// Save of a file of this many megabyte blocks with nothing new to flush: what
// the checkpoint alone costs.
func BenchmarkSave(b *testing.B) {
	for _, n := range []int{1 << 10, 64 << 10, 512 << 10} {
		b.Run(fmt.Sprintf("blocks=%d", n), func(b *testing.B) {
			f, err := openTest(nil, filepath.Join(b.TempDir(), "big.iso"), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			f.cut = func(size int64) segment.Grid { return segment.Grid{Size: size, Block: 16} }
			if err := f.Begin(bg, Remote{Identity: segment.Identity{Size: int64(n) * 16}}); err != nil {
				b.Fatal(err)
			}
			for i := range n {
				f.written.Set(i)
			}
			done := f.written.Clone()
			for b.Loop() {
				if err := f.Save(done); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
