package scheduler

import (
	"context"
	"time"

	"braid/segment"
)

// maxUnsaved is how many written bytes may wait for a checkpoint before
// receiving pauses; what 64 workers have in hand comes on top, and together
// that is 256 MiB. saveBytes is how many ask for a checkpoint before its time.
const (
	maxUnsaved = 192 << 20
	saveBytes  = 64 << 20
)

// room waits until few enough bytes wait for a checkpoint. Meanwhile l is not
// slow: it is the disk.
func (b *ledger) room(ctx context.Context, l *lease) error {
	for {
		b.mu.Lock()
		full, changed := b.full(), b.changed
		if !full && l.paused {
			l.paused, l.moved = false, time.Now()
		}
		l.paused = full
		b.mu.Unlock()
		if !full {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// full says whether receiving pauses until there is a checkpoint.
func (b *ledger) full() bool { return b.written-b.durable >= maxUnsaved }

// due waits until enough bytes wait for a checkpoint to be worth one before
// its time, and reports false if ctx or the timer ends first.
func (b *ledger) due(ctx context.Context, timer <-chan time.Time) bool {
	for {
		b.mu.Lock()
		much, changed := b.written-b.durable >= saveBytes, b.changed
		b.mu.Unlock()
		if much {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-timer:
			return true
		case <-changed:
		}
	}
}

// snapshot is the blocks done so far, and how many bytes are written in all;
// saved, called with that number, says that they have become durable.
func (b *ledger) snapshot() (done *segment.Bitmap, written int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.done.Clone(), b.written
}

func (b *ledger) saved(written int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.durable = written
	b.wake()
}

// count is how many bytes are written, and how many of them are durable.
func (b *ledger) count() (written, durable int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.written, b.durable
}
