package cli

import (
	"context"
	"fmt"
	"hash"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"braid/segment"
)

// A hasher hashes a file while it comes: it follows the bytes that are written
// from the beginning without a gap, and reads them back while the system still
// has them in memory. What is left at the end is what nobody has hashed yet. So
// a large file is read once, not twice; what another program does to a byte after
// it was hashed is not noticed, unless the durability is strict, which reads all
// back before the file gets its name.
type hasher struct {
	digest  segment.Digest
	hash    hash.Hash
	at      atomic.Int64 // bytes hashed
	failed  error        // of a read; then the file is hashed from its beginning
	running sync.WaitGroup
	stop    context.CancelFunc
}

// Hashing goes by so many bytes, and looks for more so often.
const (
	hashChunk = 1 << 20
	hashLook  = 20 * time.Millisecond
)

// follow hashes from as far as prefix says that it is written, until ctx ends or
// rest is called.
func follow(ctx context.Context, digest segment.Digest, from io.ReaderAt, prefix func() int64) *hasher {
	h := &hasher{digest: digest, hash: digest.Hash()}
	ctx, h.stop = context.WithCancel(ctx)
	h.running.Go(func() {
		ticker := time.NewTicker(hashLook)
		defer ticker.Stop()
		buf := make([]byte, hashChunk)
		for {
			for end := prefix(); h.at.Load() < end && ctx.Err() == nil; {
				p := buf[:min(end-h.at.Load(), hashChunk)]
				if _, h.failed = from.ReadAt(p, h.at.Load()); h.failed != nil {
					return
				}
				h.hash.Write(p)
				h.at.Add(int64(len(p)))
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	})
	return h
}

// rest ends following; the caller may use what was hashed.
func (h *hasher) rest() {
	h.stop()
	h.running.Wait()
	if h.failed != nil {
		h.hash.Reset()
		h.at.Store(0)
	}
}

// check hashes what is left of file and says whether it is the one: if not, the
// error is a *segment.DigestError.
func (h *hasher) check(ctx context.Context, file io.ReaderAt, size int64) error {
	buf := make([]byte, hashChunk)
	for h.at.Load() < size {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := buf[:min(size-h.at.Load(), hashChunk)]
		n, err := file.ReadAt(p, h.at.Load())
		h.hash.Write(p[:n])
		h.at.Add(int64(n))
		if err != nil && (err != io.EOF || n < len(p)) {
			return fmt.Errorf("reading back to verify: %w", err)
		}
	}
	return h.digest.Match(h.hash.Sum(nil))
}
