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
	mu      sync.Mutex
	grid    segment.Grid
	done    *segment.Bitmap
	free    []segment.Range // sorted, apart from each other
	first   int64           // bytes to lend at least, the first time; then 0
	out     []*lease        // in the order lent
	written int64           // bytes in the file
	unsaved int64           // bytes of blocks done since the last snapshot that was saved
	durable int64           // bytes of blocks that the last save covered
	changed chan struct{}   // closed, and replaced, when a waiting worker should look again
}

// A lease is a run of bytes lent to one worker, who may read what was lent;
// the other fields are the ledger's.
type lease struct {
	lent   segment.Range
	stolen bool // from another lease

	off   int64     // all before it is written
	claim int64     // all before it is being written; off <= claim <= end
	end   int64     // moves down when a thief takes the tail
	rate  float64   // bytes a second, as its worker last told; 0 unknown
	moved time.Time // when it last told
}

// The sizes of leases, and how far ahead a worker is planned for.
const (
	minLease = 4 << 20
	maxLease = 256 << 20
	horizon  = 4 * time.Second
)

// maxUnsaved is how many bytes may wait for a checkpoint before receiving
// pauses; saveBytes is how many ask for one before its time. Blocks that are
// half full come on top.
const (
	maxUnsaved = 192 << 20
	saveBytes  = 64 << 20
)

// patrol is how often a worker without work looks whether somebody has become
// slow enough to be helped.
const patrol = 250 * time.Millisecond

// newLedger is the ledger of a file of which done is already there. The first
// lease is a fair share among workers, since its answer is under way before
// the job begins and should not be cut off early.
func newLedger(g segment.Grid, done *segment.Bitmap, workers int) *ledger {
	l := &ledger{grid: g, done: segment.NewBitmap(g.Len()), changed: make(chan struct{})}
	if done != nil {
		l.done = done.Clone()
	}
	for first, past := range l.done.Gaps() {
		l.free = append(l.free, g.Span(first, past))
	}
	l.written = l.done.Bytes(g)
	l.durable = l.written
	l.first = (g.Size - l.written) / int64(max(workers, 1))
	return l
}

// A bid is what a worker knows of itself when it asks for work.
type bid struct {
	rate float64       // bytes a second that it has been getting; 0 unknown
	rtt  time.Duration // how long the server takes to begin an answer
}

// take lends bytes: free ones in file order, else the tail of the lease that
// would take longest. It waits while there is nothing to lend, and returns
// io.EOF when every byte is written.
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
		l := b.lend(who)
		if l == nil {
			l = b.steal(who, now)
		}
		if l != nil {
			l.lent, l.moved = segment.Range{Off: l.off, End: l.end}, now
			b.out = append(b.out, l)
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

// lend takes a lease off the first free run: what the worker gets through in
// four seconds, or in half the time that the whole rest needs.
func (b *ledger) lend(who bid) *lease {
	if len(b.free) == 0 {
		return nil
	}
	size := max(int64(minLease), b.first)
	b.first = 0
	if who.rate > 0 {
		sum, left := who.rate, int64(0)
		for _, l := range b.out {
			sum += l.rate
			left += l.end - l.claim
		}
		for _, r := range b.free {
			left += r.Len()
		}
		ahead := min(horizon.Seconds(), float64(left)/sum/2)
		size = max(size, int64(who.rate*ahead))
	}
	size = min(size, maxLease)
	r := b.free[0]
	end := min(b.up(r.Off+size), r.End)
	if end == r.End {
		b.free = b.free[1:]
	} else {
		b.free[0].Off = end
	}
	return &lease{off: r.Off, claim: r.Off, end: end, rate: who.rate}
}

// steal shortens the lease that would end last and returns its tail: as much
// as lets both end together. The victim keeps the block it is in. A lease that
// ends soon is left alone, since asking costs a round trip.
func (b *ledger) steal(who bid, now time.Time) *lease {
	var victim *lease
	var longest float64
	for _, l := range b.out {
		if b.grid.Border(l.claim) >= l.end {
			continue
		}
		if t := b.remaining(l, who, now); victim == nil || t > longest {
			victim, longest = l, t
		}
	}
	if victim == nil || longest < (2*who.rtt+20*time.Millisecond).Seconds() {
		return nil
	}
	left, share := float64(victim.end-victim.claim), 0.5
	if rate := pace(victim, now); who.rate > 0 && rate > 0 {
		left = max(0, left-rate*who.rtt.Seconds())
		share = who.rate / (who.rate + rate)
	}
	cut := max(b.up(victim.end-int64(share*left)), b.grid.Border(victim.claim))
	if cut >= victim.end {
		return nil
	}
	thief := &lease{off: cut, claim: cut, end: victim.end, rate: who.rate, stolen: true}
	victim.end = cut
	return thief
}

// remaining is how many seconds l would still take, by its own rate or else by
// the asking worker's.
func (b *ledger) remaining(l *lease, who bid, now time.Time) float64 {
	rate := pace(l, now)
	if l.rate == 0 {
		rate = max(who.rate, 1)
	}
	return float64(l.end-l.claim) / max(rate, 1)
}

// pace is l's rate now. A worker tells of itself every second, so one that has
// been silent for longer has slowed down.
func pace(l *lease, now time.Time) float64 {
	const quiet = 2 * time.Second
	if gap := now.Sub(l.moved); gap > quiet {
		return l.rate * quiet.Seconds() / gap.Seconds()
	}
	return l.rate
}

// up is the first block border at or above off, or the end of the file.
func (b *ledger) up(off int64) int64 {
	if off >= b.grid.Size {
		return b.grid.Size
	}
	if off%b.grid.Block == 0 {
		return off
	}
	return b.grid.Border(off)
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
	before := b.unsaved
	for i := b.grid.Index(l.off); l.off < l.claim; i++ {
		past := min(b.grid.Range(i).End, l.claim)
		b.written += past - l.off
		l.off = past
		if past == b.grid.Range(i).End {
			b.done.Set(i)
			b.unsaved += b.grid.Range(i).Len()
		}
	}
	l.rate, l.moved = rate, now
	if b.written == b.grid.Size || before < saveBytes && b.unsaved >= saveBytes {
		b.wake()
	}
	return l.end
}

// settle takes l back. What it did not write is free again.
func (b *ledger) settle(l *lease) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.out = slices.DeleteFunc(b.out, func(o *lease) bool { return o == l })
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

// room waits until few enough bytes wait for a checkpoint.
func (b *ledger) room(ctx context.Context) error {
	for {
		b.mu.Lock()
		full, changed := b.unsaved >= maxUnsaved, b.changed
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

// due waits until enough bytes wait for a checkpoint to be worth one before
// its time, and reports false if ctx or the timer ends first.
func (b *ledger) due(ctx context.Context, timer <-chan time.Time) bool {
	for {
		b.mu.Lock()
		much, changed := b.unsaved >= saveBytes, b.changed
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

// snapshot is the blocks done so far; saved, called with it, says that it has
// become durable.
func (b *ledger) snapshot() (done *segment.Bitmap, unsaved int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.done.Clone(), b.unsaved
}

func (b *ledger) saved(done *segment.Bitmap, unsaved int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.durable = done.Bytes(b.grid)
	b.unsaved -= unsaved
	b.wake()
}

// count is how many bytes are written, and how many of them are durable.
func (b *ledger) count() (written, durable int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.written, b.durable
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

func (b *ledger) wake() {
	close(b.changed)
	b.changed = make(chan struct{})
}
