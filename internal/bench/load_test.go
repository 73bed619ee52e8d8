package bench

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// A fake is a gun at a server that answers after a while, in virtual time.
type fake struct {
	takes func(now time.Time) time.Duration // how long an answer takes that is asked for now
	err   error
	size  int64
}

func (f *fake) aim() int64 { return f.size }
func (f *fake) close()     {}

func (f *fake) shoot(ctx context.Context, due time.Time) shot {
	t := time.NewTimer(f.takes(time.Now()))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		return shot{due: due, done: time.Now(), err: context.Cause(ctx)}
	}
	return shot{due: due, first: time.Now(), done: time.Now(), bytes: f.size, err: f.err}
}

// always is a server that always takes as long.
func always(d time.Duration) func(time.Time) time.Duration {
	return func(time.Time) time.Duration { return d }
}

// frozen is a server that takes 5 ms, but answers nothing from a second after the
// start until two seconds later.
func frozen() func(time.Time) time.Duration {
	start := time.Now()
	return func(now time.Time) time.Duration {
		if at := now.Sub(start); at >= time.Second && at < 3*time.Second {
			return 3*time.Second - at
		}
		return 5 * time.Millisecond
	}
}

// play plays one round with a worker for each connection.
func play(t *testing.T, l Load, b Bounds, f *fake) (Figures, *round, error) {
	t.Helper()
	run := &running{Setup: &Setup{Patience: time.Minute}}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	r := newRound(l, b, time.Now())
	var guns []gun
	for range l.Connections {
		guns = append(guns, f)
	}
	look := &sampler{round: r, live: Live{Round: 1, Bounds: b}}
	figures, err := run.round(ctx, cancel, r, look, guns)
	seconds := int64(0)
	for _, s := range look.seconds {
		seconds += s.Done + s.Failed
	}
	if all := figures.Requests + figures.Failed; seconds != all {
		t.Errorf("the timeline has %d requests of %d", seconds, all)
	}
	return figures, r, err
}

// near says whether a latency in microseconds is one of want, as exactly as
// histograms are.
func near(got int64, want time.Duration) bool {
	diff := float64(got-want.Microseconds()) / float64(want.Microseconds())
	return diff > -.002 && diff < .002
}

func TestClosedLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, err := play(t, Load{Connections: 4}, Bounds{Duration: 10 * time.Second}, &fake{takes: always(50 * time.Millisecond), size: 100})
		if err != nil || f.Requests != 800 || f.Bytes != 80_000 || f.Seconds != 10 || f.Rate != 80 || f.Speed != 8000 {
			t.Errorf("%+v, %v", f, err)
		}
		for _, q := range []int64{f.Latency.P50, f.Latency.P99, f.Latency.Max, f.FirstByte.P50} {
			if !near(q, 50*time.Millisecond) {
				t.Errorf("%+v, %+v", f.Latency, f.FirstByte)
			}
		}
	})
}

func TestThink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, err := play(t, Load{Connections: 2, Think: 150 * time.Millisecond}, Bounds{Duration: 10 * time.Second}, &fake{takes: always(50 * time.Millisecond)})
		if err != nil || f.Requests != 100 || !near(f.Latency.P50, 50*time.Millisecond) {
			t.Errorf("%+v, %v", f, err)
		}
	})
}

// An open loop shows that a server was frozen, a closed one hides it: that is what
// it is there for.
func TestOpenLoopHidesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bounds := Bounds{Duration: 10 * time.Second}
		open, _, err := play(t, Load{Connections: 4, Rate: 100}, bounds, &fake{takes: frozen()})
		// A fifth of the requests fell due while it was frozen, and waited up to 2 s.
		if err != nil || open.Requests != 1000 || open.Latency.P50 > 6000 || open.Latency.P90 < 800_000 || open.Latency.P99 < 1_800_000 || open.Latency.Max > 2_100_000 {
			t.Errorf("open: %+v, %v", open, err)
		}
		closed, _, err := play(t, Load{Connections: 4}, bounds, &fake{takes: frozen()})
		if err != nil || closed.Latency.P99 > 6000 {
			t.Errorf("closed: %+v, %v", closed, err)
		}
	})
}

