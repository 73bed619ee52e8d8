package sink

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"braid/scheduler"
	"braid/segment"
)

// Memory is a sink in memory, for tests and small files. It grows as it is
// written; the zero Memory is empty and ready.
type Memory struct {
	mu sync.RWMutex
	b  []byte
}

var _ scheduler.Sink = (*Memory)(nil)

// WriteAt writes p at off. What lies between the end and off becomes zeros.
func (m *Memory) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("%w memory: %w", scheduler.ErrSink, errors.New("negative offset"))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if grow := off + int64(len(p)) - int64(len(m.b)); grow > 0 {
		m.b = append(m.b, make([]byte, grow)...)
	}
	return copy(m.b[off:], p), nil
}

// ReadAt reads back what was written.
func (m *Memory) ReadAt(p []byte, off int64) (int, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if off < 0 {
		return 0, errors.New("memory: negative offset")
	}
	if off >= int64(len(m.b)) {
		return 0, io.EOF
	}
	n := copy(p, m.b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Save does nothing: memory survives no crash.
func (m *Memory) Save(*segment.Bitmap) error { return nil }

// Truncate cuts to size bytes, or fills up to them with zeros.
func (m *Memory) Truncate(size int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if size < 0 {
		return fmt.Errorf("%w memory: %w", scheduler.ErrSink, errors.New("negative length"))
	}
	if grow := size - int64(len(m.b)); grow > 0 {
		m.b = append(m.b, make([]byte, grow)...)
	}
	m.b = m.b[:size:size]
	return nil
}

// Bytes is a copy of all that was written.
func (m *Memory) Bytes() []byte {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return append([]byte(nil), m.b...)
}

// Discard keeps nothing: a sink for measuring the network alone.
type Discard struct{}

var _ scheduler.Sink = Discard{}

// WriteAt takes p for written.
func (Discard) WriteAt(p []byte, off int64) (int, error) { return len(p), nil }

// Save does nothing.
func (Discard) Save(*segment.Bitmap) error { return nil }

// Truncate does nothing.
func (Discard) Truncate(int64) error { return nil }
