package main

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"

	"braid/server"
)

// A state is what a download has on disk.
type state struct {
	named   bool  // the new file has its name, and is whole
	beside  bool  // part or checkpoint are there
	claimed int64 // bytes that the next run need not fetch
}

// inspect looks at what a run has left. Its error is a violation if a byte that
// is claimed is wrong, or if the final name is on anything but a whole file.
func (d *download) inspect() (s state, err error) {
	if s.named, err = d.inspectFinal(); err != nil {
		return s, err
	}
	file, err := os.ReadFile(d.path + ".part.ck")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	s.beside = err == nil
	part, err := os.Open(d.path + ".part")
	if errors.Is(err, fs.ErrNotExist) {
		part, err = nil, nil
	}
	if err != nil {
		return s, err
	}
	if part != nil {
		defer part.Close()
		if !s.beside {
			return s, violated("there is a part without a checkpoint, which no run goes on with")
		}
	}
	if s.named {
		s.claimed = d.size
		return s, nil
	}
	newest, _ := readSlots(file)
	if newest == nil {
		return s, nil // killed while it was made, if nothing was claimed before
	}
	if newest.size != d.size && d.deceived {
		return s, nil // of another version
	}
	if newest.size != d.size {
		return s, violated("the checkpoint is of %d bytes, not %d", newest.size, d.size)
	}
	s.claimed = newest.claimed()
	if s.claimed > 0 && part == nil {
		return s, violated("%d bytes are claimed, and there is no part", s.claimed)
	}
	if newest.complete && s.claimed != d.size {
		return s, violated("generation %d is called complete with %d bytes of %d", newest.generation, s.claimed, d.size)
	}
	if d.deceived {
		return s, nil
	}
	for _, c := range newest.claims {
		if err := d.inspectClaim(part, c); err != nil {
			return s, fmt.Errorf("generation %d: %w", newest.generation, err)
		}
	}
	return s, nil
}

func (d *download) inspectClaim(part *os.File, c claim) error {
	if c.off < 0 || c.end <= c.off || c.end > d.size {
		return violated("bytes %d-%d of %d are claimed", c.off, c.end-1, d.size)
	}
	if at, err := differs(part, d.seed, c.off, c.end); err != nil || at >= 0 {
		return violated("bytes %d-%d are claimed, and byte %d is wrong (%v)", c.off, c.end-1, at, err)
	}
	p := make([]byte, c.end-c.off)
	server.PatternAt(p, d.seed, c.off)
	if crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli)) != c.sum {
		return violated("bytes %d-%d are claimed with a wrong checksum", c.off, c.end-1)
	}
	return nil
}

// inspectFinal looks at the final name: nothing, the file that is to be
// replaced, or the new one, and the latter two only whole.
func (d *download) inspectFinal() (named bool, err error) {
	f, err := os.Open(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		if d.old > 0 {
			return false, violated("the file that was to be replaced is gone, and no other is there")
		}
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return false, err
	}
	size, seed := d.size, d.seed
	if d.old > 0 && st.Size() == d.old {
		size, seed = d.old, oldSeed
	}
	if d.cut && st.Size() < size {
		at, err := differs(f, seed, 0, st.Size())
		if at < 0 {
			return true, err
		}
	}
	if st.Size() != size {
		return false, &violation{wrongFile + fmt.Sprintf(": %d bytes of %d have the final name", st.Size(), size)}
	}
	at, err := differs(f, seed, 0, size)
	if err != nil {
		return false, err
	}
	if at >= 0 {
		return false, &violation{wrongFile + fmt.Sprintf(": byte %d of what has the final name", at)}
	}
	return seed == d.seed, nil
}

// wrongFile begins what is said of the worst of all violations.
const wrongFile = "WRONG FILE"

// differs is the first byte of [off, end) in f that is not of the pattern, to
// within a buffer; -1 if all are.
func differs(f *os.File, seed uint64, off, end int64) (at int64, err error) {
	got, want := make([]byte, 256<<10), make([]byte, 256<<10)
	for off < end {
		n := min(int64(len(got)), end-off)
		if _, err := f.ReadAt(got[:n], off); err != nil {
			return off, err
		}
		server.PatternAt(want[:n], seed, off)
		if !bytes.Equal(got[:n], want[:n]) {
			for got[0] == want[0] {
				got, want, off = got[1:], want[1:], off+1
			}
			return off, nil
		}
		off += n
	}
	return -1, nil
}