// What is due, and cannot be sent because nobody is free, is not passed over.
func TestUnsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, err := play(t, Load{Connections: 2, Rate: 100}, Bounds{Duration: 10 * time.Second}, &fake{takes: always(100 * time.Millisecond)})
		// Two workers do 20 a second, for 10 s and the second in which what was due
		// is still sent.
		if err != nil || f.Requests+f.Unsent != 1000 || f.Requests < 219 || f.Requests > 223 {
			t.Errorf("%+v, %v", f, err)
		}
	})
}

func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := func() *fake { return &fake{takes: always(10 * time.Millisecond), size: 100} }
		f, _, err := play(t, Load{Connections: 7}, Bounds{Requests: 1000}, server())
		if err != nil || f.Requests != 1000 {
			t.Errorf("requests: %+v, %v", f, err)
		}
		f, _, err = play(t, Load{Connections: 1}, Bounds{Bytes: 950}, server())
		if err != nil || f.Requests != 10 {
			t.Errorf("bytes: %+v, %v", f, err)
		}
		f, _, err = play(t, Load{Connections: 1}, Bounds{Duration: time.Second, Requests: 1000}, server())
		if err != nil || f.Requests != 100 {
			t.Errorf("both: %+v, %v", f, err)
		}
		all := Bounds{Duration: 9 * time.Second, Requests: 11, Bytes: 1}
		for i, requests := range []int64{4, 4, 3} {
			if got, want := all.share(i, 3), (Bounds{Duration: 3 * time.Second, Requests: requests, Bytes: 1}); got != want {
				t.Errorf("round %d: %+v, want %+v", i, got, want)
			}
		}
	})
}

// Warming up and cooling down count nowhere but in what was asked in all.
func TestWarmupAndCooldown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		load := Load{Connections: 1, Warmup: time.Second, Cooldown: 2 * time.Second}
		slow := time.Now().Add(time.Second)
		f, r, err := play(t, load, Bounds{Duration: 4 * time.Second}, &fake{size: 10, takes: func(now time.Time) time.Duration {
			if now.Before(slow) {
				return 100 * time.Millisecond
			}
			return 10 * time.Millisecond
		}})
		if err != nil || f.Requests != 400 || !near(f.Latency.Max, 10*time.Millisecond) || r.beside.Load() != 210 || r.spill.Load() != 2100 {
			t.Errorf("%+v, %d beside, %v", f, r.beside.Load(), err)
		}
	})
}

// A server that is gone ends the run, and what it did before is kept.
func TestGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dies := time.Now().Add(3 * time.Second)
		f := &fake{size: 1}
		f.takes = func(now time.Time) time.Duration {
			if now.After(dies) {
				f.err = io.EOF
				return time.Millisecond
			}
			return 10 * time.Millisecond
		}
		start := time.Now()
		got, _, err := play(t, Load{Connections: 1}, Bounds{Duration: time.Minute}, f)
		took := time.Since(start)
		if _, ok := errors.AsType[*GoneError](err); !ok || !errors.Is(err, io.EOF) || got.Requests != 301 || got.Failed == 0 || took > 10*time.Second {
			t.Errorf("after %v: %+v, %v", took, got, err)
		}
		if got.Errors["closed"].Count != got.Failed || !near(got.Latency.Max, 10*time.Millisecond) {
			t.Errorf("%+v", got)
		}
	})
}

// Failures now and then end nothing, and are no latency.
func TestFailuresAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		f := &fake{}
		f.takes = func(time.Time) time.Duration {
			f.err = nil
			if n++; n%10 == 0 {
				f.err = &CorruptError{7}
				return time.Second
			}
			return 10 * time.Millisecond
		}
		got, _, err := play(t, Load{Connections: 1}, Bounds{Requests: 1000}, f)
		if err != nil || got.Requests != 900 || got.Failed != 100 || got.Errors["corrupt"] != (Failures{100, "byte 7 is not what it should be"}) || !near(got.Latency.Max, 10*time.Millisecond) {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// A run whose answers never end is ended.
func TestOverdue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, err := play(t, Load{Connections: 1}, Bounds{Duration: time.Second}, &fake{takes: always(time.Hour)})
		if !errors.Is(err, ErrOverdue) {
			t.Error(err)
		}
	})
}
