package sink

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"braid/segment"
)

// Save makes the blocks in done survive a crash. It also looks whether the part
// is still where it was. If anything of this fails nothing is made durable any
// more, and this and all later Saves and Commits return that first error, which
// wraps scheduler.ErrSink.
//
// A plain job has no blocks: what it wrote becomes durable, but is not claimed.
func (f *File) Save(done *segment.Bitmap) error {
	f.saving.Lock()
	defer f.saving.Unlock()
	return f.save(done)
}

// save is one round of the protocol. What is claimed is settled before the
// flush: blocks that are written meanwhile wait for the next round.
func (f *File) save(done *segment.Bitmap) error {
	if err := f.usable(); err != nil {
		return err
	}
	var union *segment.Bitmap
	if !f.plain {
		var err error
		if union, err = f.add(done); err != nil {
			return err
		}
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
	if err := f.slots.write(f.claim(union, st)); err != nil {
		return f.fail(f.ck, err)
	}
	f.mu.Lock()
	f.durable = union
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

// add is the durable blocks and those in done, each of which must have been
// written to its last byte.
func (f *File) add(done *segment.Bitmap) (*segment.Bitmap, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	union := f.durable.Clone()
	if done.Len() != union.Len() {
		return nil, writing(f.ck, fmt.Errorf("%d blocks claimed of %d", done.Len(), union.Len()))
	}
	for i := range done.Len() {
		if !done.Has(i) {
			continue
		}
		if !f.written.Has(i) {
			return nil, writing(f.ck, fmt.Errorf("block %d is claimed but was not written", i))
		}
		union.Set(i)
	}
	return union, nil
}

// claim is a checkpoint that claims done of a part that looks like st.
func (f *File) claim(done *segment.Bitmap, st info) segment.Checkpoint {
	c := f.same
	c.Done = done
	c.Sums = make([]uint32, done.Len())
	c.Complete = f.complete
	c.Part = segment.Stamp{Dev: st.dev, Ino: st.ino, Size: st.size, Modified: st.modified}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range c.Sums {
		if done.Has(i) {
			c.Sums[i] = f.sums[i]
		}
	}
	return c
}

// present looks whether the part still is the file that its name stands for,
// in full length.
func (f *File) present() (info, error) {
	st, err := f.data.stat()
	if err != nil {
		return info{}, err
	}
	there, found, err := f.lookup(f.part)
	switch {
	case err != nil:
		return info{}, err
	case st.links == 0 || !found || !st.same(there):
		return info{}, errors.New("it was moved or deleted while running")
	case !f.plain && st.size < f.same.Grid.Size:
		return info{}, errors.New("it was made shorter while running")
	}
	return st, nil
}

// Commit gives the complete file its name. First it makes every byte durable,
// then lets verify, if it is not nil, read the whole file.
//
// If verify returns a *segment.DigestError the bytes are kept as NAME.part.bad
// and the checkpoint is dropped. If it returns any other error, or if the name
// was taken meanwhile and is not to be overwritten (fs.ErrExist), part and
// checkpoint stay for a later run.
func (f *File) Commit(verify func(io.Reader) error) error {
	f.saving.Lock()
	defer f.saving.Unlock()
	if f.finished {
		return f.tidy()
	}
	size, err := f.settle()
	if err != nil {
		return err
	}
	if verify != nil {
		err := verify(io.NewSectionReader(f.data, 0, size))
		if _, wrong := errors.AsType[*segment.DigestError](err); wrong {
			return f.reject(err)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.part, err)
		}
	}
	// Not every file system has modes and times to set. Without them the file
	// is no less what was asked for.
	if err := f.data.publish(); err != nil {
		f.note("%s keeps its mode: %v", f.path, cause(err))
	}
	if !f.modified.IsZero() {
		if err := f.disk.chtimes(f.part, f.modified); err != nil {
			f.note("%s is dated now: %v", f.path, cause(err))
		}
	}
	if err := f.data.sync(); err != nil {
		return f.fail(f.part, err)
	}
	if _, err := f.present(); err != nil {
		return f.fail(f.part, err)
	}
	if err := f.closeData(); err != nil {
		return f.fail(f.part, err)
	}
	return f.rename()
}

// settle makes everything durable and says so in the checkpoint. It returns the
// file's length.
func (f *File) settle() (size int64, err error) {
	if err := f.usable(); err != nil {
		return 0, err
	}
	f.mu.Lock()
	written, end := f.written.Clone(), f.end
	f.mu.Unlock()
	if size = f.same.Grid.Size; f.plain {
		if size >= 0 && end != size {
			return 0, writing(f.part, fmt.Errorf("it has %d bytes of %d", end, size))
		}
		// An earlier attempt may have written more than the last.
		if err := f.data.truncate(end); err != nil {
			return 0, writing(f.part, err)
		}
		return end, f.save(nil)
	}
	if !written.Full() {
		return 0, writing(f.part, fmt.Errorf("it has %d blocks of %d", written.Count(), written.Len()))
	}
	f.complete = true
	return size, f.save(written)
}

// rename moves the closed part to its final name and forgets the checkpoint.
func (f *File) rename() error {
	move := f.disk.renameNew
	if f.o.Overwrite {
		move = f.disk.rename
	}
	switch err := move(f.part, f.path); {
	case errors.Is(err, fs.ErrExist):
		return exists(f.path)
	case err != nil:
		return f.fail(f.path, err)
	}
	return f.forget(f.path)
}

// reject keeps bytes that are not what they should be, under a name that
// nothing continues.
func (f *File) reject(why error) error {
	bad := f.path + badSuffix
	err := f.closeData()
	if err := errors.Join(err, f.disk.rename(f.part, bad)); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", f.path, why), f.fail(f.part, err))
	}
	return errors.Join(fmt.Errorf("%s: %w; the bytes are kept in %s", f.path, why, bad), f.forget(bad))
}

