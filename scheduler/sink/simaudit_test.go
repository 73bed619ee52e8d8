package sink

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// What follows looks at a disk after a crash without the code under test: it
// reads slots by itself, from the description of the format.

// A simClaim is what a slot says.
type simClaim struct {
	generation        uint64
	complete, relaxed bool
	ino               uint64
	size, block       int64
	tag               string
	done              []uint32       // CRC-32C by block
	has               []bool         // blocks that are done
	heads             map[int]uint64 // block to length, and CRC-32C in the upper half
}

// readClaim is the slot p, nil if it is not whole.
func readClaim(p []byte) *simClaim {
	le := binary.LittleEndian
	if len(p) < 4096 || string(p[:8]) != "BRAID\x1a\r\n" || le.Uint16(p[8:]) != 1 || int(le.Uint32(p[12:])) != len(p) ||
		le.Uint32(p[len(p)-4:]) != crc32.Checksum(p[:len(p)-4], crc32.MakeTable(crc32.Castagnoli)) {
		return nil
	}
	c := &simClaim{
		generation: le.Uint64(p[16:]),
		complete:   p[10]&1 != 0,
		relaxed:    p[10]&16 != 0,
		size:       int64(le.Uint64(p[24:])),
		block:      int64(le.Uint32(p[32:])),
		ino:        le.Uint64(p[48:]),
		heads:      map[int]uint64{},
	}
	tag, host, heads := int(le.Uint16(p[128:])), int(le.Uint16(p[130:])), int(le.Uint16(p[132:]))
	c.tag = string(p[136 : 136+tag])
	p = p[136+tag+host:]
	n := int((c.size + c.block - 1) / c.block)
	for i := range n {
		c.has = append(c.has, p[i/8]&(1<<(i%8)) != 0)
	}
	p = p[(n+63)/64*8:]
	for i := range n {
		c.done = append(c.done, le.Uint32(p[4*i:]))
	}
	p = p[4*n:]
	for i := range heads {
		at := p[12*i:]
		c.heads[int(le.Uint32(at))] = uint64(le.Uint32(at[4:])) | uint64(le.Uint32(at[8:]))<<32
	}
	return c
}

// untrue says what c claims of data that is not so, if the file is want.
func (c *simClaim) untrue(data, want []byte) error {
	if int64(len(want)) != c.size {
		return fmt.Errorf("it claims a size of %d", c.size)
	}
	holds := func(off, n int64, sum uint32) bool {
		n = min(n, c.size-off)
		return off+n <= int64(len(data)) && bytes.Equal(data[off:off+n], want[off:off+n]) &&
			crc32.Checksum(want[off:off+n], crc32.MakeTable(crc32.Castagnoli)) == sum
	}
	for i, has := range c.has {
		if has && !holds(int64(i)*c.block, c.block, c.done[i]) {
			return fmt.Errorf("generation %d claims block %d, which is not there", c.generation, i)
		}
	}
	for i, h := range c.heads {
		if c.has[i] || !holds(int64(i)*c.block, int64(uint32(h)), uint32(h>>32)) {
			return fmt.Errorf("generation %d claims %d bytes of block %d, which are not there", c.generation, uint32(h), i)
		}
	}
	return nil
}

// A simTruth is what a disk must hold, whatever happens to it.
type simTruth struct {
	served    map[string][]byte // the file, by entity-tag
	named     [][]byte          // what may have the final name; nil for nothing
	committed []byte            // what must have it, and nothing beside: Commit has returned nil
	modified  int64             // nanoseconds; when that says to be from
	unstamped bool              // its mode and date could not be set
	acked     []int64           // bytes of each block that were said to be durable
}

// audit says what is wrong with d.
func (w *simTruth) audit(d *simDisk, path string) error {
	final, part, ck := d.get(path), d.get(path+".part"), d.get(path+".part.ck")
	allowed := false
	for _, p := range w.named {
		allowed = allowed || (p == nil) == (final == nil) && bytes.Equal(p, final)
	}
	if !allowed {
		return fmt.Errorf("the final name is on %d wrong bytes, or on none (%v)", len(final), final == nil)
	}
	if w.committed != nil {
		switch {
		case !bytes.Equal(final, w.committed):
			return fmt.Errorf("committed, and not there")
		case part != nil || ck != nil:
			return fmt.Errorf("committed, and part or checkpoint is there")
		case !w.unstamped && (d.names[path].mode != 0o644 || d.names[path].modified != w.modified):
			return fmt.Errorf("committed, and of mode %v and date %d", d.names[path].mode, d.names[path].modified)
		}
		return nil
	}
	a, b := readClaim(ck[:len(ck)/2]), readClaim(ck[len(ck)/2:])
	newest := a
	if newest == nil || b != nil && b.generation > a.generation {
		newest = b
	}
	for _, c := range []*simClaim{a, b} {
		data := part
		if c == nil || c.relaxed {
			continue
		}
		if data == nil && c.complete && final != nil && d.names[path].ino == c.ino {
			data = final
		}
		if data == nil {
			continue // what is said of a part that is gone is never believed
		}
		if err := c.untrue(data, w.served[c.tag]); err != nil {
			return err
		}
	}
	for i, n := range w.acked {
		switch {
		case n == 0 || part == nil && (final != nil || d.get(path+".part.bad") != nil):
		case part == nil || newest == nil:
			return fmt.Errorf("%d bytes of block %d were said to be durable, and all is gone", n, i)
		case !newest.has[i] && int64(uint32(newest.heads[i])) < n:
			return fmt.Errorf("%d bytes of block %d were said to be durable, and are not claimed", n, i)
		}
	}
	return nil
}
