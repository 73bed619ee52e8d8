package scheduler

import (
	"cmp"
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"braid/segment"
)

// A ledger knows who holds which bytes of one file. It is a value under a
// mutex and starts no goroutine.
//
// Its invariant: a byte that is not written is free, or in exactly one lease.
// Leases end on block borders, and the bytes of a lease are written in order,
// so a block is done when somebody's writing has passed its end.
type ledger struct {
	mu       sync.Mutex
	grid     segment.Grid
	done     *segment.Bitmap
	free     []segment.Range // sorted, apart from each other
	fair     int64           // bytes for each worker if all are alike
	first    int64           // bytes to lend at least, the first time; then 0
	out      []*lease        // in the order lent
	written  int64           // bytes in the file
	durable  int64           // bytes that the last save covered
	crowd    crowd           // how much at once the server puts up with
	pace     int             // how many requests at once the job wants
	host     *Host           // where each request takes a place
	entered  bool            // the first one has one already
	refusals int             // of too many requests
	idle     bool            // somebody who might ask found no work, or no place, since the last look
	answers  int             // how many there have been
	speeds   [8]float64      // bytes a second that the last of them brought; 0 none yet
	rtt      time.Duration   // the longest that the beginning of one took
	weighed  time.Time       // when usual was last put right
	usual    float64         // bytes a second that one has lately been bringing; 0 unknown
	changed  chan struct{}   // closed, and replaced, when a waiting worker should look again
	whole    chan struct{}   // closed when every byte is written
}

// A lease is a run of bytes lent to one worker, who may read what was lent;
// the other fields are the ledger's.
type lease struct {
	lent     segment.Range
	stolen   bool // from another lease
	entered  bool // its request has its place from before the job
	relieved int  // how often all that was left of it went to another

	off    int64     // all before it is written
	claim  int64     // all before it is being written; off <= claim <= end
	end    int64     // moves down when a thief takes the tail
	rate   float64   // bytes a second, as its worker last told; 0 unknown
	moved  time.Time // when it last told
	paused bool      // waits for the disk

	sent     time.Time       // when its request went out
	answered bool            // its answer has begun
	judged   time.Time       // not before then
	drop     func(why error) // gives both up, under the mutex; nil before there is a request, and once it was called
}

// patrol is how often a worker without work looks whether somebody has become
// slow enough to be helped.
const patrol = 250 * time.Millisecond

// busy says whether l waits for the disk, which is no fault of its connection.
func (l *lease) busy() bool { return l.claim > l.off || l.paused }

// newLedger is the ledger of a file of which the blocks in done are there, and
// begun: beginnings of other blocks, in order. The first lease is a fair share
// among workers, up to firstLease, since its answer is under way before the job
// begins and should not be cut off early.
func newLedger(g segment.Grid, done *segment.Bitmap, begun []segment.Range, workers int) *ledger {
	b := &ledger{grid: g, done: segment.NewBitmap(g.Len()), crowd: newCrowd(max(workers, 1)), pace: max(workers, 1), host: new(Host), changed: make(chan struct{}), whole: make(chan struct{})}
	if done != nil {
		b.done = done.Clone()
	}
	b.written = b.done.Bytes(g)
	for first, past := range b.done.Gaps() {
		gap := g.Span(first, past)
		for len(begun) > 0 && begun[0].Off < gap.End {
			if begun[0].Off > gap.Off {
				b.free = append(b.free, segment.Range{Off: gap.Off, End: begun[0].Off})
			}
			gap.Off = begun[0].End
			b.written += begun[0].Len()
			begun = begun[1:]
		}
		b.free = append(b.free, gap)
	}
	b.durable = b.written
	b.fair = max((g.Size-b.written)/int64(max(workers, 1)), 1)
	b.first = min(b.fair, firstLease)
	if b.written == g.Size {
		close(b.whole)
	}
	return b
}

