package sink

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"
	"time"
)

// A simFile is an inode.
type simFile struct {
	ino    uint64
	locked bool

	data []byte // as processes see it
	simMeta
	synced []byte           // what is durable of it
	kept   simMeta          // likewise
	dirty  map[int][][]byte // versions of sectors since, oldest first
	metas  []simMeta        // likewise
}

type simMeta struct {
	size, solid int64 // bytes; and how many from the start have a place
	modified    int64
	mode        fs.FileMode
}

func (f *simFile) cut(rng *rand.Rand, p float64) *simFile {
	meta := f.kept
	if n := len(f.metas); n > 0 && rng.Float64() < p {
		meta = f.metas[n-1]
		if p < 1 {
			meta = f.metas[rng.IntN(n)]
		}
	}
	data := make([]byte, meta.size)
	copy(data, f.synced)
	for _, at := range slices.Sorted(maps.Keys(f.dirty)) {
		versions := f.dirty[at]
		if at*sector >= len(data) || rng.Float64() >= p {
			continue
		}
		v := versions[len(versions)-1]
		if p < 1 {
			v = versions[rng.IntN(len(versions))]
		}
		if p < 1 && rng.IntN(8) == 0 { // torn within the sector
			v = v[:rng.IntN(sector)]
		}
		copy(data[at*sector:], v)
	}
	return &simFile{
		ino: f.ino, data: data, simMeta: meta,
		synced: bytes.Clone(data), kept: meta, dirty: map[int][][]byte{},
	}
}

// A simHandle is an open file of it.
type simHandle struct {
	d    *simDisk
	f    *simFile
	path string
}

func (h *simHandle) ReadAt(p []byte, off int64) (int, error) {
	if fault := h.d.op("read", h.path); fault.err != nil {
		return 0, fault.err
	}
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if off >= h.f.size {
		return 0, io.EOF
	}
	n := copy(p, h.f.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt that fails has written half; so has a short one, which says nothing.
func (h *simHandle) WriteAt(p []byte, off int64) (int, error) {
	fault := h.d.op("write", h.path)
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if fault.err != nil {
		p = p[:len(p)/2]
	}
	h.d.changes++
	h.d.clock++
	h.f.modified = h.d.clock
	end := off + int64(len(p))
	if end > h.f.size {
		if h.f.solid >= off {
			h.f.solid = max(h.f.solid, end)
		}
		h.f.resize(end)
	} else if h.f.solid >= off {
		h.f.solid = max(h.f.solid, end)
	}
	h.f.metas = append(h.f.metas, h.f.simMeta)
	copy(h.f.data[off:], p)
	h.f.soil(off, end)
	if errors.Is(fault.err, errShort) {
		return len(p), nil
	}
	return len(p), fault.err
}

// soil adds a version of each sector that holds some of bytes [off, end).
func (f *simFile) soil(off, end int64) {
	for at := int(off / sector); int64(at)*sector < end; at++ {
		v := make([]byte, sector)
		if at*sector < len(f.data) {
			copy(v, f.data[at*sector:])
		}
		f.dirty[at] = append(f.dirty[at], v)
	}
}

func (f *simFile) resize(size int64) {
	before := f.size
	if size > before {
		f.data = append(f.data, make([]byte, size-before)...)
	} else {
		f.data = f.data[:size:size]
		f.solid = min(f.solid, size)
	}
	f.size = size
	f.metas = append(f.metas, f.simMeta)
	if size < before {
		f.soil(size, before)
	}
}

func (h *simHandle) Close() error {
	return h.d.op("close", h.path).err
}

func (h *simHandle) stat() (info, error) {
	if fault := h.d.op("stat", h.path); fault.err != nil {
		return info{}, fault.err
	}
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	return h.d.describe(h.f), nil
}

// allocate that fails for want of space leaves half of it behind, as
// fallocate(2) may.
func (h *simHandle) allocate(size int64) error {
	failed := true
	err := h.d.change("allocate", h.path, func() error {
		failed = false
		h.f.reserve(size, h.d.sparse)
		return nil
	})
	if failed {
		h.d.mu.Lock()
		h.f.reserve(size/2, h.d.sparse)
		h.d.mu.Unlock()
	}
	return err
}

func (f *simFile) reserve(size int64, sparse bool) {
	if !sparse {
		f.solid = max(f.solid, size)
	}
	f.resize(max(f.size, size))
}

func (h *simHandle) truncate(size int64) error {
	return h.d.change("truncate", h.path, func() error {
		h.f.resize(size)
		return nil
	})
}

func (h *simHandle) publish() error {
	return h.d.change("publish", h.path, func() error {
		h.f.mode = 0o644
		h.f.metas = append(h.f.metas, h.f.simMeta)
		return nil
	})
}

func (h *simHandle) hide() error {
	return h.d.change("hide", h.path, func() error {
		h.f.mode = 0o600
		h.f.metas = append(h.f.metas, h.f.simMeta)
		return nil
	})
}

func (h *simHandle) chtimes(modified time.Time) error {
	return h.d.change("chtimes", h.path, func() error {
		h.f.modified = modified.UnixNano()
		h.f.metas = append(h.f.metas, h.f.simMeta)
		return nil
	})
}

func (h *simHandle) link(path string) error {
	return h.d.change("link", path, func() error {
		if h.d.names[path] != nil {
			return syscall.EEXIST
		}
		h.d.name(path, h.f)
		return nil
	})
}

func (h *simHandle) sync() error { return h.flush("sync", true) }

// datasync leaves time and mode to chance.
func (h *simHandle) datasync() error { return h.flush("datasync", false) }

// flush that fails forgets what it should have written: memory holds it and
// calls it clean, as Linux does.
func (h *simHandle) flush(verb string, all bool) error {
	done := false
	err := h.d.change(verb, h.path, func() error {
		done = true
		f := h.f
		for at, versions := range f.dirty {
			if h.d.lies != nil && h.d.lies(at) {
				continue
			}
			if n := (at + 1) * sector; n > len(f.synced) {
				f.synced = append(f.synced, make([]byte, n-len(f.synced))...)
			}
			copy(f.synced[at*sector:], versions[len(versions)-1])
		}
		mode, modified := f.kept.mode, f.kept.modified
		f.kept = f.simMeta
		if !all {
			f.kept.mode, f.kept.modified = mode, modified
		}
		return nil
	})
	h.d.mu.Lock()
	h.f.dirty, h.f.metas = map[int][][]byte{}, nil
	if !all && done {
		h.f.metas = append(h.f.metas, h.f.simMeta)
	}
	h.d.mu.Unlock()
	if h.d.flushed != nil {
		h.d.flushed()
	}
	return err
}

// uncache shows what the disk really has.
func (h *simHandle) uncache() error {
	return h.d.change("uncache", h.path, func() error {
		f := h.f
		seen := make([]byte, f.size)
		copy(seen, f.synced)
		for at := range f.dirty {
			copy(seen[at*sector:], f.data[at*sector:min(int64(at+1)*sector, f.size)])
		}
		f.data = seen
		return nil
	})
}

func (h *simHandle) holes(size int64) (bool, error) {
	if fault := h.d.op("holes", h.path); fault.err != nil {
		return false, fault.err
	}
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	return !h.d.sparse && h.f.solid < size, nil
}
