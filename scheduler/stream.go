package scheduler

import (
	"context"
	"fmt"
	"io"
	"math"
	"time"

	"braid/segment"
)

// A Truncater is a sink that can be told how long the file is. Plain jobs tell
// it at the end, when the length is proved; an earlier try may have written
// more.
type Truncater interface {
	Truncate(size int64) error
}

// stream is Run for a plain job: the whole file in one request, in order. It
// cannot go on where it stopped, so each try begins again at byte 0, and tries
// are counted whether or not they brought bytes.
func (j *Job) stream(ctx context.Context) error {
	if j.Entered {
		defer j.Host.Leave()
	}
	if j.Grid.Size == 0 {
		return j.settle(0)
	}
	patience := patience{job: j}
	for first := true; ; first = false {
		r := segment.Range{Off: 0, End: j.Grid.Size}
		if j.Grid.Size < 0 {
			r.End = math.MaxInt64
		}
		if !first || !j.Entered {
			if err := j.Host.wait(ctx, nil); err != nil {
				return err
			}
		}
		j.tell(Event{Kind: EventLease, Range: r})
		try := attempt{asked: r, sent: time.Now()}
		if try.err = j.pour(ctx, r); try.err == nil {
			return nil
		}
		if err := patience.after(ctx, try); err != nil {
			return err
		}
	}
}

// pour makes one try: it reads r to its end and tells the sink its length.
func (j *Job) pour(ctx context.Context, r segment.Range) error {
	ctx, a, err := j.ask(ctx, nil, r)
	if err != nil {
		return err
	}
	defer a.close()
	j.poured.Store(0)
	buf, allowed := buffer(min(chunk, r.End)), allowance(0)
	defer used(buf)
	for off := int64(0); ; {
		n, readErr := a.fill(ctx, buf[:min((off/chunk+1)*chunk, r.End)-off], &allowed)
		a.watch.Stop()
		if n > 0 {
			if err := j.write(buf[:n], off); err != nil {
				return err
			}
		}
		off += int64(n)
		j.poured.Store(off)
		switch {
		case j.Grid.Size < 0 && j.Most > 0 && off > j.Most:
			return Permanent(fmt.Errorf("%w: %d bytes came, and no end", ErrTooLarge, off))
		case readErr != nil && readErr != io.EOF:
			return a.wrap(ctx, readErr)
		case off == r.End || readErr == io.EOF && j.Grid.Size < 0:
			return j.settle(off)
		case readErr == io.EOF:
			return a.wrap(ctx, io.ErrUnexpectedEOF)
		}
		a.watch.Reset(j.Stall)
	}
}

// settle makes a plain job's file durable, at its proved length.
func (j *Job) settle(size int64) error {
	if t, ok := j.Sink.(Truncater); ok {
		if err := t.Truncate(size); err != nil {
			return sinkError(err)
		}
	}
	if err := j.Sink.Save(segment.NewBitmap(0)); err != nil {
		return sinkError(err)
	}
	j.durable.Store(size)
	return nil
}
