package main

import (
	"hash/crc32"
	"testing"

	"pgregory.net/rapid"

	"braid/segment"
)

// What package segment writes is read here as it is meant there. The two share
// nothing but the comment that describes the format.
func TestSlotsAreReadAsTheyAreMeant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := segment.Grid{Size: rapid.Int64Range(1, 100_000).Draw(t, "size"), Block: rapid.Int64Range(50, 4096).Draw(t, "block")}
		c := &segment.Checkpoint{
			Generation: rapid.Uint64Range(1, 1<<60).Draw(t, "generation"),
			Complete:   rapid.Bool().Draw(t, "complete"),
			Grid:       g,
			Identity:   segment.Identity{Size: g.Size, ETag: rapid.StringN(0, 60, 255).Draw(t, "etag")},
			Host:       rapid.StringN(0, 60, 255).Draw(t, "host"),
			Done:       segment.NewBitmap(g.Len()),
			Sums:       make([]uint32, g.Len()),
		}
		var want []claim
		for i := range g.Len() {
			if rapid.Bool().Draw(t, "done") {
				c.Done.Set(i)
				c.Sums[i] = rapid.Uint32().Draw(t, "sum")
				want = append(want, claim{g.Range(i).Off, g.Range(i).End, c.Sums[i]})
			}
		}
		for i := range g.Len() {
			if n := g.Range(i).Len(); !c.Done.Has(i) && n > 1 && len(c.Heads) < segment.MaxHeads && rapid.Bool().Draw(t, "head") {
				h := segment.Head{Block: i, Len: rapid.Int64Range(1, n-1).Draw(t, "len"), Sum: rapid.Uint32().Draw(t, "sum")}
				c.Heads = append(c.Heads, h)
				want = append(want, claim{g.Range(i).Off, g.Range(i).Off + h.Len, h.Sum})
			}
		}
		newer, err := c.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		before := *c
		before.Generation--
		older, err := before.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		file := append(older, newer...)
		if rapid.Bool().Draw(t, "swapped") {
			file = append(newer, older...)
		}
		newest, other := readSlots(file)
		if newest == nil || other == nil || newest.generation != c.Generation || newest.complete != c.Complete || newest.size != g.Size {
			t.Fatalf("read as %+v and %+v", newest, other)
		}
		if len(newest.claims) != len(want) {
			t.Fatalf("%d claims, not %d", len(newest.claims), len(want))
		}
		for i := range want {
			if newest.claims[i] != want[i] {
				t.Fatalf("claim %d is %+v, not %+v", i, newest.claims[i], want[i])
			}
		}
		file[rapid.IntRange(0, len(file)-1).Draw(t, "at")] ^= 1
		if a, b := readSlots(file); a == nil || b != nil {
			t.Fatalf("a flipped bit leaves %+v and %+v", a, b)
		}
	})
}

// Whatever a checkpoint file holds, reading it ends.
func FuzzParseSlot(f *testing.F) {
	c := &segment.Checkpoint{
		Grid: segment.Grid{Size: 1000, Block: 100}, Identity: segment.Identity{Size: 1000},
		Done: segment.NewBitmap(10), Sums: make([]uint32, 10), Heads: []segment.Head{{Block: 3, Len: 7}},
	}
	p, err := c.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p)
	f.Fuzz(func(t *testing.T, p []byte) {
		if len(p) >= 16 { // as if it had been written so
			n := len(p) - 4
			copy(p, "BRAID\x1a\r\n")
			p[12], p[13], p[14], p[15] = byte(len(p)), byte(len(p)>>8), byte(len(p)>>16), byte(len(p)>>24)
			sum := crc32.Checksum(p[:n], crc32.MakeTable(crc32.Castagnoli))
			p[n], p[n+1], p[n+2], p[n+3] = byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24)
		}
		if s, err := parseSlot(p); err == nil && s.size <= 0 {
			t.Fatalf("%+v", s)
		}
	})
}
