package sink

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"braid/scheduler"
	"braid/segment"
)

// ErrLocked says that another process, or another File of this one, has the
// same output.
var ErrLocked = errors.New("is being fetched by another braid")

// ErrForeign says that NAME.part stands there without a checkpoint, so that it
// may be somebody else's. It wraps fs.ErrExist. No option replaces such a file.
var ErrForeign = fmt.Errorf("%w and has no checkpoint", fs.ErrExist)

// Options say what may be replaced and how sure to be. The zero Options replace
// nothing, and keep all that is promised.
type Options struct {
	URL       string // where the bytes come from; only a salted hash of it is kept
	Overwrite bool   // replace an existing file of that name, at Commit
	Restart   bool   // if what was fetched cannot be continued, drop it instead of failing

	Durability   Durability
	VerifyResume VerifyResume
}

// A File is a scheduler.Sink on disk. Open it, Begin once, write and Save,
// Commit, and always Close. WriteAt, ReadAt and the questions (Done, Resumable,
// …) may be called from many goroutines; WriteAt must have returned everywhere
// before Commit or Close is called.
type File struct {
	path, part, ck string
	o              Options
	disk           disk
	cut            func(size int64) segment.Grid

	slots    slots               // the checkpoint file, locked
	found    *segment.Checkpoint // what an earlier run left in it; nil if nothing that can be used
	older    *segment.Checkpoint // its other slot; nil if damaged
	partial  bool                // there is a part file as well
	fresh    bool                // there was no checkpoint file before Open
	finished bool

	spare handle // a file without a name that Open has made; nil after Begin
	tried bool   // Begin was called

	saving   sync.Mutex // Begin, Save, Truncate, Commit, Close: one at a time
	data     handle     // the part; nil before Begin and after Commit
	nameless bool       // it has no name yet, and no checkpoint
	plain    bool
	same     segment.Checkpoint // what all checkpoints of this run have in common
	complete bool               // slots say so from now on
	solid    bool               // the part had no holes at Begin, where that can be told
	closed   bool
	modified time.Time

	writing sync.Mutex // around pwrite(2), see pour; guards pace
	pace    pace

	mu      sync.Mutex // guards what follows; never held during I/O
	notes   []string
	begun   map[int]progress    // blocks that are partly written
	written *segment.Bitmap     // blocks whose every byte is in the file
	sums    []uint32            // CRC-32C of those
	last    *segment.Checkpoint // what would survive a crash: what the last slot claims; nil before Begin
	end     int64               // of a plain job: bytes written in this attempt
	reach   int64               // of a plain job: bytes written in the longest attempt
	poured  progress            // of a plain job: what was written in order from byte 0
	poison  error               // the first failure to make something durable
	lost    bool                // part or checkpoint is gone, or the bytes are wrong: nothing can be continued
}

// progress is how far a block, or a plain job's file, has been written, in order
// from its start.
type progress struct {
	next int64 // the offset in the file that comes next
	sum  uint32
}

var (
	_ scheduler.Sink = (*File)(nil)
	_ io.ReaderAt    = (*File)(nil)
)

// ReadAt reads back what was written.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	if f.data == nil {
		return 0, &fs.PathError{Op: "read", Path: f.part, Err: fs.ErrClosed}
	}
	return f.data.ReadAt(p, off)
}

// Truncate gives a plain job its length in bytes, which is known only at its
// end and is at most what was written.
func (f *File) Truncate(size int64) error {
	f.saving.Lock()
	defer f.saving.Unlock()
	f.mu.Lock()
	end := f.end
	f.mu.Unlock()
	switch {
	case f.data == nil:
		return writing(f.part, fs.ErrClosed)
	case !f.plain && size == f.same.Grid.Size:
		return nil
	case !f.plain || size < 0 || size > end:
		return writing(f.part, fmt.Errorf("%d bytes cannot be its length", size))
	}
	return f.shorten(size)
}

// shorten cuts off what an attempt at a plain job has written beyond size.
func (f *File) shorten(size int64) error {
	f.mu.Lock()
	longer := f.reach > size
	f.mu.Unlock()
	if longer {
		if err := f.data.truncate(size); err != nil {
			return writing(f.part, err)
		}
	}
	f.mu.Lock()
	f.end, f.reach = size, size
	f.mu.Unlock()
	return nil
}

// Missing is the first byte that an earlier run left missing, which may be
// inside a block, and 0 if no run left anything: where the source should begin
// to ask.
func (f *File) Missing() int64 {
	if f.found == nil || !f.partial {
		return 0
	}
	for first := range f.found.Done.Gaps() {
		off := f.found.Grid.Range(first).Off
		for _, h := range f.found.Heads {
			if h.Block == first {
				off += h.Len
			}
		}
		return off
	}
	return 0
}

// Finished says that an earlier run of the same URL was stopped after the file
// had its name and before its checkpoint was gone. Nothing is to be fetched, and
// Begin is not called: Commit checks the file and tidies up. It is never so
// with Options.Overwrite, which asks for the file anew.
func (f *File) Finished() bool { return f.finished }

// Size is the length of the file in bytes; of a plain job, what this attempt
// has written. It is known after Begin, or if Finished.
func (f *File) Size() int64 {
	if !f.plain {
		return f.same.Grid.Size
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.end
}

// Grid is how the file is cut. A continued file keeps the grid it was begun
// with. It is the zero Grid before Begin.
func (f *File) Grid() segment.Grid { return f.same.Grid }

// Done is a copy of the set of blocks that would survive a crash now. If it is
// full right after Begin, only Commit remains.
func (f *File) Done() *segment.Bitmap {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last == nil {
		return segment.NewBitmap(f.same.Grid.Len())
	}
	return f.last.Done.Clone()
}

// Begun is the beginnings of blocks that would survive a crash now, in order.
// None of them is in Done.
func (f *File) Begun() []segment.Range {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last == nil {
		return nil
	}
	var begun []segment.Range
	for _, h := range f.last.Heads {
		begun = append(begun, place(f.last.Grid, h))
	}
	return begun
}

// place is where the bytes of h lie.
func place(g segment.Grid, h segment.Head) segment.Range {
	off := g.Range(h.Block).Off
	return segment.Range{Off: off, End: off + h.Len}
}

// Resumable is how many bytes the next run would not fetch again.
func (f *File) Resumable() (bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.last
	if c == nil && f.partial {
		c = f.found
	}
	if c == nil || f.lost {
		return 0
	}
	bytes = c.Done.Bytes(c.Grid)
	for _, h := range c.Heads {
		bytes += h.Len
	}
	return bytes
}

// Notes are sentences for the user about what was found: a damaged slot, blocks
// that failed their CRC, why a file was begun anew. Each names its file.
func (f *File) Notes() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.notes...)
}

// note adds a sentence about the file at path, whose name it begins with.
func (f *File) note(path, format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.notes = append(f.notes, filepath.Base(path)+": "+fmt.Sprintf(format, args...))
}

// SetModified gives the final file this modification time, unless it is before
// 1970 or more than a day ahead: no file is dated so in earnest, and not every
// file system can.
func (f *File) SetModified(t time.Time) {
	if t.Unix() >= 0 && time.Until(t) <= 24*time.Hour {
		f.modified = t
	}
}
