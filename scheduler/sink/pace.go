package sink

import "time"

// How much goes to the kernel at once. The page cache takes its memory in pieces
// of that size, and large ones are cheaper: for a GiB 0.24 s of CPU were measured
// with 256 KiB, 0.39 s with 32 KiB. But on a virtual machine that gives free
// memory back to its host (free page reporting) the host must first find it
// again, 2 MiB at a time, and then large pieces are slower: 1.7 s for a GiB,
// against 0.5 s with small ones, which are taken from what is at hand.
const (
	largePiece = 256 << 10
	smallPiece = 32 << 10
	wary       = 64 << 20 // bytes that are written in small pieces after a slow one
)

// A pace says which it is to be.
type pace struct {
	careful int64 // bytes that are still to be written in small pieces
}

func (p *pace) piece() int {
	if p.careful > 0 {
		return smallPiece
	}
	return largePiece
}

// wrote takes notice of n bytes that took so long. Where memory is at hand a byte
// takes a quarter of a nanosecond; where the host has to find it, several.
func (p *pace) wrote(n int, took time.Duration) {
	switch {
	case p.careful > 0:
		p.careful -= int64(n)
	case took > time.Duration(n)*2*time.Nanosecond && n >= largePiece:
		p.careful = wary
	}
}
