package scheduler

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"braid/segment"
)

// Whatever the speeds, failures, short answers and earlier progress: every
// byte is written exactly once, in order within its block, and all of it is
// saved. The scheduler's central promise.
func TestEveryByteIsWrittenExactlyOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		block := rapid.SampledFrom([]int64{1, 7, 64, 500, 4096}).Draw(rt, "block")
		size := rapid.Int64Range(0, 60*block).Draw(rt, "size")
		workers := rapid.IntRange(1, 12).Draw(rt, "workers")
		trouble := rapid.Float64Range(0, 0.6).Draw(rt, "trouble")
		had := rapid.Float64Range(0, 1).Draw(rt, "had")

		var err error
		synctest.Test(t, func(t *testing.T) { err = history(seed, size, block, workers, trouble, had) })
		if err != nil {
			rt.Fatal(err)
		}
	})
}

// A whim is a pacer that changes its mind all the time.
type whim struct {
	chance *rand.Rand
	most   int
}

func (w whim) Pace(Sample) int { return 1 + w.chance.IntN(w.most) }

// history runs one job against a source that misbehaves by chance.
func history(seed uint64, size, block int64, workers int, trouble, had float64) error {
	chance := rand.New(rand.NewPCG(seed, 1))
	grid := segment.Grid{Size: size, Block: block}
	done := segment.NewBitmap(grid.Len())
	var begun []segment.Range
	for i := range grid.Len() {
		if chance.Float64() < had {
			done.Set(i)
		} else if r := grid.Range(i); r.Len() > 1 && chance.Float64() < had {
			begun = append(begun, segment.Range{Off: r.Off, End: r.Off + 1 + chance.Int64N(r.Len()-1)})
		}
	}
	src := &script{size: size, answer: func(int, segment.Range) reply {
		a := reply{
			delay: time.Duration(chance.IntN(int(time.Second))),
			step:  1 + chance.IntN(int(2*block)),
			every: time.Duration(chance.IntN(int(300 * time.Millisecond))),
		}
		if chance.Float64() < 0.1 {
			a.every *= 100 // one that must be robbed
		}
		switch p := chance.Float64() / max(trouble, 0.001); {
		case p < 0.2:
			a.err = io.ErrUnexpectedEOF
		case p < 0.5:
			a.send = 1 + chance.Int64N(3*block)
		case p < 0.8:
			a.send, a.end = 1+chance.Int64N(3*block), io.ErrUnexpectedEOF
		case p < 1:
			a.send, a.mute = 1+chance.Int64N(3*block), true
		}
		return a
	}}
	dst := newStrict(grid, done, begun...)
	dst.delay = time.Duration(chance.IntN(int(3 * time.Second)))
	job := &Job{Source: src, Sink: dst, Grid: grid, Done: done, Begun: begun, Workers: workers, Retry: Retry{Tries: 1000, Min: time.Millisecond, Max: time.Second}}
	if chance.Float64() < 0.5 {
		job.Pacer = whim{rand.New(rand.NewPCG(seed, 2)), workers}
	}
	if done.Full() {
		dst.saved = done
	}
	if err := job.Run(context.Background()); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	if src.out != 0 {
		return fmt.Errorf("%d bodies were never closed", src.out)
	}
	if src.most > workers {
		return fmt.Errorf("%d requests at once with %d workers", src.most, workers)
	}
	if s := job.Stats(); s.Written != size || s.Durable != size || s.Active != 0 {
		return fmt.Errorf("stats at the end: %+v", s)
	}
	return dst.whole()
}

const mib = 1 << 20

