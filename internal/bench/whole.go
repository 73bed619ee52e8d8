package bench

import (
	"context"
	"crypto/tls"
	"io"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"

	"braid/scheduler"
	"braid/scheduler/source"
	"braid/segment"
)

// A download fetches the whole file again and again, each time over several
// connections and as braid get does: by a scheduler.Job, from the same source. Its
// sink keeps nothing and looks at every byte.
type download struct {
	source  *source.HTTP
	known   Content
	workers int
	stall   time.Duration
	calls   *atomic.Int64 // requests that were sent
}

func (d *download) aim() int64 { return d.source.Identity().Size }

func (d *download) close() {}

func (d *download) shoot(ctx context.Context, due time.Time) (s shot) {
	s.due = due
	size := d.source.Identity().Size
	var once sync.Once
	var first time.Time
	var connects, handshakes atomic.Int64
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotFirstResponseByte: func() { once.Do(func() { first = time.Now() }) },
		GotConn: func(got httptrace.GotConnInfo) {
			if !got.Reused {
				connects.Add(1)
			}
		},
		TLSHandshakeDone: func(tls.ConnectionState, error) { handshakes.Add(1) },
	})
	look := &looking{known: d.known}
	job := &scheduler.Job{
		Source: counting{d.source, d.calls}, Sink: look, Grid: segment.Cut(size),
		Workers: d.workers, Stall: d.stall,
	}
	s.err = job.Run(ctx)
	s.first, s.done, s.bytes = first, time.Now(), size
	s.connects, s.handshakes, s.again = connects.Load(), handshakes.Load(), int64(job.Stats().Retries)
	return s
}

// counting counts what is asked for.
type counting struct {
	*source.HTTP
	calls *atomic.Int64
}

func (c counting) Open(ctx context.Context, r segment.Range) (io.ReadCloser, error) {
	c.calls.Add(1)
	return c.HTTP.Open(ctx, r)
}

// looking is a sink that keeps nothing.
type looking struct {
	known Content
	free  sync.Pool // of *checker
}

func (l *looking) WriteAt(p []byte, off int64) (int, error) {
	c, ok := l.free.Get().(*checker)
	if !ok {
		c = &checker{known: l.known}
	}
	defer l.free.Put(c)
	if err := c.check(p, off); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (l *looking) Save(*segment.Bitmap) error { return nil }
