package segment

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func compare(a, b *Checkpoint) string {
	return cmp.Diff(a, b, cmp.AllowUnexported(Bitmap{}))
}

func draw(t *rapid.T) *Checkpoint {
	g := Grid{Size: rapid.Int64Range(1, 100_000).Draw(t, "size"), Block: rapid.Int64Range(50, 4096).Draw(t, "block")}
	c := &Checkpoint{
		Generation: rapid.Uint64().Draw(t, "generation"),
		Complete:   rapid.Bool().Draw(t, "complete"),
		Clean:      rapid.Bool().Draw(t, "clean"),
		Relaxed:    rapid.Bool().Draw(t, "relaxed"),
		Grid:       g,
		Identity:   Identity{Size: g.Size, ETag: rapid.StringN(0, 60, maxText).Draw(t, "etag")},
		Done:       NewBitmap(g.Len()),
		Sums:       make([]uint32, g.Len()),
		Host:       rapid.StringN(0, 60, maxText).Draw(t, "host"),
		Origin:     NewOrigin("http://a.example/f", [8]byte{1, 2, 3}),
		Part:       Stamp{Dev: 1, Ino: rapid.Uint64().Draw(t, "ino"), Size: g.Size, Modified: -5},
		Pid:        rapid.IntRange(0, 1<<22).Draw(t, "pid"),
	}
	if rapid.Bool().Draw(t, "dated") {
		c.Identity.Modified = time.Unix(rapid.Int64Range(-1<<33, 1<<33).Draw(t, "modified"), 0).UTC()
		c.Identity.Date = time.Unix(1_790_000_000, 0).UTC()
	}
	for i := range g.Len() {
		if rapid.Bool().Draw(t, "done") {
			c.Done.Set(i)
			c.Sums[i] = rapid.Uint32().Draw(t, "sum")
		} else if n := g.Range(i).Len(); n > 1 && len(c.Heads) < MaxHeads && rapid.Bool().Draw(t, "head") {
			c.Heads = append(c.Heads, Head{Block: i, Len: rapid.Int64Range(1, n-1).Draw(t, "len"), Sum: rapid.Uint32().Draw(t, "sum")})
		}
	}
	return c
}

func TestCheckpointRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := draw(t)
		p, err := c.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if len(p)%slotAlign != 0 {
			t.Fatalf("a slot of %d bytes", len(p))
		}
		var back Checkpoint
		if err := back.UnmarshalBinary(p); err != nil {
			t.Fatal(err)
		}
		if diff := compare(c, &back); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestMissing(t *testing.T) {
	c := &Checkpoint{Grid: Grid{Size: 95, Block: 10}, Done: NewBitmap(10), Heads: []Head{{Block: 2, Len: 7}, {Block: 8, Len: 1}}}
	c.Done.Set(0)
	c.Done.Set(9)
	if got := c.Missing(); got != 95-10-5-7-1 {
		t.Fatalf("%d bytes are missing", got)
	}
}

// A slot is equally long with and without heads.
func TestHeadsTakeNoRoom(t *testing.T) {
	c := &Checkpoint{Grid: Grid{Size: 5000, Block: 10}, Done: NewBitmap(500), Sums: make([]uint32, 500)}
	without, _ := c.MarshalBinary()
	for i := range MaxHeads {
		c.Heads = append(c.Heads, Head{Block: i, Len: 5})
	}
	with, err := c.MarshalBinary()
	if err != nil || len(with) != len(without) {
		t.Fatalf("%d and %d bytes, %v", len(without), len(with), err)
	}
}

// Any flipped bit is noticed, and any truncation.
func TestCheckpointNoticesDamage(t *testing.T) {
	c := &Checkpoint{Grid: Grid{Size: 1000, Block: 10}, Done: NewBitmap(100), Sums: make([]uint32, 100), Identity: Identity{Size: 1000, ETag: `"x"`}}
	p, err := c.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(p) * 8 {
		p[bit/8] ^= 1 << (bit % 8)
		if err := new(Checkpoint).UnmarshalBinary(p); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("bit %d flipped: %v", bit, err)
		}
		p[bit/8] ^= 1 << (bit % 8)
	}
	for n := range len(p) {
		if err := new(Checkpoint).UnmarshalBinary(p[:n]); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
}