func TestLeases(t *testing.T) {
	ctx := context.Background()
	full := func(size int64) *ledger { return newLedger(cut(size), nil, nil, 4) }

	// One lease is the whole file, though more may be out.
	lone := func(size int64) *ledger {
		b := newLedger(cut(size), nil, nil, 1)
		b.crowd, b.pace, b.first = newCrowd(4), 4, size
		return b
	}

	t.Run("the first is a fair share, in file order", func(t *testing.T) {
		b := full(100 * mib)
		first, _ := b.take(ctx, bid{})
		second, _ := b.take(ctx, bid{})
		want(t, first, 0, 25*mib)
		want(t, second, 25*mib, 29*mib)
	})
	t.Run("a fast worker gets four seconds' work", func(t *testing.T) {
		b := full(10000 * mib)
		b.first = 0
		l, _ := b.take(ctx, bid{rate: 10 * mib})
		want(t, l, 0, 40*mib)
	})
	t.Run("near the end it gets half of what is left, if it is alone", func(t *testing.T) {
		b := newLedger(cut(40*mib), nil, nil, 1)
		b.first = 0
		l, _ := b.take(ctx, bid{rate: 100 * mib})
		want(t, l, 0, 20*mib)
	})
	t.Run("no more than half a fair share, whatever its rate", func(t *testing.T) {
		b := full(80 * mib)
		b.first = 0
		l, _ := b.take(ctx, bid{rate: 100 * mib})
		want(t, l, 0, 10*mib)
	})
	t.Run("the first is not so large that nothing can be hashed", func(t *testing.T) {
		l, _ := full(4096*mib).take(ctx, bid{})
		want(t, l, 0, 32*mib)
	})
	t.Run("the last block of a slow one goes to a fast one, but not while it is written", func(t *testing.T) {
		b := full(mib)
		now := time.Now()
		slow, _ := b.take(ctx, bid{})
		dropped := 0
		b.asked(slow, now, func(error) { dropped++ })
		b.began(slow, now, leash)
		b.answers = 2
		fast := bid{rate: 100 * mib}
		b.claim(slow, 1000)
		if l := b.relieve(fast, now.Add(time.Minute)); l != nil {
			t.Errorf("relieved of what is being written: %+v", l)
		}
		b.advance(slow, 100, now)
		l := b.relieve(fast, now.Add(time.Minute))
		if l == nil || l.off != 1000 || l.end != mib || slow.end != 1000 || dropped != 1 {
			t.Fatalf("%+v, dropped %d times", l, dropped)
		}
		if n := b.claim(slow, 500); n != 0 {
			t.Errorf("the slow one still writes %d bytes", n)
		}
	})
	t.Run("who finds nothing to do is idle, until the next look", func(t *testing.T) {
		b := full(mib)
		b.take(ctx, bid{})
		if b.look(time.Now()).idle {
			t.Error("idle at work")
		}
		brief, stop := context.WithTimeout(ctx, time.Millisecond)
		defer stop()
		if l, err := b.take(brief, bid{}); err == nil {
			t.Errorf("%+v of one block that is lent", l)
		}
		if !b.look(time.Now()).idle || b.look(time.Now()).idle {
			t.Error("not idle, or for ever")
		}
	})
	t.Run("a thief takes what lets both end together", func(t *testing.T) {
		b := lone(64 * mib)
		slow, _ := b.take(ctx, bid{rate: 10 * mib})
		thief, _ := b.take(ctx, bid{rate: 30 * mib})
		if !thief.stolen {
			t.Fatal("nothing was stolen")
		}
		want(t, slow, 0, 16*mib)
		want(t, thief, 16*mib, 64*mib)
	})
	t.Run("never the block in hand, nor below what is claimed", func(t *testing.T) {
		b := lone(4 * mib)
		l, _ := b.take(ctx, bid{rate: 1})
		b.claim(l, 2*mib+5)
		thief, _ := b.take(ctx, bid{rate: 1 << 40})
		want(t, thief, 3*mib, 4*mib)
		if got := b.claim(l, 4*mib); got != 3*mib {
			t.Fatalf("claimed %d", got)
		}
	})
	t.Run("nor a block that is only begun", func(t *testing.T) {
		b := lone(4 * mib)
		l, _ := b.take(ctx, bid{rate: 1})
		b.claim(l, mib)
		thief, _ := b.take(ctx, bid{rate: 1e30})
		want(t, l, 0, 2*mib)
		want(t, thief, 2*mib, 4*mib)
	})
	t.Run("what is settled is lent again from the very byte", func(t *testing.T) {
		b := lone(4 * mib)
		l, _ := b.take(ctx, bid{})
		b.claim(l, mib+17)
		b.advance(l, 1, time.Now())
		b.settle(l)
		l, _ = b.take(ctx, bid{})
		want(t, l, mib+17, 4*mib)
		if done, _ := b.snapshot(); !done.Has(0) || done.Count() != 1 {
			t.Fatalf("%d blocks done", done.Count())
		}
	})
	t.Run("neighbours that come back are one run again", func(t *testing.T) {
		b := full(16 * mib)
		var leases []*lease
		for range 4 {
			l, _ := b.take(ctx, bid{})
			leases = append(leases, l)
		}
		for _, i := range []int{2, 0, 3, 1} {
			b.settle(leases[i])
		}
		if len(b.free) != 1 || b.free[0] != (segment.Range{Off: 0, End: 16 * mib}) {
			t.Fatalf("free: %v", b.free)
		}
	})
}

func want(t *testing.T, l *lease, off, end int64) {
	t.Helper()
	if l == nil || l.off != off || l.end != end {
		t.Fatalf("lease %+v, want [%d, %d)", l, off, end)
	}
}
