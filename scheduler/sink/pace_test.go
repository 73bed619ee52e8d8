package sink

import (
	"testing"
	"time"
)

// One slow write makes the next ones small, for a while; small writes prove
// nothing.
func TestPace(t *testing.T) {
	var p pace
	step := func(n int, took time.Duration, want int) {
		t.Helper()
		if p.wrote(n, took); p.piece() != want {
			t.Errorf("after %d bytes in %v: pieces of %d bytes, want %d", n, took, p.piece(), want)
		}
	}
	const mega = 1 << 20
	step(mega, 200*time.Microsecond, largePiece)
	step(4096, time.Second, largePiece)
	step(mega, 3*time.Millisecond, smallPiece)
	for range wary/mega - 1 {
		step(mega, 3*time.Millisecond, smallPiece)
	}
	step(mega, 3*time.Millisecond, largePiece)
	step(mega, 3*time.Millisecond, smallPiece)
}
