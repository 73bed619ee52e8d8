package segment

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"slices"
)

// A Bitmap is a set of blocks, by number. It is not safe for use by several
// goroutines at once.
type Bitmap struct {
	words []uint64
	n     int
}

// NewBitmap is the empty set over blocks [0, n).
func NewBitmap(n int) *Bitmap {
	return &Bitmap{words: make([]uint64, (n+63)/64), n: n}
}

// Len is the number of blocks there are, in the set or not.
func (b *Bitmap) Len() int { return b.n }

// Set adds block i.
func (b *Bitmap) Set(i int) { b.words[i/64] |= 1 << (i % 64) }

// Clear takes block i out.
func (b *Bitmap) Clear(i int) { b.words[i/64] &^= 1 << (i % 64) }

// Has says whether block i is in the set.
func (b *Bitmap) Has(i int) bool { return b.words[i/64]&(1<<(i%64)) != 0 }

// Count is the number of blocks in the set.
func (b *Bitmap) Count() int {
	n := 0
	for _, w := range b.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// Full says whether every block is in the set.
func (b *Bitmap) Full() bool { return b.Count() == b.n }

// Clone is a copy that shares nothing with b.
func (b *Bitmap) Clone() *Bitmap {
	return &Bitmap{words: slices.Clone(b.words), n: b.n}
}

// Gaps yields the runs [first, past) of blocks that are not in the set, in
// order.
func (b *Bitmap) Gaps() iter.Seq2[int, int] {
	return func(yield func(first, past int) bool) {
		for first := b.next(0, false); first < b.n; {
			past := b.next(first, true)
			if !yield(first, past) {
				return
			}
			first = b.next(past, false)
		}
	}
}

// next is the first block at or above i that is in the set (in), or not in it
// (!in); b.n if there is none.
func (b *Bitmap) next(i int, in bool) int {
	for i < b.n {
		w := b.words[i/64]
		if !in {
			w = ^w
		}
		if w >>= i % 64; w != 0 {
			return min(i+bits.TrailingZeros64(w), b.n)
		}
		i = (i/64 + 1) * 64
	}
	return b.n
}

// Bytes is how many bytes of g the set covers. The grid must have as many
// blocks as the bitmap.
func (b *Bitmap) Bytes(g Grid) int64 {
	n := int64(b.Count()) * g.Block
	if b.n > 0 && b.Has(b.n-1) {
		n -= g.Block - g.Range(b.n-1).Len()
	}
	return n
}

// size is the length of the set as bytes: whole 64-bit words.
func (b *Bitmap) size() int { return len(b.words) * 8 }

// append writes the set to the end of p, little-endian, block 0 in the lowest
// bit of the first byte.
func (b *Bitmap) append(p []byte) []byte {
	for _, w := range b.words {
		p = binary.LittleEndian.AppendUint64(p, w)
	}
	return p
}

// read takes the set from p, which must hold size bytes. It reports false if a
// block past the last is set.
func (b *Bitmap) read(p []byte) bool {
	for i := range b.words {
		b.words[i] = binary.LittleEndian.Uint64(p[i*8:])
	}
	if rest := b.n % 64; rest != 0 {
		return b.words[len(b.words)-1]>>rest == 0
	}
	return true
}
