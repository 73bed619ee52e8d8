package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// A claim is a run of bytes that a checkpoint says are on disk.
type claim struct {
	off, end int64
	sum      uint32 // their CRC-32C
}

// A slot is one of the two copies in a checkpoint file, read by the letter of
// the comment in segment/checkpoint.go.
type slot struct {
	generation uint64
	complete   bool
	device     uint64 // that the part is on
	size       int64  // of the file that is fetched
	claims     []claim
}

// claimed is how many bytes the slot claims.
func (s *slot) claimed() (n int64) {
	for _, c := range s.claims {
		n += c.end - c.off
	}
	return n
}

// readSlots reads the two copies; one that is not whole is nil.
func readSlots(file []byte) (newest, older *slot) {
	half := len(file) / 2
	a, errA := parseSlot(file[:half])
	b, errB := parseSlot(file[half:])
	switch {
	case errA != nil && errB != nil:
		return nil, nil
	case errA != nil:
		return b, nil
	case errB != nil:
		return a, nil
	case a.generation > b.generation:
		return a, b
	}
	return b, a
}

// acknowledged is how many bytes a checkpoint file that is being written to has
// claimed durably: a slot is written only after the one before is on disk.
func acknowledged(file []byte) int64 {
	newest, older := readSlots(file)
	switch {
	case newest == nil:
		return 0
	case older == nil: // being written
		return newest.claimed()
	}
	return older.claimed()
}

// parseSlot reads one copy.
func parseSlot(p []byte) (*slot, error) {
	le := binary.LittleEndian
	if len(p) < 140 || !bytes.HasPrefix(p, []byte("BRAID\x1a\r\n")) || int(le.Uint32(p[12:])) != len(p) {
		return nil, errors.New("not a slot")
	}
	body, sum := p[:len(p)-4], le.Uint32(p[len(p)-4:])
	if crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)) != sum {
		return nil, errors.New("wrong checksum")
	}
	if v := le.Uint16(p[8:]); v != 1 {
		return nil, fmt.Errorf("format %d", v)
	}
	s := &slot{
		generation: le.Uint64(p[16:]),
		complete:   le.Uint16(p[10:])&1 != 0,
		device:     le.Uint64(p[40:]),
		size:       int64(le.Uint64(p[24:])),
	}
	block := int64(le.Uint32(p[32:]))
	if s.size <= 0 || block <= 0 || (s.size-1)/block >= int64(8*len(p)) {
		return nil, errors.New("no size that it has room for")
	}
	blocks := int((s.size-1)/block) + 1
	heads := int(le.Uint16(p[132:]))
	bitmap := 136 + int(le.Uint16(p[128:])) + int(le.Uint16(p[130:]))
	sums := bitmap + (blocks+63)/64*8
	begun := sums + 4*blocks
	if begun+12*heads > len(body) {
		return nil, errors.New("too short")
	}
	for i := range blocks {
		if p[bitmap+i/8]>>(i%8)&1 != 0 {
			off := int64(i) * block
			s.claims = append(s.claims, claim{off, min(off+block, s.size), le.Uint32(p[sums+4*i:])})
		}
	}
	for i := range heads {
		h := p[begun+12*i:]
		off := int64(le.Uint32(h)) * block
		s.claims = append(s.claims, claim{off, off + int64(le.Uint32(h[4:])), le.Uint32(h[8:])})
	}
	return s, nil
}
