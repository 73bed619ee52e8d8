package scheduler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"braid/segment"
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

	var first look
	if j.Pacer != nil {
		first = j.pace(look{}, time.Now()) // before anybody asks
	}
	workers, wctx := errgroup.WithContext(ctx)
	for id := range j.Workers {
		workers.Go(func() error { return j.work(wctx, id) })
	}
	var tended error
	var tending sync.WaitGroup
	tending.Go(func() {
		if tended = j.tend(wctx); tended != nil {
			quit(tended)
		}
	})
	if j.Pacer != nil {
		tending.Go(func() { j.steer(wctx, first) })
	}
	err := workers.Wait() // ends wctx, and so those who tend and steer
	tending.Wait()
	j.ledger.leave()
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
	id    int
	buf   []byte
	rate  meter
	rtt   time.Duration
	leash time.Duration // how long its connection is not judged

	allowed allowance
}

func (w *worker) bid() bid { return bid{rate: w.rate.rate, rtt: w.rtt} }

// work fetches leases until every byte is written. A lease that fails is given
// back before the worker waits, so that others may take it meanwhile.
func (j *Job) work(ctx context.Context, id int) error {
	w := &worker{id: id, leash: leash}
	defer func() { used(w.buf) }()
	patience := patience{job: j}
	for {
		if !j.ledger.hasPlace() {
			if err := j.Host.wait(ctx, j.whole()); err != nil {
				return err
			}
		}
		l, err := j.ledger.take(ctx, w.bid())
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if !l.entered && j.Host.left() > 0 { // since it waited for the lease
			j.ledger.settle(l)
			continue
		}
		j.lent(id, l)
		try := attempt{worker: id, asked: j.ledger.reach(l.lent), sent: time.Now()}
		l, try.got, try.err = j.fetch(ctx, l, try.asked, w)
		j.ledger.settle(l)
		if err := patience.after(ctx, try); err != nil {
			return err
		}
		if errors.Is(try.err, ErrReplaced) {
			w.leash, w.rate = min(2*w.leash, maxLeash), meter{}
		}
	}
}

func (j *Job) lent(id int, l *lease) {
	kind := EventLease
	if l.stolen {
		kind = EventSteal
		j.steals.Add(1)
	}
	j.tell(Event{Kind: kind, Worker: id, Range: l.lent})
}

// fetch asks for r, the beginning of l, and moves what comes to the sink, until
// the answer ends. While it holds the bytes behind l, and nobody else has them,
// it goes on with these. fetch returns the lease it came to, how many bytes it
// wrote, and what ended it.
func (j *Job) fetch(ctx context.Context, l *lease, r segment.Range, w *worker) (last *lease, got int64, err error) {
	ctx, a, err := j.ask(ctx, l, r)
	if err != nil {
		return l, 0, err
	}
	defer a.close()
	w.rtt = a.rtt
	j.ledger.began(l, time.Now(), w.leash)
	for {
		err := j.move(ctx, a, l, w)
		if err != nil || !a.whole {
			return l, a.got, err
		}
		next := j.ledger.follow(ctx, l, w.bid(), j.single.Load())
		if next == nil {
			return l, a.got, nil
		}
		l = next
		if !a.follow(l.lent) {
			return l, a.got, nil
		}
		j.lent(w.id, l)
	}
}

// move takes the bytes of l from a to the sink, until the lease is fulfilled,
// cut short, or the answer ends.
func (j *Job) move(ctx context.Context, a *answer, l *lease, w *worker) error {
	if w.buf == nil {
		w.buf = buffer(min(chunk, j.Grid.Block, j.Grid.Size))
	}
	a.whole = false
	off, end, last := l.lent.Off, l.lent.End, time.Now()
	for off < end {
		n, readErr := a.fill(ctx, w.buf[:min(j.border(off), end)-off], &w.allowed)
		a.watch.Stop() // the disk may take its time
		n = j.ledger.claim(l, n)
		if n > 0 {
			if err := j.write(w.buf[:n], off); err != nil {
				return err
			}
		}
		now := time.Now()
		if n > 0 {
			w.rate.add(int64(n), now.Sub(last))
		}
		end = j.ledger.advance(l, w.rate.rate, now)
		off, a.got = off+int64(n), a.got+int64(n)
		switch {
		case off >= end:
			a.whole = true
			return nil
		case readErr == io.EOF && a.got > 0:
			return nil // a shorter answer than asked for is legal
		case readErr == io.EOF:
			return a.wrap(ctx, io.ErrUnexpectedEOF)
		case readErr != nil:
			return a.wrap(ctx, readErr)
		}
		if err := j.ledger.room(ctx, l); err != nil {
			return err
		}
		last = time.Now() // waiting for the disk is not the server's slowness
		a.watch.Reset(j.Stall)
	}
	a.whole = true // nothing of it was left
	return nil
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
