package scheduler

import (
	"context"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"
)

// chunk is how much a worker gathers before it writes. Writes of whole, aligned
// megabytes cost a third of what small ones do.
const chunk = 1 << 20

// linger is how long a worker on a slow link holds on to bytes before it
// writes what it has.
const linger = time.Second

// Run fetches what is missing and returns when all of it is in the sink and
// durable, or when it cannot go on. What was fetched until then is saved
// either way, unless the job is plain: then it is of no use. An ended ctx ends
// the run with the context's cause.
//
// Run may be called once.
func (j *Job) Run(ctx context.Context) error {
	if j.running.Swap(true) {
		panic("scheduler: Job.Run called twice")
	}
	j.open()
	if j.Plain {
		return j.stream(ctx)
	}
	ctx, quit := context.WithCancelCause(ctx)
	defer quit(nil)

	workers, wctx := errgroup.WithContext(ctx)
	for id := range j.Workers {
		workers.Go(func() error { return j.work(wctx, id) })
	}
	var tended error
	tending := make(chan struct{})
	go func() {
		defer close(tending)
		if tended = j.tend(wctx); tended != nil {
			quit(tended)
		}
	}()
	err := workers.Wait() // ends wctx, and so tend
	<-tending
	switch {
	case tended != nil:
		return tended
	case err != nil && ctx.Err() != nil:
		err = context.Cause(ctx)
	}
	if saved := j.save(); err == nil {
		return saved
	} else if saved != nil {
		return fmt.Errorf("%w (and what came could not be saved: %w)", err, saved)
	}
	return err
}

// A worker is what one goroutine knows of itself from lease to lease.
type worker struct {
	id   int
	buf  []byte
	rate meter
	rtt  time.Duration
}

// work fetches leases until every byte is written. A lease that fails is given
// back before the worker waits, so that others may take it meanwhile.
func (j *Job) work(ctx context.Context, id int) error {
	w := &worker{id: id}
	patience := patience{job: j}
	for {
		l, err := j.ledger.take(ctx, bid{rate: w.rate.rate, rtt: w.rtt})
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		kind := EventLease
		if l.stolen {
			kind = EventSteal
			j.steals.Add(1)
		}
		j.tell(Event{Kind: kind, Worker: id, Range: l.lent})
		got, err := j.fetch(ctx, l, w)
		j.ledger.settle(l)
		if err := patience.after(ctx, id, l.lent, got, err); err != nil {
			return err
		}
	}
}

// fetch asks for what was lent and moves what comes to the sink, until the lease is
// fulfilled, cut short, or the answer ends. It says how many bytes it wrote.
func (j *Job) fetch(ctx context.Context, l *lease, w *worker) (got int64, err error) {
	ctx, a, err := j.ask(ctx, l.lent)
	if err != nil {
		return 0, err
	}
	defer a.close()
	w.rtt = a.rtt
	if w.buf == nil {
		w.buf = make([]byte, min(chunk, j.Grid.Block))
	}
	off, end, last := l.lent.Off, l.lent.End, time.Now()
	for off < end {
		n, readErr := a.fill(ctx, w.buf[:min(j.border(off), end)-off])
		a.watch.Stop() // the disk may take its time
		n = j.ledger.claim(l, n)
		if n > 0 {
			if err := j.write(w.buf[:n], off); err != nil {
				return got, err
			}
		}
		now := time.Now()
		if n > 0 {
			w.rate.add(int64(n), now.Sub(last))
		}
		end = j.ledger.advance(l, w.rate.rate, now)
		off, got = off+int64(n), got+int64(n)
		switch {
		case off >= end:
			return got, nil
		case readErr == io.EOF && got > 0:
			return got, nil // a shorter answer than asked for is legal
		case readErr == io.EOF:
			return got, a.wrap(ctx, io.ErrUnexpectedEOF)
		case readErr != nil:
			return got, a.wrap(ctx, readErr)
		}
		if err := j.ledger.room(ctx); err != nil {
			return got, err
		}
		last = time.Now() // waiting for the disk is not the server's slowness
		a.watch.Reset(j.Stall)
	}
	return got, nil
}

// border is where the chunk that holds byte off ends: never beyond its block.
func (j *Job) border(off int64) int64 {
	return min((off/chunk+1)*chunk, j.Grid.Border(off))
}

func (j *Job) write(p []byte, off int64) error {
	n, err := j.Sink.WriteAt(p, off)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return sinkError(err)
}

// tend makes a checkpoint every second, or sooner when much has come, until
// ctx ends.
func (j *Job) tend(ctx context.Context) error {
	for {
		timer := time.NewTimer(j.SaveEvery)
		more := j.ledger.due(ctx, timer.C)
		timer.Stop()
		if !more {
			return nil
		}
		if err := j.save(); err != nil {
			return err
		}
	}
}

// save makes what is written durable. The snapshot is taken first: what is
// written meanwhile does not count.
func (j *Job) save() error {
	done, written := j.ledger.snapshot()
	if _, durable := j.ledger.count(); written == durable {
		return nil
	}
	if err := j.Sink.Save(done); err != nil {
		return sinkError(err)
	}
	j.ledger.saved(written)
	j.tell(Event{Kind: EventSave})
	return nil
}
