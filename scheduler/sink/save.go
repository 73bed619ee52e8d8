package sink

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"braid/segment"
)

// Save makes everything that was written before it survive a crash: whole blocks
// and beginnings of blocks, of which a checkpoint holds the longest
// segment.MaxHeads. It also looks whether part and checkpoint are still where
// they were. If anything of this fails nothing is made durable any more, and this
// and all later Saves and Commits return that first error, which wraps
// scheduler.ErrSink.
//
// A file of one block may not have been saved when all of it is written: Commit
// comes next, and is what makes it survive.
//
// All of done must have been written. A plain job has no blocks: what it wrote
// becomes durable, but is not claimed.
func (f *File) Save(done *segment.Bitmap) error {
	f.saving.Lock()
	defer f.saving.Unlock()
	if f.nameless {
		if err := f.usable(); err != nil || f.resting() {
			return err
		}
		if err := f.keep(); err != nil {
			return f.fail(f.part, err)
		}
	}
	return f.save(done)
}

// save is one round of the protocol. What is claimed is settled before the
// flush: bytes that are written meanwhile wait for the next round.
func (f *File) save(done *segment.Bitmap) error {
	if err := f.usable(); err != nil {
		return err
	}
	c, err := f.snapshot(done)
	if err != nil {
		return err
	}
	st, err := f.present()
	if err != nil {
		return f.fail(f.part, err)
	}
	if err := f.data.datasync(); err != nil {
		return f.fail(f.part, err)
	}
	if f.plain {
		return nil
	}
	c.Part = st.stamp()
	if err := f.slots.write(c); err != nil {
		return f.fail(f.ck, err)
	}
	f.mu.Lock()
	f.last = &c
	f.mu.Unlock()
	return nil
}

// usable says why nothing can be saved.
func (f *File) usable() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.poison != nil:
		return f.poison
	case f.data == nil:
		return writing(f.part, fs.ErrClosed)
	}
	return nil
}

// fail remembers the first failure to make something durable.
func (f *File) fail(path string, err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.poison == nil {
		f.poison = writing(path, err)
	}
	return f.poison
}

// snapshot is a checkpoint that claims what is written by now. All of done must
// be.
func (f *File) snapshot(done *segment.Bitmap) (segment.Checkpoint, error) {
	c := f.same
	if f.plain {
		return c, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if done.Len() != f.written.Len() {
		return c, writing(f.ck, fmt.Errorf("%d blocks claimed of %d", done.Len(), f.written.Len()))
	}
	for i := range done.Len() {
		if done.Has(i) && !f.written.Has(i) {
			return c, writing(f.ck, fmt.Errorf("block %d is claimed but was not written", i))
		}
	}
	c.Complete, c.Done, c.Sums = f.complete, f.written.Clone(), slices.Clone(f.sums)
	for i, at := range f.begun {
		c.Heads = append(c.Heads, segment.Head{Block: i, Len: at.next - c.Grid.Range(i).Off, Sum: at.sum})
	}
	if len(c.Heads) > segment.MaxHeads {
		slices.SortFunc(c.Heads, func(a, b segment.Head) int { return cmp.Compare(b.Len, a.Len) })
		c.Heads = c.Heads[:segment.MaxHeads]
	}
	slices.SortFunc(c.Heads, func(a, b segment.Head) int { return cmp.Compare(a.Block, b.Block) })
	return c, nil
}

// errGone says that a name no longer stands for the file that is open.
var errGone = errors.New("it was moved or deleted while running")

// present looks whether part and checkpoint still are the files that their names
// stand for, and the part in full length.
func (f *File) present() (info, error) {
	st, err := f.stands(f.data, f.part)
	if err == nil {
		if _, err = f.stands(f.slots.file, f.ck); err != nil {
			err = writing(f.ck, err)
		}
	}
	if errors.Is(err, errGone) {
		f.lose()
	}
	if err != nil || f.plain {
		return st, err
	}
	holes := false
	if f.solid {
		holes, err = f.data.holes(f.same.Grid.Size)
	}
	switch {
	case err != nil:
		return st, err
	case st.size < f.same.Grid.Size:
		return st, errors.New("it was made shorter while running")
	case holes:
		return st, errors.New("bytes were cut out of it while running")
	}
	return st, nil
}

// stands looks whether path still is the name of h.
func (f *File) stands(h handle, path string) (info, error) {
	st, err := h.stat()
	if err != nil {
		return info{}, err
	}
	there, found, err := f.lookup(path)
	if err == nil && (st.links == 0 || !found || !st.same(there)) {
		err = errGone
	}
	return st, err
}

// lose says that the next run can go on with nothing.
func (f *File) lose() {
	f.mu.Lock()
	f.lost = true
	f.mu.Unlock()
}
