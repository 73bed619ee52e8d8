package sink

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"

	"braid/scheduler"
	"braid/segment"
)

// WriteAt writes p at off. Unless the job is plain, p lies in one block, blocks
// are written in order from their start, and no byte is written twice; anything
// else is an error. An error wraps scheduler.ErrSink.
//
// Writers take turns: the kernel makes them wait for the inode's lock anyway,
// and they would spin there.
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	switch {
	case f.data == nil:
		return 0, writing(f.part, fs.ErrClosed)
	case f.plain:
		return f.writePlain(p, off)
	case len(p) == 0:
		return 0, nil
	}
	end := off + int64(len(p))
	i := f.same.Grid.Index(off)
	block := f.same.Grid.Range(i)
	if off < 0 || off >= f.same.Grid.Size || end > block.End {
		return 0, writing(f.part, fmt.Errorf("bytes %v are not within one block", segment.Range{Off: off, End: end}))
	}
	sum, err := f.expect(i, off, block.Off)
	if err != nil {
		return 0, err
	}
	sum = crc32.Update(sum, segment.Castagnoli, p)

	f.writing.Lock()
	n, err := writeFull(f.data, p, off)
	f.writing.Unlock()

	f.mu.Lock()
	switch {
	case err != nil: // what was there before still is
	case end < block.End:
		f.begun[i] = progress{next: end, sum: sum}
	default:
		delete(f.begun, i)
		f.sums[i] = sum
		f.written.Set(i)
	}
	f.mu.Unlock()
	if err != nil {
		return n, writing(f.part, err)
	}
	return n, nil
}

// expect is the sum of block i up to off, where its next bytes must go. A block
// may be begun anew; what was claimed of it then waits until it is written.
func (f *File) expect(i int, off, start int64) (uint32, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.written.Has(i) {
		return 0, writing(f.part, fmt.Errorf("block %d is written a second time", i))
	}
	if off == start {
		delete(f.begun, i)
		return 0, nil
	}
	if at := f.begun[i]; at.next == off {
		return at.sum, nil
	}
	return 0, writing(f.part, fmt.Errorf("block %d is not written in order: byte %d came next", i, off))
}

// writePlain writes a plain job's bytes. Byte 0 begins it anew.
func (f *File) writePlain(p []byte, off int64) (int, error) {
	f.writing.Lock()
	n, err := writeFull(f.data, p, off)
	f.writing.Unlock()
	f.mu.Lock()
	if off == 0 {
		f.end, f.poured = 0, progress{}
	}
	f.end = max(f.end, off+int64(n))
	f.reach = max(f.reach, f.end)
	if off == f.poured.next {
		f.poured.next += int64(n)
		f.poured.sum = crc32.Update(f.poured.sum, segment.Castagnoli, p[:n])
	}
	f.mu.Unlock()
	if err != nil {
		return n, writing(f.part, err)
	}
	return n, nil
}

// writing says that something could not be kept at path, which it names once.
func writing(path string, err error) error {
	if errors.Is(err, scheduler.ErrSink) {
		return err
	}
	return fmt.Errorf("%w %s: %w", scheduler.ErrSink, path, cause(err))
}

// cause takes the path off an error of package os.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// piece is how much goes to the kernel at once. For a whole megabyte the page
// cache allocates memory by the megabyte, and on a virtual machine that gives
// free memory back to its host (free page reporting) the host must first find
// all of it: 2.8 s a GiB were measured, against 0.9 s in pieces of this size.
// Where memory is at hand pieces cost 0.1 s of CPU a GiB.
const piece = 32 << 10

// writeFull takes a short write for the error it is, whoever wrote.
func writeFull(w io.WriterAt, p []byte, off int64) (done int, err error) {
	for done < len(p) {
		part := p[done:min(done+piece, len(p))]
		n, err := w.WriteAt(part, off+int64(done))
		done += n
		if err == nil && n < len(part) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return done, err
		}
	}
	return done, nil
}
