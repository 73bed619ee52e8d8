package sink

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"braid/scheduler"
	"braid/segment"
)

// maxText is the longest entity-tag or host that a checkpoint holds.
const maxText = 255

// A Remote is what the server has to say about a file.
type Remote struct {
	Identity segment.Identity
	Host     string           // who sends the bytes, for messages
	Plain    bool             // it serves no ranges
	Source   scheduler.Source // asked again for a few bytes that are there, where Identity proves too little; nil if it cannot be

	// Fickle says whether the entity-tags of the server mean nothing. It is asked
	// if nothing but them speaks for another version; nil means that they do.
	Fickle func(ctx context.Context) (bool, error)
}

// Begin says what the file turned out to be. It goes on from the checkpoint if
// that is of the same file, as far as can be told, and begins anew otherwise;
// Notes says why. What it goes on with is read back first, so it may take a
// while; ctx ends that, with its cause.
//
// It is the same file if Identity proves so and the URL is the one it was begun
// with. If the URL is another, or Identity proves nothing, a few of the bytes
// that are there are asked for again at Source and compared. A Source that
// cannot be asked leaves an unproved file to be begun anew, and another URL's an
// error.
//
// If the remote is plain, or the size unknown or 0, the file is begun anew and
// keeps no checkpoint: a plain job cannot be continued.
//
// If it cannot be locked now, or its name has been taken since Open, the error
// is one of Open's. It wraps scheduler.ErrChanged if the file is another than the one that
// was begun, and scheduler.ErrNoRanges if it was begun with ranges and there are
// none now; with Options.Restart it begins anew instead. It is Source's error if
// that failed. Part and checkpoint stay as they are. Otherwise it wraps
// scheduler.ErrSink: a disk that is too full for the file shows here.
func (f *File) Begin(ctx context.Context, remote Remote) error {
	f.saving.Lock()
	defer f.saving.Unlock()
	if f.tried || f.finished || f.closed {
		return writing(f.part, errors.New("it was begun before"))
	}
	f.tried = true
	id := remote.Identity
	if len(id.ETag) > maxText {
		id.ETag = ""
	}
	f.plain = remote.Plain || id.Size <= 0
	small := f.spare != nil && f.small(id.Size)
	if f.spare != nil && !small {
		if err := f.claimNow(); err != nil {
			return err
		}
	}

	how, err := f.judge(ctx, id, remote)
	if err != nil {
		return err
	}
	if how != anew {
		if how == certain {
			remote.Source = nil
		}
		if going, err := f.resume(ctx, remote.Source); going || err != nil {
			return err
		}
	}
	f.same = segment.Checkpoint{
		Identity: id,
		Grid:     f.cut(id.Size),
		Host:     remote.Host[:min(len(remote.Host), maxText)],
		Pid:      os.Getpid(),
	}
	var salt [8]byte
	_, _ = rand.Read(salt[:]) // never fails
	f.same.Origin = segment.NewOrigin(withoutSecrets(f.o.URL), salt)
	make := f.create
	if small {
		make = f.beginNameless
	}
	if err := make(); err != nil {
		return writing(f.part, err)
	}
	return nil
}

// How Begin begins.
const (
	anew    = iota
	certain // go on with what is there
	likely  // go on if some of it compares well
)

// judge says how to begin a file that is now said to be id, and notes why.
func (f *File) judge(ctx context.Context, id segment.Identity, remote Remote) (how int, err error) {
	c, src := f.found, remote.Source
	switch {
	case c == nil:
		if f.partial && f.slots.size == 0 {
			f.note(f.part, "it was left by a run that kept no checkpoint; beginning anew")
		}
		return anew, nil
	case !f.partial:
		f.note(f.part, "it is gone; beginning anew")
		return anew, nil
	case len(claims(c)) == 0:
		return anew, nil
	}
	switch moved := f.moved(); {
	case c.Identity.Conflicts(id):
		if src == nil || f.plain || remote.Fickle == nil || !c.Identity.OnlyTag(id) {
			return anew, f.changed()
		}
		switch fickle, err := remote.Fickle(ctx); {
		case err != nil:
			return anew, err
		case !fickle:
			return anew, f.changed()
		}
		c.Identity.ETag = ""
		return likely, nil
	case f.plain && !f.o.Restart:
		return anew, fmt.Errorf("%w any more: %s is kept", scheduler.ErrNoRanges, f.part)
	case f.plain:
		f.note(f.part, "%v any more; beginning anew", scheduler.ErrNoRanges)
		return anew, nil
	case c.Identity.Same(id) && !moved:
		return certain, nil
	case src != nil:
		return likely, nil
	case moved:
		return anew, f.changed()
	}
	f.note(f.part, "the server does not say enough to prove that its file is still the same; beginning anew")
	return anew, nil
}

