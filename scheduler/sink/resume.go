package sink

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"braid/scheduler"
	"braid/segment"
)

const (
	checkAll = 1 << 30 // up to so many bytes, every block that is done is read back
	samples  = 32      // random blocks that are read back beyond it

	probes    = 3                // places that are compared with the server
	probeSize = 64 << 10         // bytes at each, at most
	patience  = 30 * time.Second // without a byte of them
)

// resume goes on from the checkpoint that was found, as far as the bytes on
// disk bear it out, and those that src gives, if it is not nil. It reports false
// if there is nothing to go on with.
func (f *File) resume(ctx context.Context, src scheduler.Source) (going bool, err error) {
	data, err := f.disk.open(f.part)
	if err != nil {
		return false, writing(f.part, err)
	}
	defer func() {
		if !going {
			_ = data.Close()
		}
	}()
	st, err := data.stat()
	if err == nil {
		err = st.trusted(f.part)
	}
	if err != nil {
		return false, writing(f.part, err)
	}
	c, err := f.believe(ctx, data, st)
	if err != nil {
		return false, err
	}
	if src != nil {
		if len(claims(c)) == 0 {
			return false, nil
		}
		same, err := compare(ctx, data, c, src)
		if err == nil && !same {
			err = f.changed()
		}
		if err != nil || !same {
			return false, err
		}
		why := "the server does not prove that its file is still the same"
		if f.moved() {
			why = "it was begun from another URL"
		}
		f.note(f.part, "%s, but the bytes that were compared are equal; going on", why)
	}
	if err := f.adopt(data, c, st); err != nil {
		f.data = nil
		return false, writing(f.part, err)
	}
	return true, nil
}

// believe is the checkpoint that was found, less what the bytes on disk belie.
func (f *File) believe(ctx context.Context, data handle, st info) (*segment.Checkpoint, error) {
	c := *f.found
	holes, err := data.holes(c.Grid.Size)
	if err != nil {
		return nil, writing(f.part, err)
	}
	bad, err := check(ctx, data, &c, f.older, st, holes, f.o.VerifyResume)
	if err != nil {
		return nil, err
	}
	whole := c.Done.Count()
	drop(&c, bad)
	if n := whole - c.Done.Count(); n > 0 {
		f.note(f.part, "%d of %d blocks were not as they had been written and are fetched again", n, whole)
	}
	if n := len(f.found.Heads) - len(c.Heads); n > 0 {
		f.note(f.part, "the beginnings of %d blocks were not as they had been written and are fetched again", n)
	}
	return &c, nil
}

