package segment

import (
	"math"
	"testing"
)

// However large a server says that its file is, cutting it ends.
func TestCutOfAnySize(t *testing.T) {
	for _, size := range []int64{0, 1, 1 << 20, 1<<39 + 1, 1 << 40, 1<<62 + 1, math.MaxInt64} {
		g := Cut(size)
		if n := g.Len(); n > maxBlocks || g.Block < minBlock || size > 1<<39 && n <= maxBlocks/2 {
			t.Errorf("%d bytes: %d blocks of %d", size, n, g.Block)
		}
	}
}
