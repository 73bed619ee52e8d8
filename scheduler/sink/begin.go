package sink

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"braid/scheduler"
	"braid/segment"
)

// maxText is the longest entity-tag or host that a checkpoint holds.
const maxText = 255

// Begin says what the file turned out to be. It goes on from the checkpoint if
// that is provably of the same representation, and begins anew otherwise; Notes
// says why. host is who sends the bytes, for messages.
//
// If plain is true, or the size unknown or 0, the file is begun anew and keeps
// no checkpoint: a plain job cannot be continued.
//
// Its error wraps scheduler.ErrChanged if the file on the server is no longer
// the one that was begun, unless Options.Restart is set; part and checkpoint
// stay as they are. Otherwise it wraps scheduler.ErrSink: a disk that is too
// full for the file shows here.
func (f *File) Begin(id segment.Identity, host string, plain bool) error {
	f.saving.Lock()
	defer f.saving.Unlock()
	if f.tried || f.finished || f.closed {
		return writing(f.part, errors.New("it was begun before"))
	}
	f.tried = true
	if len(id.ETag) > maxText {
		id.ETag = ""
	}
	host = host[:min(len(host), maxText)]
	f.plain = plain || id.Size <= 0

	same, err := f.continues(id)
	switch {
	case err != nil:
		return err
	case same:
		return f.resume()
	}
	f.same = segment.Checkpoint{
		Identity: id,
		Grid:     f.cut(id.Size),
		Host:     host,
		Pid:      os.Getpid(),
	}
	var salt [8]byte
	_, _ = rand.Read(salt[:]) // never fails
	f.same.Origin = segment.NewOrigin(withoutSecrets(f.o.URL), salt)
	if err := f.create(); err != nil {
		return writing(f.part, err)
	}
	return nil
}

// continues says whether what an earlier run left is of the representation id,
// and notes why not.
func (f *File) continues(id segment.Identity) (bool, error) {
	c := f.found
	switch {
	case c == nil:
		if f.partial && f.slots.size == 0 {
			f.note("%s was left by a run that kept no checkpoint; beginning anew", f.part)
		}
		return false, nil
	case !f.partial:
		f.note("%s is gone; beginning anew", f.part)
		return false, nil
	case c.Done.Count() == 0:
		return false, nil
	case c.Identity.Conflicts(id) && !f.o.Restart:
		return false, fmt.Errorf("%w since %s was begun", scheduler.ErrChanged, f.part)
	case c.Identity.Conflicts(id):
		f.note("%v since %s was begun; beginning anew", scheduler.ErrChanged, f.part)
		return false, nil
	case f.plain:
		f.note("the server does not serve ranges now; beginning anew instead of continuing %s", f.part)
		return false, nil
	case !c.Identity.Same(id):
		f.note("the server does not say enough to prove that its file is still the same; beginning anew instead of continuing %s", f.part)
		return false, nil
	}
	return true, nil
}

// create makes a fresh part and checkpoint. What an earlier run left goes
// first, and its claims before the new part exists: that may get the old one's
// inode. If anything fails, nothing remains.
func (f *File) create() (err error) {
	dir := filepath.Dir(f.path)
	f.found, f.older = nil, nil
	if f.partial {
		if err := f.disk.remove(f.part); err != nil {
			return err
		}
		f.partial = false
	}
	if err := f.slots.clear(); err != nil {
		return err
	}
	// A part without a checkpoint is taken for somebody else's, so the
	// checkpoint's name is durable before the part's.
	if err := f.disk.syncDir(dir); err != nil {
		return err
	}
	data, err := f.disk.create(f.part)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			// The truncation frees what a failed fallocate leaves behind, even
			// if the name cannot be removed.
			_ = data.truncate(0)
			_ = data.Close()
			_ = f.disk.remove(f.part)
			_ = f.slots.empty()
			f.mu.Lock()
			f.durable = nil
			f.mu.Unlock()
		}
	}()
	size := f.same.Grid.Size
	if size > 0 {
		if err := data.allocate(size); err != nil {
			return fmt.Errorf("reserving %d bytes: %w", size, cause(err))
		}
	}
	n := f.same.Grid.Len()
	f.mu.Lock()
	f.begun, f.written, f.durable = map[int]progress{}, segment.NewBitmap(n), segment.NewBitmap(n)
	f.sums = make([]uint32, n)
	f.mu.Unlock()
	if !f.plain {
		st, err := data.stat()
		if err != nil {
			return err
		}
		if err := f.slots.begin(f.claim(f.durable, st)); err != nil {
			return err
		}
	}
	if err := data.sync(); err != nil {
		return err
	}
	if err := f.disk.syncDir(dir); err != nil {
		return err
	}
	f.data = data
	return nil
}

// withoutSecrets is a URL less what is not part of what it names: userinfo and
// fragment.
func withoutSecrets(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return s
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	return u.String()
}