// moved says whether what was found came from another URL.
func (f *File) moved() bool { return !f.found.Origin.Is(withoutSecrets(f.o.URL)) }

// changed is the error that the file is not the one that was begun, or only a
// note of it, if it may be begun anew.
func (f *File) changed() error {
	if f.o.Restart {
		f.note(f.part, "%v since it was begun; beginning anew", scheduler.ErrChanged)
		return nil
	}
	or := ""
	if f.moved() {
		or = fmt.Sprintf(", or %s is of another URL", filepath.Base(f.part))
	}
	return fmt.Errorf("%w since %s was begun%s", scheduler.ErrChanged, f.part, or)
}

// claimNow is claim for a file that is not to stay nameless.
func (f *File) claimNow() error {
	spare := f.spare
	f.spare = nil
	if err := spare.Close(); err != nil {
		return writing(f.part, err)
	}
	err := f.claim()
	switch {
	case err == nil && f.finished: // by another run, since Open
		return exists(f.path)
	case err == nil, errors.Is(err, ErrLocked), errors.Is(err, fs.ErrExist), errors.Is(err, segment.ErrVersion):
		return err
	}
	return writing(f.ck, err)
}

// create makes a fresh part and checkpoint. What an earlier run left goes
// first, and its claims before the new part exists: that may get the old one's
// inode. If anything fails, nothing remains.
func (f *File) create() (err error) {
	f.found, f.older = nil, nil
	if f.partial {
		if err := f.disk.remove(f.part); err != nil {
			return err
		}
	}
	if err := f.slots.clear(); err != nil {
		return err
	}
	// A part without a checkpoint is taken for somebody else's, so the
	// checkpoint's name is durable before the part's.
	if err := f.disk.syncDir(filepath.Dir(f.path)); err != nil {
		return err
	}
	f.partial = false
	data, err := f.disk.create(f.part)
	if err != nil {
		return err
	}
	f.partial = true
	defer func() {
		if err != nil {
			// The truncation frees what a failed fallocate leaves behind, even
			// if the name cannot be removed.
			_ = data.truncate(0)
			_ = data.Close()
			f.abandon()
			f.mu.Lock()
			f.last = nil
			f.mu.Unlock()
		}
	}()
	size := f.same.Grid.Size
	if size > 0 {
		if err := data.allocate(size); err != nil {
			return reserving(size, err)
		}
	}
	f.take(&segment.Checkpoint{Done: segment.NewBitmap(f.same.Grid.Len())})
	if err := f.establish(data); err != nil {
		return err
	}
	f.data = data
	return nil
}

// establish writes the first checkpoint of a part that has just got its name.
func (f *File) establish(data handle) error {
	f.solid = f.isSolid(data)
	if !f.plain {
		st, err := data.stat()
		if err != nil {
			return err
		}
		c := *f.last
		c.Part = st.stamp()
		if err := f.slots.begin(c); err != nil {
			return err
		}
	}
	if err := data.sync(); err != nil {
		return err
	}
	return f.disk.syncDir(filepath.Dir(f.path))
}

// abandon takes the name of a part away for which establish has failed. Without
// it the checkpoint is litter. That may go only after the name has: a part alone
// is taken for somebody else's.
func (f *File) abandon() {
	f.partial = f.disk.remove(f.part) != nil || f.disk.syncDir(filepath.Dir(f.path)) != nil
	_ = f.slots.empty()
}

// isSolid says whether data has no holes, where that can be told.
func (f *File) isSolid(data handle) bool {
	holes, err := data.holes(f.same.Grid.Size)
	return err == nil && !holes
}

// take begins the run's accounts with what c claims.
func (f *File) take(c *segment.Checkpoint) {
	f.same.Relaxed = f.o.Durability == Relaxed
	last := f.same
	last.Done, last.Sums, last.Heads = c.Done, c.Sums, c.Heads
	if last.Sums == nil {
		last.Sums = make([]uint32, last.Done.Len())
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begun, f.written, f.sums, f.last = map[int]progress{}, last.Done.Clone(), slices.Clone(last.Sums), &last
	for _, h := range last.Heads {
		f.begun[h.Block] = progress{next: place(last.Grid, h).End, sum: h.Sum}
	}
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