// adopt makes data the part. What is no longer claimed is claimed no longer in a
// new slot, before anything is written.
func (f *File) adopt(data handle, c *segment.Checkpoint, st info) error {
	if st.size > c.Grid.Size {
		if err := data.truncate(c.Grid.Size); err != nil {
			return err
		}
	}
	holes, err := data.holes(c.Grid.Size)
	if err != nil {
		return err
	}
	if st.size < c.Grid.Size || holes {
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
	f.take(c)
	f.solid = f.isSolid(data)
	f.data = data
	return f.save(c.Done)
}

// claims is all that c claims, as heads: a block that is done is a head of full
// length.
func claims(c *segment.Checkpoint) (all []segment.Head) {
	for i := range c.Grid.Len() {
		if c.Done.Has(i) {
			all = append(all, segment.Head{Block: i, Len: c.Grid.Range(i).Len(), Sum: c.Sums[i]})
		}
	}
	return append(all, c.Heads...)
}

// drop takes claims out of c, which then shares nothing with whom it was copied
// from.
func drop(c *segment.Checkpoint, bad []segment.Head) {
	c.Done, c.Sums = c.Done.Clone(), slices.Clone(c.Sums)
	for _, h := range bad {
		c.Done.Clear(h.Block)
		c.Sums[h.Block] = 0
	}
	c.Heads = slices.DeleteFunc(slices.Clone(c.Heads), func(h segment.Head) bool { return slices.Contains(bad, h) })
}

// check reads back what c claims and returns what does not have its CRC-32C:
// everything where that is quick or wanted, or where the part may not be as it
// was left; else the ends, the latest, and a sample. One bad block in a sample
// condemns it, and everything is read.
func check(ctx context.Context, data handle, c, older *segment.Checkpoint, st info, holes bool, want VerifyResume) ([]segment.Head, error) {
	all := claims(c)
	blocks := all[:len(all)-len(c.Heads)]
	// The older slot may claim what the newer one has taken back.
	doubtful := !st.is(c.Part) || c.Clean && st.modified != c.Part.Modified || holes || c.Relaxed || older == nil
	switch {
	case !doubtful && want == VerifyNone:
		return nil, nil
	case doubtful, want == VerifyAll, len(blocks) == 0, c.Done.Bytes(c.Grid) <= checkAll:
		return differing(ctx, data, c.Grid, all)
	}
	some := append([]segment.Head{blocks[0], blocks[len(blocks)-1]}, c.Heads...)
	for _, h := range blocks {
		if older.Grid != c.Grid || !older.Done.Has(h.Block) || older.Sums[h.Block] != h.Sum {
			some = append(some, h)
		}
	}
	for range samples {
		some = append(some, blocks[rand.IntN(len(blocks))])
	}
	if bad, err := differing(ctx, data, c.Grid, some); len(bad) == 0 || err != nil {
		return nil, err
	}
	return differing(ctx, data, c.Grid, all)
}

// differing is which of the claims are not true of data. What cannot be read is
// not. Its error is ctx's cause.
func differing(ctx context.Context, data handle, g segment.Grid, claims []segment.Head) (bad []segment.Head, err error) {
	buf := make([]byte, min(g.Block, 1<<20))
	for _, h := range claims {
		sum, r := uint32(0), place(g, h)
		for !r.Empty() {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			p := buf[:min(r.Len(), int64(len(buf)))]
			if n, _ := data.ReadAt(p, r.Off); n < len(p) {
				break
			}
			sum = crc32.Update(sum, segment.Castagnoli, p)
			r.Off += int64(len(p))
		}
		if !r.Empty() || sum != h.Sum {
			bad = append(bad, h)
		}
	}
	return bad, nil
}

// readable says what keeps data from being read where claims are, except that it
// is too short for them.
func readable(data handle, g segment.Grid, claims []segment.Head) error {
	for _, h := range claims {
		r := place(g, h)
		_, err := io.Copy(io.Discard, io.NewSectionReader(data, r.Off, r.Len()))
		if err != nil {
			return err
		}
	}
	return nil
}

// compare asks src for what lies at a few random places in what c claims, and
// says whether data holds the same. Where data has changed since it was written
// it proves nothing, so that place is dropped and another one taken.
func compare(ctx context.Context, data handle, c *segment.Checkpoint, src scheduler.Source) (same bool, err error) {
	left := claims(c)
	for asked := 0; asked < probes && len(left) > 0; {
		i := rand.IntN(len(left))
		h := left[i]
		left[i], left = left[len(left)-1], left[:len(left)-1]
		bad, err := differing(ctx, data, c.Grid, []segment.Head{h})
		if err != nil {
			return false, err
		}
		r := place(c.Grid, h)
		r.Off += rand.Int64N(max(r.Len()-probeSize, 0) + 1)
		r.End = min(r.End, r.Off+probeSize)
		got, want := make([]byte, r.Len()), make([]byte, r.Len())
		if n, _ := data.ReadAt(want, r.Off); n < len(want) || len(bad) > 0 {
			drop(c, []segment.Head{h})
			continue
		}
		asked++
		if err := fetch(ctx, src, r, got); err != nil {
			return false, err
		}
		if !bytes.Equal(got, want) {
			return false, nil
		}
	}
	return true, nil
}

// fetch fills p with the bytes r of src, unless nothing comes for as long as
// patience lasts. A body may end early: the rest is asked for again.
func fetch(ctx context.Context, src scheduler.Source, r segment.Range, p []byte) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(patience, func() { cancel(fmt.Errorf("%w for %v", scheduler.ErrStalled, patience)) })
	defer watch.Stop()
	for !r.Empty() {
		n, err := fetchSome(ctx, src, r, p, watch)
		if err == io.EOF && n == 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil && err != io.EOF {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return &scheduler.RangeError{Range: r, Err: err}
		}
		r.Off, p = r.Off+int64(n), p[n:]
	}
	return nil
}

func fetchSome(ctx context.Context, src scheduler.Source, r segment.Range, p []byte, watch *time.Timer) (n int, err error) {
	body, err := src.Open(ctx, r)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	for n < len(p) && err == nil {
		var m int
		m, err = body.Read(p[n:])
		if n += m; err == nil {
			watch.Reset(patience) // also while it skips what is there
		}
	}
	if n == len(p) {
		err = nil
	}
	return n, err
}
