package segment

import (
	"testing"
	"time"
)

// The bitmap of the largest file, every other block of which is there: as many
// gaps as there can be.
func holey() (*Bitmap, Grid) {
	g := Grid{Size: maxBlocks*midBlock - 1, Block: midBlock}
	b := NewBitmap(maxBlocks)
	for i := 0; i < maxBlocks; i += 2 {
		b.Set(i)
	}
	return b, g
}

func BenchmarkBitmap(b *testing.B) {
	full, g := holey()
	b.Run("Set", func(b *testing.B) {
		b.ReportAllocs()
		set, i := NewBitmap(maxBlocks), 0
		for b.Loop() {
			set.Set(i)
			i = (i + 1) % maxBlocks
		}
	})
	b.Run("Gaps", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for first, past := range full.Gaps() {
				n += past - first
			}
			if n != maxBlocks/2 {
				b.Fatal(n)
			}
		}
	})
	b.Run("Clone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			full.Clone()
		}
	})
	b.Run("Bytes", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if full.Bytes(g) != maxBlocks/2*midBlock {
				b.Fatal(full.Bytes(g))
			}
		}
	})
}

// A slot of the largest file that has megabyte blocks, 512 GiB.
func BenchmarkCheckpoint(b *testing.B) {
	done, g := holey()
	c := &Checkpoint{Identity: Identity{Size: g.Size, ETag: `"a"`, Modified: time.Unix(1e9, 0)}, Grid: g, Done: done, Sums: make([]uint32, maxBlocks)}
	slot, err := c.MarshalBinary()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.SetBytes(int64(len(slot)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.MarshalBinary(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(slot)))
		b.ReportAllocs()
		for b.Loop() {
			if err := new(Checkpoint).UnmarshalBinary(slot); err != nil {
				b.Fatal(err)
			}
		}
	})
}
