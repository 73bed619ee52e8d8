package check

import "braid/segment"

// A content is what is known of a file's bytes. The zero content is nothing.
type content struct{ pieces []piece }

type piece struct {
	off   int64
	bytes []byte
}

// differs is the offset of the first byte in which b, which is said to be at
// off, is another than what is known; -1 if there is none.
func (c *content) differs(off int64, b []byte) int64 {
	for _, p := range c.pieces {
		from := max(off, p.off)
		to := min(off+int64(len(b)), p.off+int64(len(p.bytes)))
		for at := from; at < to; at++ {
			if b[at-off] != p.bytes[at-p.off] {
				return at
			}
		}
	}
	return -1
}

// learn adds b, which must differ from nothing. What is known in full already is
// not kept twice.
func (c *content) learn(off int64, b []byte) {
	r := segment.Range{Off: off, End: off + int64(len(b))}
	for _, p := range c.pieces {
		if p.off <= r.Off && r.End <= p.off+int64(len(p.bytes)) {
			return
		}
	}
	c.pieces = append(c.pieces, piece{off, b})
}
