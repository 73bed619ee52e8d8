package scheduler

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"braid/segment"
)

// bubble runs f in virtual time.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func job(size int64, workers int, answer func(n int, r segment.Range) reply) (*Job, *script, *strict) {
	g := cut(size)
	src, dst := &script{size: size, answer: answer}, newStrict(g, nil)
	return &Job{Source: src, Sink: dst, Grid: g, Workers: workers}, src, dst
}

// steady is a connection of rate bytes a second.
func steady(rate int64) reply {
	return reply{delay: 20 * time.Millisecond, step: int(max(rate/20, 1)), every: 50 * time.Millisecond}
}

func TestTheSlowOneIsRobbed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, _, dst := job(64*mib, 4, func(n int, r segment.Range) reply {
			if n == 0 {
				return steady(mib / 4)
			}
			return steady(4 * mib)
		})
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := dst.whole(); err != nil {
			t.Fatal(err)
		}
		s := j.Stats()
		// A static split would take 64 s; the ideal is 64 / 12.25 = 5.2 s, and
		// the block in the slow one's hand takes it 4 s.
		if s.Elapsed > 9*time.Second || s.Steals == 0 {
			t.Fatalf("took %v with %d steals", s.Elapsed, s.Steals)
		}
	})
}

func TestAStallIsFreedAfterExactlyItsTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, _, dst := job(4*mib, 1, func(n int, r segment.Range) reply {
			return reply{send: mib + 3, mute: n == 0}
		})
		var stall time.Duration
		j.Stall = 4 * time.Second
		j.Events = func(e Event) {
			if e.Kind == EventRetry && errors.Is(e.Err, ErrStalled) {
				stall = time.Since(j.started)
			}
		}
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := dst.whole(); err != nil {
			t.Fatal(err)
		}
		if stall != 4*time.Second {
			t.Fatalf("given up after %v", stall)
		}
	})
}

// A server that is merely slow is not stalled: the clock starts anew with each
// byte.
func TestAMerelySlowServerIsNotDead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, _, dst := job(100, 1, func(int, segment.Range) reply {
			return reply{step: 1, every: 6 * time.Second}
		})
		j.Stall = 7 * time.Second
		j.Events = func(e Event) {
			if errors.Is(e.Err, ErrStalled) {
				t.Error(e.Err)
			}
		}
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if dst.whole() != nil {
			t.Fatal(dst.whole())
		}
	})
}

type busy struct{ after time.Duration }

func (busy) Error() string               { return "busy" }
func (b busy) RetryAfter() time.Duration { return b.after }

func TestRetryAfterIsObeyedToTheSecond(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, src, _ := job(mib, 1, func(n int, r segment.Range) reply {
			if n == 0 {
				return reply{err: busy{42 * time.Second}}
			}
			return reply{}
		})
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := j.Stats(); s.Elapsed != 42*time.Second || len(src.asked) != 2 {
			t.Fatalf("asked %d times in %v", len(src.asked), s.Elapsed)
		}
	})
}

// A worker that has been told to come back later must not keep a job that the
// others have finished.
func TestNobodyWaitsForAWorkerThatRests(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, _, dst := job(64*mib, 4, func(n int, r segment.Range) reply {
			if n == 2 {
				return reply{err: busy{5 * time.Minute}}
			}
			return steady(8 * mib)
		})
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := j.Stats(); s.Elapsed > 5*time.Second || dst.whole() != nil {
			t.Fatalf("took %v, %v", s.Elapsed, dst.whole())
		}
	})
}

// A slowWriter is a strict sink whose writes take long.
type slowWriter struct {
	*strict
	delay time.Duration
}

func (s slowWriter) WriteAt(p []byte, off int64) (int, error) {
	time.Sleep(s.delay)
	return s.strict.WriteAt(p, off)
}

// A disk that takes its time is not the server's fault.
func TestASlowWriteIsNoStall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, _, dst := job(4*mib, 1, nil)
		j.Sink = slowWriter{dst, time.Minute}
		j.Stall = time.Second
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := j.Stats(); s.Retries != 0 || dst.whole() != nil {
			t.Fatalf("%+v, %v", s, dst.whole())
		}
	})
}

// On a link so slow that blocks take long, what has come is saved every second
// all the same.
func TestASlowLinkLosesLittle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, _, _ := job(8*mib, 8, func(int, segment.Range) reply { return steady(20_000) })
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		for at := 3; at < 30; at++ {
			time.AfterFunc(time.Duration(at)*time.Second+500*time.Millisecond, func() {
				if s := j.Stats(); s.Fetched-s.Durable > 8*3*20_000 {
					t.Errorf("after %v %d bytes have come, and %d are durable", s.Elapsed, s.Fetched, s.Durable)
				}
			})
		}
		j.Run(ctx)
		if s := j.Stats(); s.Durable < 8*28*20_000 || s.Durable != s.Written {
			t.Errorf("at the end: %+v", s)
		}
	})
}

func TestPatienceEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		refused := errors.New("refused")
		j, src, _ := job(mib, 1, func(int, segment.Range) reply { return reply{err: refused} })
		j.Retry = Retry{Tries: 3, Min: time.Second, Max: time.Minute}
		err := j.Run(t.Context())
		var r *RangeError
		if !errors.Is(err, refused) || !errors.As(err, &r) || r.Range != (segment.Range{Off: 0, End: mib}) {
			t.Fatal(err)
		}
		if len(src.asked) != 4 {
			t.Fatalf("asked %d times", len(src.asked))
		}
		if s := j.Stats(); s.Elapsed < 3500*time.Millisecond || s.Elapsed > 7*time.Second {
			t.Fatalf("gave up after %v", s.Elapsed)
		}
	})
}

// One connection that is refused for ever must not end a job that the others
// carry.
func TestOneRefusedWorkerDoesNotEndTheJob(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, _, dst := job(64*mib, 2, nil)
		j.Source.(*script).answer = func(n int, r segment.Range) reply {
			if n > 0 && j.active.Load() > 1 {
				return reply{err: errors.New("too many")}
			}
			return steady(mib)
		}
		j.Retry = Retry{Tries: 1, Min: time.Second, Max: time.Second}
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := dst.whole(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestPermanentErrorsEndAtOnce(t *testing.T) {
	for _, err := range []error{Permanent(errors.New("403")), ErrChanged, ErrNoRanges} {
		bubble(t, func(t *testing.T) {
			j, src, _ := job(mib, 1, func(int, segment.Range) reply { return reply{err: err} })
			if got := j.Run(t.Context()); !errors.Is(got, err) || len(src.asked) != 1 {
				t.Fatalf("%v after %d requests", got, len(src.asked))
			}
		})
	}
}

// A file that has changed ends the job at once, whoever else still gets bytes.
func TestAChangeEndsEverything(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, _, _ := job(64*mib, 4, func(n int, r segment.Range) reply {
			if n == 3 {
				return reply{err: ErrChanged, delay: time.Second}
			}
			return steady(mib)
		})
		if err := j.Run(t.Context()); !errors.Is(err, ErrChanged) || j.Stats().Elapsed != time.Second {
			t.Fatalf("%v after %v", err, j.Stats().Elapsed)
		}
	})
}

func TestAFullDiskEndsAtOnceAndSavesWhatIsThere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, _, dst := job(8*mib, 1, nil)
		dst.fail = func(off int64) error {
			if off >= 3*mib {
				return syscall.ENOSPC
			}
			return nil
		}
		err := j.Run(t.Context())
		if !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, ErrSink) {
			t.Fatal(err)
		}
		if dst.saved.Count() != 3 || j.Stats().Durable != 3*mib {
			t.Fatalf("%d blocks saved", dst.saved.Count())
		}
	})
}

// A failed save is never followed by another: the pages it could not write
// are gone (I6 of the promise).
func TestAFailedSaveIsTheLast(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, _, dst := job(8*mib, 2, func(int, segment.Range) reply { return steady(mib) })
		dst.save = func(n int) error {
			if n == 2 {
				return syscall.EIO
			}
			return nil
		}
		if err := j.Run(t.Context()); !errors.Is(err, syscall.EIO) || !errors.Is(err, ErrSink) {
			t.Fatal(err)
		}
		if dst.saves != 2 {
			t.Fatalf("%d saves", dst.saves)
		}
	})
}

func TestCancelKeepsWhatIsDoneAndGivesTheCause(t *testing.T) {
	bubble(t, func(t *testing.T) {
		stop := errors.New("the user said so")
		ctx, cancel := context.WithCancelCause(t.Context())
		j, src, dst := job(64*mib, 4, func(int, segment.Range) reply { return steady(mib) })
		time.AfterFunc(5500*time.Millisecond, func() { cancel(stop) })
		if err := j.Run(ctx); !errors.Is(err, stop) {
			t.Fatal(err)
		}
		s := j.Stats()
		if n := dst.saved.Count(); n < 16 || s.Durable < int64(n)*mib || s.Durable != s.Written {
			t.Fatalf("%d blocks saved, %d bytes durable of %d", n, s.Durable, s.Written)
		}
		if src.out != 0 || s.Elapsed != 5500*time.Millisecond {
			t.Fatalf("%d requests left open after %v", src.out, s.Elapsed)
		}
	})
}

// A slowDisk keeps nothing and takes long to save.
type slowDisk struct {
	delay time.Duration
	write func()
}

func (d slowDisk) WriteAt(p []byte, _ int64) (int, error) { d.write(); return len(p), nil }
func (d slowDisk) Save(*segment.Bitmap) error             { time.Sleep(d.delay); return nil }

