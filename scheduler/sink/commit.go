package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path/filepath"

	"braid/scheduler"
	"braid/segment"
)

// Commit gives the complete file its name. First it makes every byte durable,
// then lets verify, if it is not nil, read the whole file. Under Strict it reads
// the file back before that; blocks that the disk has lost are an error, and the
// next run fetches them again.
//
// If verify returns a *segment.DigestError the bytes are kept as NAME.part.bad,
// or under the next free name like it, and the checkpoint is dropped. If it
// returns any other error, or if the name was taken meanwhile and is not to be
// overwritten (fs.ErrExist), part and checkpoint stay for a later run, if there
// are any: a file of one block may have none.
//
// If Finished, the file is read back first: if it is no longer what was fetched
// it is somebody's own file (fs.ErrExist). Whatever verify says, it keeps its
// name.
func (f *File) Commit(verify func(*io.SectionReader) error) error {
	f.saving.Lock()
	defer f.saving.Unlock()
	if f.finished {
		return f.confirm(verify)
	}
	size, err := f.settle()
	if err != nil {
		return err
	}
	if f.o.Durability == Strict {
		if err := f.readBack(size); err != nil {
			return err
		}
	}
	if verify != nil {
		err := verify(reading(f.data, f.part, size))
		if _, wrong := errors.AsType[*segment.DigestError](err); wrong {
			return f.reject(err)
		}
		if err != nil {
			return notVerified(f.part, err)
		}
	}
	// Not every file system has modes and times to set. Without them the file
	// is no less what was asked for.
	if !f.nameless {
		if err := f.data.publish(); err != nil {
			f.note(f.path, "it stays private: %v", cause(err))
		}
	}
	if !f.modified.IsZero() {
		if err := f.data.chtimes(f.modified); err != nil {
			f.note(f.path, "it is dated now: %v", cause(err))
		}
	}
	if err := f.data.sync(); err != nil {
		return f.fail(f.part, err)
	}
	if f.nameless {
		return f.name()
	}
	if _, err := f.present(); err != nil {
		return f.fail(f.part, err)
	}
	if err := f.closeData(); err != nil {
		return f.fail(f.part, err)
	}
	return f.rename()
}

// A backReader is a file that is read back. What goes wrong there is the disk's
// fault.
type backReader struct {
	io.ReaderAt
	path string
}

func reading(h handle, path string, size int64) *io.SectionReader {
	return io.NewSectionReader(backReader{h, path}, 0, size)
}

func (r backReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, off)
	if err != nil && err != io.EOF {
		err = writing(r.path, err)
	}
	return n, err
}

// notVerified is what verify said, with the name of the file.
func notVerified(path string, err error) error {
	if errors.Is(err, scheduler.ErrSink) {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
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
		if err := f.shorten(end); err != nil || f.nameless {
			return end, err
		}
		return end, f.save(nil)
	}
	if !written.Full() {
		return 0, writing(f.part, fmt.Errorf("it has %d blocks of %d", written.Count(), written.Len()))
	}
	if f.nameless {
		return size, nil
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
	f.lose()
	aside := f.moveAside
	if f.nameless {
		aside = f.nameAside
	}
	bad, err := aside()
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", f.path, why), f.fail(f.part, err))
	}
	return errors.Join(fmt.Errorf("%s: %w; the bytes are kept in %s", f.path, why, bad), f.forget(bad))
}

// moveAside closes the part and renames it to the first of badNames that nobody
// has.
func (f *File) moveAside() (bad string, err error) {
	if err := f.closeData(); err != nil {
		return "", err
	}
	for bad = range f.badNames() {
		if err = f.disk.renameNew(f.part, bad); !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return bad, err
}

// badNames is NAME.part.bad, NAME.part.bad.1, …, not without end.
func (f *File) badNames() iter.Seq[string] {
	const most = 1000
	return func(yield func(string) bool) {
		bad := f.path + badSuffix
		for n := 1; yield(bad) && n <= most; n++ {
			bad = fmt.Sprintf("%s%s.%d", f.path, badSuffix, n)
		}
	}
}

// confirm ends a finish that was interrupted, if the file is still the one that
// was given its name then.
func (f *File) confirm(verify func(*io.SectionReader) error) error {
	data, err := f.disk.view(f.path)
	if err != nil {
		return writing(f.path, err)
	}
	defer data.Close()
	st, err := data.stat()
	if err != nil {
		return writing(f.path, err)
	}
	bad, err := differing(context.Background(), data, f.found.Grid, claims(f.found))
	if err != nil {
		return err
	}
	if err := readable(data, f.found.Grid, bad); err != nil {
		return writing(f.path, err) // it may well be ours: a failing disk does not tell
	}
	if !st.resembles(f.found.Part) || len(bad) > 0 {
		f.lose()
		return errors.Join(exists(f.path), f.forget(f.path))
	}
	if verify != nil {
		if err := verify(reading(data, f.path, st.size)); err != nil {
			if _, wrong := errors.AsType[*segment.DigestError](err); wrong {
				f.lose()
			}
			return notVerified(f.path, err)
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
	if f.slots.file == nil {
		return nil // there never was one
	}
	if err := f.unlock(true); err != nil {
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
// and checkpoint stay for next time, but for a checkpoint that was never begun, and
// for a file of one block that was never saved.
// It may be called more than once.
func (f *File) Close() error {
	f.saving.Lock()
	defer f.saving.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	var err error
	if f.spare != nil {
		err = f.spare.Close()
	}
	if f.data != nil {
		err = errors.Join(f.rest(), f.closeData())
	}
	if err != nil {
		err = writing(f.part, err)
	}
	if f.slots.file == nil {
		return err
	}
	if unlocked := f.unlock(f.litter()); unlocked != nil {
		err = errors.Join(err, writing(f.ck, unlocked))
	}
	return err
}

// rest marks the last slot as left by an orderly stop, so that the next run
// notices if the part was touched meanwhile.
func (f *File) rest() error {
	if f.plain || f.nameless || f.usable() != nil {
		return nil
	}
	st, err := f.present()
	if err != nil {
		return err
	}
	c := *f.last
	c.Part, c.Clean = st.stamp(), true
	return f.slots.write(c)
}
