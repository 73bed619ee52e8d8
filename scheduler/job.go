package scheduler

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"braid/segment"
)

// A Source gives the bytes of one file: any range of it, as often as asked,
// from many goroutines.
//
// The body holds nothing beyond r and may end early; the scheduler asks again
// for the rest. Open returns an error wrapping ErrChanged if the file is no
// longer the one that was begun; one wrapping ErrNoRanges if what it gets can no
// longer be put at an offset, or ErrSequential if it can, but by one request at
// a time; one marked Crowded if asking for less may help; and one marked
// Permanent if asking again cannot. Any other error is tried again, after the
// wait that a RetryAfter names. If it is Crowded too, all requests wait.
//
// The body may be a Continuer.
type Source interface {
	Open(ctx context.Context, r segment.Range) (io.ReadCloser, error)
}

// A Continuer is a body whose answer may hold more than was asked for. Continue
// leaves what was not read yet, and says whether the body goes on with r, which
// does not begin before it.
type Continuer interface {
	Continue(r segment.Range) bool
}

// A Streamer is a Source that can do without ranges. Stream is called when a
// request was refused for good, and no other is out; it says whether from now on
// the source reads the file from its beginning, if that may be of use.
type Streamer interface {
	Stream(refused error) bool
}

// A Sink keeps bytes at their offsets.
//
// WriteAt is called from many goroutines, never for the same byte twice, and
// never across the border of a block; within a block it is called in order.
// Save makes all that was written before it was called survive a crash. done is
// the blocks that are whole; the rest are beginnings of blocks. It is called
// from one goroutine at a time, and not again once it has failed. A sink must
// not keep done. A plain job calls Save once, at its end, with an empty set.
type Sink interface {
	io.WriterAt
	Save(done *segment.Bitmap) error
}

// A Limiter holds bytes back. A *rate.Limiter is one.
type Limiter interface {
	WaitN(ctx context.Context, n int) error // n is at most Burst
	Burst() int                             // bytes; more than 0
}

// A Job is one file to fetch. Fill it in and call Run once; Stats and Blocks
// may be called meanwhile.
type Job struct {
	Source Source
	Sink   Sink
	Grid   segment.Grid    // Size -1 means unknown: the job ends where the body ends
	Done   *segment.Bitmap // blocks that the sink already holds; nil means none
	Begun  []segment.Range // beginnings of other blocks that it holds, in order

	// Plain asks for the whole file in one request and writes it in order: for
	// sources that serve no ranges. It is implied by an unknown size. A plain
	// job that fails begins again at byte 0.
	Plain bool

	Workers   int           // most requests at once; 0 means 8
	Retry     Retry         // zero means DefaultRetry
	Stall     time.Duration // a body that brings nothing this long is given up, and a request not answered in twice that; 0 means 15 s
	SaveEvery time.Duration // how often a checkpoint is made; 0 means 1 s
	Most      int64         // a file of unknown size that has more bytes is an ErrTooLarge; 0 means no limit
	Pacer     Pacer         // how many of these; nil means all
	Host      *Host         // shared by all jobs that ask one host; nil means this job is the only one
	Entered   bool          // the first request has its place at Host already; Run gives it back
	Limiter   Limiter       // nil means as fast as it goes
	Events    func(Event)   // nil means nobody listens; called from several goroutines at once

	once    sync.Once
	ledger  *ledger // nil in a plain job
	started time.Time
	running atomic.Bool

	speed   speedometer
	resumed int64        // bytes that were there before
	poured  atomic.Int64 // bytes that a plain job has written
	durable atomic.Int64 // and how many of them are durable: all or none
	fetched atomic.Int64
	active  atomic.Int64
	single  atomic.Bool // one request at a time, since the source is sequential
	retries atomic.Int64
	steals  atomic.Int64
}

// open fills in the defaults and the ledger, once: for Run, or for whoever
// asks how the job stands before it runs.
func (j *Job) open() {
	j.once.Do(func() {
		if j.Workers <= 0 {
			j.Workers = 8
		}
		if j.Retry == (Retry{}) {
			j.Retry = DefaultRetry
		}
		if j.Stall <= 0 {
			j.Stall = 15 * time.Second
		}
		if j.Host == nil {
			j.Host = new(Host)
		}
		if j.SaveEvery <= 0 {
			j.SaveEvery = time.Second
		}
		j.Plain = j.Plain || j.Grid.Size < 0
		if !j.Plain {
			j.ledger = newLedger(j.Grid, j.Done, j.Begun, j.Workers)
			j.ledger.host, j.ledger.entered = j.Host, j.Entered
			j.resumed = j.ledger.written
		}
		j.started = time.Now()
		j.speed.read(j.started, 0)
	})
}

// Stats says how the job stands. It may be called at any time, from several
// goroutines.
func (j *Job) Stats() Stats {
	j.open()
	now := time.Now()
	s := Stats{
		Size:    j.Grid.Size,
		Fetched: j.fetched.Load(),
		Active:  int(j.active.Load()),
		Retries: int(j.retries.Load()),
		Steals:  int(j.steals.Load()),
		Elapsed: now.Sub(j.started),
	}
	s.Rate = j.speed.read(now, s.Fetched)
	if j.Plain {
		s.Written, s.Durable = j.poured.Load(), j.durable.Load()
		return s
	}
	s.Written, s.Durable = j.ledger.count()
	s.Resumed = j.resumed
	return s
}

// Prefix is how many bytes from the file's beginning are written without a gap,
// for good. Of a plain job, which may begin again, it is 0.
func (j *Job) Prefix() int64 {
	j.open()
	if j.Plain {
		return 0
	}
	return j.ledger.prefix()
}

// whole is closed when every byte is written; in a plain job it never is.
func (j *Job) whole() <-chan struct{} {
	if j.Plain {
		return nil
	}
	return j.ledger.whole
}

// Blocks is a picture of the file: the blocks that are done, and what the
// leases that are out still have to bring. A plain job has no blocks.
func (j *Job) Blocks() (done *segment.Bitmap, lent []segment.Range) {
	j.open()
	if j.Plain {
		return segment.NewBitmap(0), nil
	}
	done, _ = j.ledger.snapshot()
	return done, j.ledger.lent()
}

func (j *Job) tell(e Event) {
	if j.Events != nil {
		e.Time = time.Now()
		j.Events(e)
	}
}
