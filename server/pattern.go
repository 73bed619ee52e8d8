package server

import (
	"encoding/binary"
	"errors"
	"io"
)

// The pattern is an endless sequence of little-endian 64-bit words: word i is mix(start + i·step), where start depends
// on the seed alone. step is odd and mix is one-to-one, so for 2⁶⁴ words no word repeats.
const (
	step       = 0x9e3779b97f4a7c15 // 2⁶⁴ divided by the golden ratio
	multiplier = 0xbf58476d1ce4e5b9
)

// mix is one round of the finalizer of SplitMix64. One round is half the work of the whole, and enough here: what is
// needed is that no two words are equal and that none looks like its neighbours, not that they pass for random.
func mix(z uint64) uint64 {
	z = (z ^ z>>32) * multiplier
	return z ^ z>>29
}

// PatternAt fills p with the bytes of the pattern from off on, which must not be negative.
//
// The bytes depend on the seed and their offset and on nothing else, so any block can be checked on its own. Within one
// seed, no two of the 8-byte words at offsets divisible by 8 are equal; nor are, of two seeds, the words at the same
// offset. So a block that has been put at an offset that is wrong by a multiple of 8 is wrong in every word, and one
// put elsewhere is wrong in about 255 bytes of 256. The sequence never changes between versions of this package.
func PatternAt(p []byte, seed uint64, off int64) {
	z := mix(seed^step) + uint64(off)/8*step
	if skip := int(off & 7); skip != 0 {
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], mix(z))
		p = p[copy(p, word[skip:]):]
		z += step
	}
	for len(p) >= 32 { // four words at a time keep the multiplier busy
		q := (*[32]byte)(p)
		binary.LittleEndian.PutUint64(q[0:], mix(z))
		binary.LittleEndian.PutUint64(q[8:], mix(z+step))
		binary.LittleEndian.PutUint64(q[16:], mix(z+2*step%(1<<64)))
		binary.LittleEndian.PutUint64(q[24:], mix(z+3*step%(1<<64)))
		z += 4 * step % (1 << 64)
		p = p[32:]
	}
	for len(p) > 0 {
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], mix(z))
		p = p[copy(p, word[:]):]
		z += step
	}
}

// PatternReader returns the first size bytes of a seed's pattern, to be read, sought and read at. It may be used by
// several goroutines as far as an [io.SectionReader] may: ReadAt yes, Read no.
func PatternReader(seed uint64, size int64) *io.SectionReader {
	return io.NewSectionReader(endless(seed), 0, size)
}

// endless is the pattern of a seed.
type endless uint64

func (e endless) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("a negative offset in the pattern")
	}
	PatternAt(p, uint64(e), off)
	return len(p), nil
}
