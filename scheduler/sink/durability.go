package sink

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"braid/segment"
)

// A Durability says what a File does so that a power cut costs little.
type Durability int

const (
	// Normal flushes bytes before it claims them. All that this package
	// promises holds as long as the disk honours a flush.
	Normal Durability = iota
	// Strict does as Normal, and Commit reads every byte back from the disk
	// before the file gets its name, so that a disk that has lost or changed one
	// is caught then. It costs the time of reading the file once.
	Strict
	// Relaxed never flushes. The order of things stays the same, and what one
	// process has written another one sees, so the death of the process costs no
	// more than under Normal. A power cut may cost everything, and leave a file
	// that has its name and is wrong.
	Relaxed
)

// A VerifyResume says how much of what an earlier run left is read back before
// it is built upon. All is, whatever it says, if the part is visibly not as it
// was left, if one of the two slots is damaged, or if a Relaxed run wrote them.
type VerifyResume int

const (
	// VerifySample reads all up to a gigabyte; beyond it the ends, 32 random
	// blocks, and what the last checkpoints added.
	VerifySample VerifyResume = iota
	// VerifyAll reads all.
	VerifyAll
	// VerifyNone reads nothing: it believes the checkpoint.
	VerifyNone
)

// errLost says that bytes which were flushed are not what the disk gives back.
var errLost = errors.New("the disk does not give back what was written")

// readBack reads the first size bytes of the part from the disk and compares
// them with what was written. The blocks that differ are claimed no longer, so
// that the next run fetches them again.
func (f *File) readBack(size int64) error {
	if err := f.data.uncache(); err != nil {
		return writing(f.part, err)
	}
	if f.plain {
		return f.readStream(size)
	}
	f.mu.Lock()
	all := claims(f.last)
	f.mu.Unlock()
	bad, err := differing(context.Background(), f.data, f.same.Grid, all)
	if err != nil || len(bad) == 0 {
		return err
	}
	f.mu.Lock()
	for _, h := range bad {
		f.written.Clear(h.Block)
		f.sums[h.Block] = 0
	}
	written := f.written.Clone()
	f.mu.Unlock()
	f.complete = false
	err = writing(f.part, fmt.Errorf("%w in %d of %d blocks", errLost, len(bad), len(all)))
	return errors.Join(err, f.save(written))
}

// readStream is readBack of a plain job, which has one sum for all of it.
func (f *File) readStream(size int64) error {
	f.mu.Lock()
	poured := f.poured
	f.mu.Unlock()
	if poured.next != size {
		return writing(f.part, errors.New("it was not written in order, so it cannot be read back"))
	}
	sum := crc32.New(segment.Castagnoli)
	if _, err := io.Copy(sum, io.NewSectionReader(f.data, 0, size)); err != nil {
		return writing(f.part, err)
	}
	if sum.Sum32() != poured.sum {
		f.lose()
		return writing(f.part, errLost)
	}
	return nil
}

// unflushed is a disk that is never flushed.
type unflushed struct{ disk }

type unflushedFile struct{ handle }

func (d unflushed) lock(path string) (handle, error)   { return unflush(d.disk.lock(path)) }
func (d unflushed) open(path string) (handle, error)   { return unflush(d.disk.open(path)) }
func (d unflushed) create(path string) (handle, error) { return unflush(d.disk.create(path)) }
func (d unflushed) syncDir(string) error               { return nil }

func (d unflushed) nameless(path string) (handle, error) { return unflush(d.disk.nameless(path)) }

func (d unflushed) unlock(h handle, path string, remove bool) error {
	return d.disk.unlock(h.(unflushedFile).handle, path, remove)
}

func unflush(h handle, err error) (handle, error) {
	if err != nil {
		return nil, err
	}
	return unflushedFile{h}, nil
}

func (unflushedFile) datasync() error { return nil }
func (unflushedFile) sync() error     { return nil }
