package sink

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"braid/segment"
)

// A file of one block is soon there or not there at all, and of ten thousand of
// them each checkpoint would cost more than its file. Where nothing was left of
// it and the system can do so, its part has no name until Commit gives it the
// final one (O_TMPFILE, open(2)), and no checkpoint; a crash leaves nothing. The
// name is given to one only, so it needs no lock. If a Save comes while some of
// it is missing, as on a slow link, it becomes a part like all others.

// unreserved is up to how many bytes no disk space is asked for beforehand: so
// little is not worth the call, and is soon written.
const unreserved = 64 << 10

// small says whether a file of size bytes may stay nameless.
func (f *File) small(size int64) bool { return size >= 0 && f.cut(size).Len() <= 1 }

// beginNameless makes the file that Open made the part.
func (f *File) beginNameless() error {
	if size := f.same.Grid.Size; size > unreserved {
		if err := f.spare.allocate(size); err != nil {
			return reserving(size, err)
		}
	}
	f.take(&segment.Checkpoint{Done: segment.NewBitmap(f.same.Grid.Len())})
	f.data, f.spare, f.nameless = f.spare, nil, true
	return nil
}

// resting says whether a Save of a nameless part may wait for Commit: all of it
// is written, or nothing, or it can never be continued.
func (f *File) resting() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.plain || f.written.Full() || len(f.begun) == 0
}

// keep makes a nameless part one like all others, with a checkpoint, in the
// order of create. If that fails its name goes again.
func (f *File) keep() error {
	if err := f.claim(); err != nil {
		return err
	}
	if f.found != nil || f.partial || f.finished { // since Open
		return fmt.Errorf("%s %w", f.path, ErrLocked)
	}
	if err := f.disk.syncDir(filepath.Dir(f.path)); err != nil {
		return err
	}
	if err := f.data.hide(); err != nil {
		return err
	}
	if size := f.same.Grid.Size; size <= unreserved {
		if err := f.data.allocate(size); err != nil {
			return reserving(size, err)
		}
	}
	switch err := f.data.link(f.part); {
	case errors.Is(err, fs.ErrExist):
		return foreign(f.part)
	case err != nil:
		return err
	}
	f.nameless, f.partial = false, true
	if err := f.establish(f.data); err != nil {
		f.abandon()
		return err
	}
	return nil
}

// name gives a nameless part that is complete and durable the final name. The
// system needs it open for that, so what close has to say comes too late to
// matter: after a sync it is no news, and without one nobody asked for certainty.
func (f *File) name() error {
	if err := f.data.link(f.path); err != nil {
		// Only the answer may have been lost.
		if _, gone := f.stands(f.data, f.path); gone != nil {
			if errors.Is(err, fs.ErrExist) {
				return exists(f.path)
			}
			return f.fail(f.path, err)
		}
	}
	f.nameless = false
	if err := f.disk.syncDir(filepath.Dir(f.path)); err != nil {
		// No checkpoint would tell the next run whose file this is.
		if _, gone := f.stands(f.data, f.path); gone == nil {
			_ = f.disk.remove(f.path)
		}
		return f.fail(f.path, err)
	}
	f.closed = true
	if err := f.closeData(); err != nil {
		f.note(f.path, "closing it: %v", cause(err))
	}
	return nil
}

// nameAside is moveAside of a nameless part.
func (f *File) nameAside() (bad string, err error) {
	if err := errors.Join(f.data.hide(), f.data.sync()); err != nil {
		return "", err
	}
	for bad = range f.badNames() {
		if err = f.data.link(bad); !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	f.nameless = err != nil
	return bad, errors.Join(err, f.closeData())
}

func reserving(size int64, err error) error {
	return fmt.Errorf("reserving %d bytes: %w", size, cause(err))
}
