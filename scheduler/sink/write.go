package sink

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"time"

	"braid/scheduler"
	"braid/segment"
)

// WriteAt writes p at off. Unless the job is plain, p lies in one block, blocks
// are written in order from their start, and no byte is written twice; anything
// else is an error. An error wraps scheduler.ErrSink.
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

	n, err := f.pour(p, off)
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

// pour writes p. Writers take turns: the kernel makes them wait for the inode's
// lock anyway, and they would spin there.
func (f *File) pour(p []byte, off int64) (n int, err error) {
	f.writing.Lock()
	defer f.writing.Unlock()
	start := time.Now()
	n, err = writePieces(f.data, p, off, f.pace.piece())
	f.pace.wrote(n, time.Since(start))
	return n, err
}

// writePlain writes a plain job's bytes. Byte 0 begins it anew.
func (f *File) writePlain(p []byte, off int64) (int, error) {
	n, err := f.pour(p, off)
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

// writeFull writes all of p at off.
func writeFull(w io.WriterAt, p []byte, off int64) (done int, err error) {
	return writePieces(w, p, off, smallPiece)
}

// writePieces is writeFull in pieces of so many bytes. It takes a short write for
// the error it is, whoever wrote.
func writePieces(w io.WriterAt, p []byte, off int64, piece int) (done int, err error) {
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