// Receiving pauses while too much waits for a slow disk.
func TestASlowDiskHoldsReceivingBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, _, _ := job(0, 4, func(int, segment.Range) reply {
			return reply{blank: true, every: 5 * time.Millisecond}
		})
		j.Grid = cut(600 * mib)
		j.Source.(*script).size = j.Grid.Size
		var most atomic.Int64
		j.Sink = slowDisk{20 * time.Second, func() {
			written, durable := j.ledger.count()
			most.Store(max(most.Load(), written-durable))
		}}
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if most := most.Load(); most > 256*mib || most < 100*mib {
			t.Fatalf("%d MiB waited for a checkpoint", most/mib)
		}
		if n := j.Stats().Retries; n > 0 {
			t.Errorf("%d connections were given up: it was the disk", n)
		}
	})
}

func TestShortAnswersAreLegal(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, _, dst := job(8*mib, 2, func(int, segment.Range) reply { return reply{send: 300_000} })
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := j.Stats(); s.Retries != 0 || s.Elapsed != 0 || dst.whole() != nil {
			t.Fatalf("%+v, %v", s, dst.whole())
		}
	})
}

func TestCheckpointsComeEverySecond(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, _, dst := job(10*mib, 1, func(int, segment.Range) reply { return steady(mib) })
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if dst.saves < 9 || dst.saves > 11 {
			t.Fatalf("%d saves in %v", dst.saves, j.Stats().Elapsed)
		}
	})
}

type bucket struct{ rate, burst int }

func (b bucket) Burst() int { return b.burst }
func (b bucket) WaitN(ctx context.Context, n int) error {
	if n > b.burst {
		return errors.New("more than the burst")
	}
	return pause(ctx, time.Second*time.Duration(n)/time.Duration(b.rate))
}

// A limit so low that it takes longer than a stall per chunk is no stall.
func TestALimitIsNoStall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, _, dst := job(mib, 1, nil)
		j.Limiter = bucket{rate: mib / 64, burst: mib / 2}
		j.Stall = time.Second
		if err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := j.Stats(); s.Elapsed != 64*time.Second || s.Retries != 0 || dst.whole() != nil {
			t.Fatalf("%+v, %v", s, dst.whole())
		}
	})
}

func TestAnEmptyFileAsksForNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, src, _ := job(0, 4, nil)
		if err := j.Run(t.Context()); err != nil || len(src.asked) != 0 {
			t.Fatalf("%v after %d requests", err, len(src.asked))
		}
	})
}

func TestRunTwicePanics(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j, _, _ := job(0, 1, nil)
		j.Run(t.Context())
		defer func() {
			if recover() == nil {
				t.Fatal("it did not")
			}
		}()
		j.Run(t.Context())
	})
}

func TestPlain(t *testing.T) {
	plain := func(size, known int64, answer func(int, segment.Range) reply) (*Job, *strict) {
		j, _, dst := job(size, 4, answer)
		j.Plain, j.Grid.Size, dst.plain = true, known, true
		j.Retry = Retry{Tries: 2, Min: time.Second, Max: time.Second}
		return j, dst
	}
	right := func(t *testing.T, dst *strict, size int64) {
		t.Helper()
		for off := range dst.data {
			if dst.data[off] != at(int64(off)) {
				t.Fatalf("byte %d is wrong", off)
			}
		}
		if dst.length != size || len(dst.errs) > 0 {
			t.Fatalf("length %d, %v", dst.length, dst.errs)
		}
	}
	t.Run("unknown size", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			j, dst := plain(5*mib+1, -1, nil)
			if err := j.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			right(t, dst, 5*mib+1)
		})
	})
	t.Run("a slow server is not dead", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			j, dst := plain(100, -1, func(int, segment.Range) reply { return reply{step: 1, every: 6 * time.Second} })
			j.Stall = 7 * time.Second
			if err := j.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			right(t, dst, 100)
			if s := j.Stats(); s.Retries != 0 {
				t.Fatalf("%+v", s)
			}
		})
	})
	t.Run("a broken try begins again at 0", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			j, dst := plain(5*mib, 5*mib, func(n int, r segment.Range) reply {
				if n == 0 {
					return reply{send: 3 * mib, end: io.ErrUnexpectedEOF}
				}
				return reply{}
			})
			if err := j.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			right(t, dst, 5*mib)
			if s := j.Stats(); s.Retries != 1 || s.Fetched != 8*mib || s.Written != 5*mib {
				t.Fatalf("%+v", s)
			}
		})
	})
	t.Run("a body that always ends early is given up", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			j, dst := plain(5*mib, 5*mib, func(int, segment.Range) reply { return reply{send: 3 * mib} })
			if err := j.Run(t.Context()); !errors.Is(err, io.ErrUnexpectedEOF) || dst.length != -1 {
				t.Fatalf("%v, length %d", err, dst.length)
			}
		})
	})
}
