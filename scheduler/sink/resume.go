package sink

import (
	"hash/crc32"
	"math/rand/v2"
	"os"

	"braid/segment"
)

const (
	checkAll = 1 << 30 // up to so many bytes, every block that is done is read back
	samples  = 32      // random blocks that are read back beyond it
)

// resume goes on from the checkpoint that was found, as far as the bytes on
// disk bear it out. What it no longer claims is claimed no longer in a new slot,
// before anything is written.
func (f *File) resume() error {
	data, err := f.disk.open(f.part)
	if err != nil {
		return writing(f.part, err)
	}
	if err := f.adopt(data); err != nil {
		_ = data.Close()
		f.data = nil
		return writing(f.part, err)
	}
	return nil
}

func (f *File) adopt(data handle) error {
	st, err := data.stat()
	if err != nil {
		return err
	}
	if err := st.trusted(f.part); err != nil {
		return err
	}
	c := f.found
	done, sums := c.Done.Clone(), append([]uint32(nil), c.Sums...)
	if bad := check(data, c, f.older, st); len(bad) > 0 {
		f.note("%d of %d blocks in %s were not as they had been written and are fetched again", len(bad), done.Count(), f.part)
		for _, i := range bad {
			done.Clear(i)
			sums[i] = 0
		}
	}
	if st.size > c.Grid.Size {
		if err := data.truncate(c.Grid.Size); err != nil {
			return err
		}
	}
	if st.size < c.Grid.Size {
		if err := data.allocate(c.Grid.Size); err != nil {
			return err
		}
	}

	// Identity, host and grid stay as they were, so that slots keep their
	// length.
	f.same = segment.Checkpoint{
		Identity: c.Identity, Grid: c.Grid, Host: c.Host, Pid: os.Getpid(),
		Origin: segment.NewOrigin(withoutSecrets(f.o.URL), c.Origin.Salt),
	}
	f.data = data
	f.mu.Lock()
	f.begun, f.written, f.sums, f.durable = map[int]progress{}, done, sums, done.Clone()
	f.mu.Unlock()
	return f.save(f.durable)
}

// check reads blocks of c back and returns those that do not have their
// CRC-32C: all of them where that is quick, or where the part is not as it was
// left; else the ends, the latest, and a sample. One bad block in a sample
// condemns it, and all are read.
func check(data handle, c, older *segment.Checkpoint, st info) (bad []int) {
	var all, some []int
	for i := range c.Grid.Len() {
		if !c.Done.Has(i) {
			continue
		}
		all = append(all, i)
		if older == nil || older.Grid != c.Grid || !older.Done.Has(i) || older.Sums[i] != c.Sums[i] {
			some = append(some, i)
		}
	}
	foreign := st.dev != c.Part.Dev || st.ino != c.Part.Ino || st.size != c.Part.Size
	touched := c.Clean && st.modified != c.Part.Modified
	if foreign || touched || c.Done.Bytes(c.Grid) <= checkAll {
		return differing(data, c, all)
	}
	some = append(some, all[0], all[len(all)-1])
	for range samples {
		some = append(some, all[rand.IntN(len(all))])
	}
	if len(differing(data, c, some)) > 0 {
		return differing(data, c, all)
	}
	return nil
}

// differing is which of blocks do not hold what c says. A block that cannot be
// read is one of them.
func differing(data handle, c *segment.Checkpoint, blocks []int) (bad []int) {
	buf := make([]byte, 1<<20)
	for _, i := range blocks {
		sum, r := uint32(0), c.Grid.Range(i)
		for r.Len() > 0 {
			p := buf[:min(r.Len(), int64(len(buf)))]
			if n, _ := data.ReadAt(p, r.Off); n < len(p) {
				break
			}
			sum = crc32.Update(sum, segment.Castagnoli, p)
			r.Off += int64(len(p))
		}
		if r.Len() > 0 || sum != c.Sums[i] {
			bad = append(bad, i)
		}
	}
	return bad
}