// take lends bytes: free ones in file order, else the tail of the lease that
// would take longest. It waits while there is nothing to lend, or nobody more
// may ask, and returns io.EOF when every byte is written.
func (b *ledger) take(ctx context.Context, who bid) (*lease, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		now := time.Now()
		b.mu.Lock()
		if b.written == b.grid.Size {
			b.mu.Unlock()
			return nil, io.EOF
		}
		var l *lease
		if len(b.out) < min(b.crowd.limit, b.pace) {
			l = b.next(who, now)
			b.idle = b.idle || l == nil
		}
		changed := b.changed
		b.mu.Unlock()
		if l != nil {
			return l, nil
		}
		wait := time.NewTimer(patrol)
		select {
		case <-ctx.Done():
		case <-changed:
		case <-wait.C:
		}
		wait.Stop()
	}
}

// next lends bytes for one more request, if there are any, and a place for it.
func (b *ledger) next(who bid, now time.Time) *lease {
	if !b.entered && b.host.try(len(b.out) == 0, now) != nil {
		return nil
	}
	entered := b.entered
	b.entered = false
	l := b.lend(who)
	if l == nil {
		l = b.steal(who, now)
	}
	if l == nil {
		l = b.relieve(who, now)
	}
	if l == nil {
		b.host.Leave()
		return nil
	}
	l.entered = entered
	l.lent, l.moved = segment.Range{Off: l.off, End: l.end}, now
	b.out = append(b.out, l)
	return l
}

// claim says how many of the next n bytes still belong to l. From now on no
// thief comes below them.
func (b *ledger) claim(l *lease, n int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n = int(min(int64(n), l.end-l.off))
	l.claim = l.off + int64(n)
	return n
}

// advance says that the claimed bytes are in the file, and how fast l has been
// lately. It returns where l ends now.
func (b *ledger) advance(l *lease, rate float64, now time.Time) (end int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.written
	for i := b.grid.Index(l.off); l.off < l.claim; i++ {
		past := min(b.grid.Range(i).End, l.claim)
		b.written += past - l.off
		l.off = past
		if past == b.grid.Range(i).End {
			b.done.Set(i)
		}
	}
	l.rate, l.moved = rate, now
	switch {
	case b.written == before:
	case b.written == b.grid.Size:
		close(b.whole)
		b.wake()
	case before-b.durable < saveBytes && b.written-b.durable >= saveBytes:
		b.wake()
	}
	return l.end
}

// settle takes l back. What it did not write is free again.
func (b *ledger) settle(l *lease) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.out = slices.DeleteFunc(b.out, func(o *lease) bool { return o == l })
	if l.answered {
		b.remember(l.rate)
		b.host.serves(-1)
	}
	b.host.Leave()
	if l.off < l.end {
		b.release(segment.Range{Off: l.off, End: l.end})
	}
	b.wake()
}

// release puts r among the free runs, joined with its neighbours.
func (b *ledger) release(r segment.Range) {
	at, _ := slices.BinarySearchFunc(b.free, r.Off, func(f segment.Range, off int64) int { return cmp.Compare(f.Off, off) })
	if at < len(b.free) && r.End == b.free[at].Off {
		r.End = b.free[at].End
		b.free = slices.Delete(b.free, at, at+1)
	}
	if at > 0 && b.free[at-1].End == r.Off {
		b.free[at-1].End = r.End
		return
	}
	b.free = slices.Insert(b.free, at, r)
}

// prefix is where the first byte lies that is not written.
func (b *ledger) prefix() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	end := b.grid.Size
	if len(b.free) > 0 {
		end = b.free[0].Off
	}
	for _, l := range b.out {
		if l.off < l.end {
			end = min(end, l.off)
		}
	}
	return end
}

// lent is what the leases still have to bring.
func (b *ledger) lent() []segment.Range {
	b.mu.Lock()
	defer b.mu.Unlock()
	ranges := make([]segment.Range, len(b.out))
	for i, l := range b.out {
		ranges[i] = segment.Range{Off: l.off, End: l.end}
	}
	return ranges
}

// hasPlace says whether the place is there that was taken before the job began:
// the answer to that request is open.
func (b *ledger) hasPlace() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.entered
}

// leave gives back the place that no request took.
func (b *ledger) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.entered {
		b.entered = false
		b.host.Leave()
	}
}

func (b *ledger) wake() {
	close(b.changed)
	b.changed = make(chan struct{})
}