// tidy ends a finish that was interrupted.
func (f *File) tidy() error {
	if _, found, err := f.lookup(f.part); err != nil {
		return writing(f.part, err)
	} else if found {
		// renameByLink was interrupted: a second name of the final file.
		if err := f.disk.remove(f.part); err != nil {
			return writing(f.part, err)
		}
	}
	return f.forget(f.path)
}

// forget makes the name that the part got durable, then removes the checkpoint
// and lets go of the lock.
func (f *File) forget(path string) error {
	dir := filepath.Dir(f.path)
	if err := f.disk.syncDir(dir); err != nil {
		return f.fail(path, err)
	}
	f.closed = true
	if err := f.disk.unlock(f.slots.file, f.ck, true); err != nil {
		return f.fail(f.ck, err)
	}
	if err := f.disk.syncDir(dir); err != nil {
		return f.fail(path, err)
	}
	return nil
}

// closeData closes the part. Network file systems may report a failed write
// only now.
func (f *File) closeData() error {
	data := f.data
	f.data = nil
	return data.Close()
}

// Close lets go of the lock. After Commit it does nothing else; otherwise part
// and checkpoint stay for next time, but for a checkpoint that was never begun.
// It may be called more than once.
func (f *File) Close() error {
	f.saving.Lock()
	defer f.saving.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	litter := f.litter()
	var err error
	if f.data != nil {
		err = errors.Join(f.rest(), f.closeData())
		if err != nil {
			err = writing(f.part, err)
		}
	}
	return errors.Join(err, f.disk.unlock(f.slots.file, f.ck, litter))
}

// rest marks the last slot as left by an orderly stop, so that the next run
// notices if the part was touched meanwhile.
func (f *File) rest() error {
	if f.plain || f.usable() != nil {
		return nil
	}
	st, err := f.present()
	if err != nil {
		return err
	}
	c := f.claim(f.durable, st)
	c.Clean = true
	return f.slots.write(c)
}
