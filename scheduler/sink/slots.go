package sink

import (
	"errors"
	"fmt"
	"io"

	"braid/segment"
)

// maxCheckpoint bounds what is read of a checkpoint file: two slots of the
// longest kind.
const maxCheckpoint = 8 << 20

// slots is a checkpoint file: two slots of equal length, of which the one with
// the lower generation is written next. Generation g lies in slot g mod 2.
type slots struct {
	file       handle
	size       int64  // bytes of one slot; 0 if the file is empty
	generation uint64 // of the newest
}

// readSlots is the newer and the older checkpoint in file, and the length of a
// slot. All are zero if the file is empty; older is nil if it is damaged.
func readSlots(file handle) (newest, older *segment.Checkpoint, size int64, err error) {
	st, err := file.stat()
	if err != nil || st.size == 0 {
		return nil, nil, 0, err
	}
	if st.size > maxCheckpoint {
		return nil, nil, st.size / 2, fmt.Errorf("%w: it has %d bytes", segment.ErrCorrupt, st.size)
	}
	p := make([]byte, st.size)
	if _, err := file.ReadAt(p, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, 0, err
	}
	newest, older, err = segment.Newest(p)
	return newest, older, max(st.size/2, 1), err
}

// clear empties the file, durably: no old claim outlives the bytes it was about.
func (s *slots) clear() error {
	if s.size == 0 {
		return nil
	}
	if err := s.empty(); err != nil {
		return err
	}
	return s.file.sync()
}

// empty is clear without a sync, for after one has failed.
func (s *slots) empty() error {
	if err := s.file.truncate(0); err != nil {
		return err
	}
	s.size, s.generation = 0, 0
	return nil
}

// begin writes both slots of an empty file. Later writes are in place, and
// succeed on a full disk.
func (s *slots) begin(c segment.Checkpoint) error {
	var both []byte
	for g := range uint64(2) {
		c.Generation = g
		p, err := c.MarshalBinary()
		if err != nil {
			return err
		}
		both = append(both, p...)
	}
	s.size, s.generation = int64(len(both)/2), 1
	if _, err := writeFull(s.file, both, 0); err != nil {
		return err
	}
	return s.file.sync()
}

// write puts c into the older slot, as the next generation, and makes it
// durable.
func (s *slots) write(c segment.Checkpoint) error {
	c.Generation = s.generation + 1
	p, err := c.MarshalBinary()
	if err != nil {
		return err
	}
	if int64(len(p)) != s.size {
		return fmt.Errorf("a checkpoint of %d bytes in a slot of %d", len(p), s.size)
	}
	if _, err := writeFull(s.file, p, int64(c.Generation%2)*s.size); err != nil {
		return err
	}
	if err := s.file.datasync(); err != nil {
		return err
	}
	s.generation = c.Generation
	return nil
}