// seal makes p's last four bytes its CRC again.
func seal(p []byte) []byte {
	binary.LittleEndian.PutUint32(p[len(p)-4:], crc32.Checksum(p[:len(p)-4], Castagnoli))
	return p
}

func slot(t testing.TB, generation uint64) []byte {
	t.Helper()
	c := &Checkpoint{Generation: generation, Grid: Grid{Size: 1000, Block: 10}, Done: NewBitmap(100), Sums: make([]uint32, 100)}
	c.Done.Set(int(generation % 100))
	p, err := c.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNewest(t *testing.T) {
	bad := func(p []byte) []byte { p[50] ^= 1; return p }
	future := func(p []byte) []byte { p[8] = 2; return seal(p) }
	for _, c := range []struct {
		name          string
		a, b          []byte
		newest, older uint64 // generations; 0 none
		err           error
	}{
		{"the second", slot(t, 1), slot(t, 2), 2, 1, nil},
		{"the first", slot(t, 3), slot(t, 2), 3, 2, nil},
		{"the first is damaged", bad(slot(t, 3)), slot(t, 2), 2, 0, nil},
		{"the second is damaged", slot(t, 3), bad(slot(t, 4)), 3, 0, nil},
		{"both are", bad(slot(t, 3)), bad(slot(t, 4)), 0, 0, ErrCorrupt},
		{"one is of the future", future(slot(t, 3)), slot(t, 4), 0, 0, ErrVersion},
		{"the other is", slot(t, 3), future(slot(t, 4)), 0, 0, ErrVersion},
		{"damaged, it only looks like the future", bad(future(slot(t, 3))), slot(t, 4), 4, 0, nil},
		{"nothing", nil, nil, 0, 0, ErrCorrupt},
	} {
		newest, older, err := Newest(append(c.a, c.b...))
		if !errors.Is(err, c.err) || generation(newest) != c.newest || generation(older) != c.older {
			t.Errorf("%s: %d, %d, %v", c.name, generation(newest), generation(older), err)
		}
	}
}

func generation(c *Checkpoint) uint64 {
	if c == nil {
		return 0
	}
	return c.Generation
}

func TestMarshalRefuses(t *testing.T) {
	ok := func() *Checkpoint {
		return &Checkpoint{Grid: Grid{Size: 100, Block: 10}, Done: NewBitmap(10), Sums: make([]uint32, 10)}
	}
	for name, spoil := range map[string]func(*Checkpoint){
		"no bitmap":                  func(c *Checkpoint) { c.Done = nil },
		"a short bitmap":             func(c *Checkpoint) { c.Done = NewBitmap(9) },
		"few sums":                   func(c *Checkpoint) { c.Sums = nil },
		"an empty file":              func(c *Checkpoint) { *c = Checkpoint{Done: NewBitmap(0)} },
		"a long tag":                 func(c *Checkpoint) { c.Identity.ETag = strings.Repeat("x", 256) },
		"a head of nothing":          func(c *Checkpoint) { c.Heads = []Head{{Block: 3}} },
		"a head that is the block":   func(c *Checkpoint) { c.Heads = []Head{{Block: 3, Len: 10}} },
		"a head of a whole block":    func(c *Checkpoint) { c.Done.Set(3); c.Heads = []Head{{Block: 3, Len: 1}} },
		"a head past the last block": func(c *Checkpoint) { c.Heads = []Head{{Block: 10, Len: 1}} },
		"too many heads":             func(c *Checkpoint) { c.Heads = make([]Head, MaxHeads+1) },
		"a long host":                func(c *Checkpoint) { c.Host = strings.Repeat("x", 256) },
	} {
		c := ok()
		spoil(c)
		if _, err := c.MarshalBinary(); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := ok().MarshalBinary(); err != nil {
		t.Error(err)
	}
}

// Somebody who plants a checkpoint can make its CRC right. No length in it is
// believed all the same.
func TestPlanted(t *testing.T) {
	le := binary.LittleEndian
	head := func(block, n uint32) func([]byte) {
		return func(p []byte) {
			le.PutUint16(p[132:], 1)
			at := fixedSize + 16 + 4*100 // behind the bitmap and the sums
			le.PutUint32(p[at:], block)
			le.PutUint32(p[at+4:], n)
		}
	}
	for name, plant := range map[string]func(p []byte){
		"more blocks than there is room for": func(p []byte) { le.PutUint64(p[24:], 10*maxBlocks) },
		"more blocks than there may be":      func(p []byte) { le.PutUint64(p[24:], 10*maxBlocks+1) },
		"a size that overflows":              func(p []byte) { le.PutUint64(p[24:], 1<<63) },
		"no size":                            func(p []byte) { le.PutUint64(p[24:], 0) },
		"blocks of nothing":                  func(p []byte) { le.PutUint32(p[32:], 0) },
		"a flag that nobody knows":           func(p []byte) { p[10] |= 1 << 7 },
		"a tag that is too long":             func(p []byte) { le.PutUint16(p[128:], 0xffff) },
		"a host that is too long":            func(p []byte) { le.PutUint16(p[130:], 0xffff) },
		"too many heads":                     func(p []byte) { le.PutUint16(p[132:], MaxHeads+1) },
		"a block past the last":              func(p []byte) { p[fixedSize+15] = 1 },
		"a head past the last block":         head(100, 1),
		"a head of a block that is done":     head(5, 1),
		"a head of a whole block":            head(6, 10),
		"a head of nothing":                  head(6, 0),
	} {
		p := slot(t, 5)
		plant(p)
		if err := new(Checkpoint).UnmarshalBinary(seal(p)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := slot(t, 5)
	head(6, 9)(p)
	if err := new(Checkpoint).UnmarshalBinary(seal(p)); err != nil {
		t.Errorf("a head as it should be: %v", err)
	}
}

func TestOriginKeepsItsSecret(t *testing.T) {
	o := NewOrigin("http://a.example/f?token=s3cret", [8]byte{7})
	if !o.Is("http://a.example/f?token=s3cret") || o.Is("http://a.example/f?token=other") {
		t.Fatal("it does not tell URLs apart")
	}
	if o == NewOrigin("http://a.example/f?token=s3cret", [8]byte{8}) {
		t.Fatal("the salt changes nothing")
	}
}

// Whatever the bytes: no panic, no huge allocation, and what decodes encodes
// again.
func FuzzCheckpoint(f *testing.F) {
	good := slot(f, 5)
	f.Add(good)
	f.Add(good[:200])
	f.Add([]byte(magic))
	for _, at := range []int{8, 10, 12, 24, 31, 32, 35, 128, 130, 132, 133, 136, 150} {
		p := append([]byte(nil), good...)
		p[at] ^= 0xff
		f.Add(seal(p))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		// The CRC keeps almost everything out; with it made right, the bounds
		// have to hold.
		if len(p) >= 16 {
			binary.LittleEndian.PutUint32(p[12:], uint32(len(p)))
			p = seal(p)
		}
		var c Checkpoint
		if err := c.UnmarshalBinary(p); err != nil {
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) {
				t.Fatal(err)
			}
			return
		}
		if c.Done.Len() != c.Grid.Len() || len(c.Sums) != c.Grid.Len() || c.Done.Count() > c.Done.Len() {
			t.Fatalf("%+v", c)
		}
		if _, err := c.MarshalBinary(); err != nil {
			t.Fatal(err)
		}
	})
}
