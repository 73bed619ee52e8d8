package scheduler

import (
	"context"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"braid/segment"
)

// A block goes through the ledger: lent in a lease of 256, claimed, advanced,
// settled, by as many workers as there are. The time is that of one block.
func BenchmarkLedger(b *testing.B) {
	for _, workers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			b.ReportAllocs()
			l := newLedger(cut(int64(b.N)*mib), nil, nil, workers)
			var all sync.WaitGroup
			for range workers {
				all.Go(func() { pass(b, l) })
			}
			all.Wait()
		})
	}
}

// pass is a worker whose bytes come at once.
func pass(b *testing.B, from *ledger) {
	who := bid{rate: 1 << 30}
	for {
		l, err := from.take(context.Background(), who)
		if err == io.EOF {
			return
		}
		if err != nil {
			b.Error(err)
			return
		}
		for off, end := l.lent.Off, l.lent.End; off < end; {
			n := from.claim(l, mib)
			end = from.advance(l, who.rate, l.moved)
			off += int64(n)
		}
		from.settle(l)
	}
}

// lending is a ledger of a large file with n leases of 256 MiB out, the last of
// which are the slowest.
func lending(n int, now time.Time) *ledger {
	b := newLedger(cut(512<<30), nil, nil, n)
	for i := range n {
		l := b.next(bid{rate: float64(1 << 30 / (i + 1))}, now)
		l.answered = true
	}
	return b
}

// over puts l, one lease of lending, back to its beginning, with all that the
// ledger knows of it.
func (b *ledger) over(l *lease) {
	b.written -= l.off - l.lent.Off
	b.durable = b.written
	l.off, l.claim = l.lent.Off, l.lent.Off
}

func BenchmarkAdvance(b *testing.B) {
	b.ReportAllocs()
	now := time.Now()
	led := lending(64, now)
	l := led.out[0]
	for b.Loop() {
		led.claim(l, mib)
		if led.advance(l, 1<<30, now) == l.off {
			led.over(l)
		}
	}
}

func BenchmarkLend(b *testing.B) {
	b.ReportAllocs()
	led := lending(64, time.Now())
	for b.Loop() {
		l := led.lend(bid{rate: 1 << 30})
		led.release(segment.Range{Off: l.off, End: l.end})
	}
}

func BenchmarkSteal(b *testing.B) {
	b.ReportAllocs()
	now := time.Now()
	led := lending(64, now)
	for b.Loop() {
		thief := led.steal(bid{rate: 1 << 30, rtt: time.Millisecond}, now)
		for _, l := range led.out {
			if l.end == thief.off {
				l.end = thief.end // as it was
			}
		}
	}
}

func TestABlockInTheLedgerAllocatesNothing(t *testing.T) {
	now := time.Now()
	led := lending(64, now)
	l := led.out[0]
	allocs := testing.AllocsPerRun(1000, func() {
		led.claim(l, mib)
		if led.advance(l, 1<<30, now) == l.off {
			led.over(l)
		}
	})
	if allocs != 0 {
		t.Errorf("claim and advance allocate %v times", allocs)
	}
}

// memory is a source that gives any range from one megabyte of memory.
type memory [mib]byte

type memoryBody struct{ from *memory }

func (m *memory) Open(context.Context, segment.Range) (io.ReadCloser, error) {
	return memoryBody{m}, nil
}

func (b memoryBody) Read(p []byte) (int, error) { return copy(p, b.from[:]), nil }
func (b memoryBody) Close() error               { return nil }

// nowhere is a sink that keeps nothing.
type nowhere struct{}

func (nowhere) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (nowhere) Save(*segment.Bitmap) error             { return nil }

// gatherer returns what moves the same lease of 32 blocks again and again.
func gatherer(t testing.TB, limit Limiter) (gather func(), bytes int64) {
	j := &Job{Source: new(memory), Sink: nowhere{}, Grid: cut(32 * mib), Workers: 1, Limiter: limit}
	j.open()
	w := &worker{}
	l, err := j.ledger.take(t.Context(), w.bid())
	if err != nil {
		t.Fatal(err)
	}
	j.ledger.written = -mib // so that the file is never whole
	ctx, a, err := j.ask(t.Context(), l, l.lent)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	return func() {
		if err := j.move(ctx, a, l, w); err != nil {
			t.Fatal(err)
		}
		j.ledger.over(l)
	}, l.lent.Len()
}

func BenchmarkGather(b *testing.B) {
	for name, limit := range map[string]Limiter{"free": nil, "limited": rate.NewLimiter(1<<50, 1<<30)} {
		b.Run(name, func(b *testing.B) {
			gather, bytes := gatherer(b, limit)
			b.SetBytes(bytes)
			b.ReportAllocs()
			for b.Loop() {
				gather()
			}
		})
	}
}

func TestGatheringABlockAllocatesNothing(t *testing.T) {
	for name, limit := range map[string]Limiter{"free": nil, "limited": rate.NewLimiter(1<<50, 1<<30)} {
		gather, _ := gatherer(t, limit)
		if allocs := testing.AllocsPerRun(20, gather); allocs != 0 {
			t.Errorf("%s: 32 blocks allocate %v times", name, allocs)
		}
	}
}
