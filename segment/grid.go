package segment

// Small files are cut into blocks small enough for many connections to end
// together. From 2^10 blocks on they grow, up to a megabyte, for that is the
// cheapest write. At a bit for each of at most maxBlocks the bitmap of any file
// stays within 64 KiB.
const (
	minBlock  = 64 << 10
	midBlock  = 1 << 20
	midBlocks = 1 << 10
	maxBlocks = 1 << 19
)

// A Grid is a file of Size bytes cut into blocks of Block bytes; the last block
// may be short. The zero Grid is an empty file.
type Grid struct {
	Size  int64 // bytes
	Block int64 // bytes; a power of two in every grid that Cut makes
}

// Cut chooses the grid of a file of size bytes: blocks of 64 KiB up to 64 MiB, of
// 1 MiB from 512 MiB on, and in between the power of two that makes 2^10 blocks
// at most; beyond 512 GiB the power of two that makes 2^19 at most.
func Cut(size int64) Grid {
	block := int64(minBlock)
	for block < midBlock && (size-1)/midBlocks >= block || (size-1)/maxBlocks >= block {
		block *= 2
	}
	return Grid{Size: size, Block: block}
}

// Len is the number of blocks.
func (g Grid) Len() int {
	if g.Size <= 0 || g.Block <= 0 {
		return 0
	}
	return int((g.Size-1)/g.Block) + 1
}

// Range is where block i lies.
func (g Grid) Range(i int) Range { return g.Span(i, i+1) }

// Span is where blocks [first, past) lie.
func (g Grid) Span(first, past int) Range {
	return Range{Off: min(int64(first)*g.Block, g.Size), End: min(int64(past)*g.Block, g.Size)}
}

// Index is the block that byte off lies in.
func (g Grid) Index(off int64) int { return int(off / g.Block) }

// Border is the first block border above byte off, or the end of the file.
func (g Grid) Border(off int64) int64 {
	return min((off/g.Block+1)*g.Block, g.Size)
}
