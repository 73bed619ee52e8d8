package scheduler

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"braid/segment"
)

// The limit is kept to 3 % over ten seconds and in each of them, however many
// share it; only the first may have the burst on top. What was let through and
// did not come, since the answer ended, is not lost.
func TestALimitIsKept(t *testing.T) {
	const (
		limit = mib
		burst = limit / 20
		size  = 10*limit + burst
	)
	for _, c := range []struct {
		jobs, workers int
		send          int64 // bytes of each answer; 0 all
	}{{1, 1, 0}, {1, 8, 0}, {1, 64, 0}, {2, 8, 0}, {2, 64, 0}, {1, 8, 5000}} {
		t.Run(fmt.Sprintf("jobs=%d,workers=%d,send=%d", c.jobs, c.workers, c.send), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				shared := rate.NewLimiter(limit, burst)
				jobs := make([]*Job, c.jobs)
				for i := range jobs {
					jobs[i] = limited(size/int64(c.jobs), c.workers, c.send, shared)
				}
				if took := keeps(t, jobs, limit, burst); math.Abs(took.Seconds()-10) > 0.3 {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

func limited(size int64, workers int, send int64, shared Limiter) *Job {
	src := &script{size: size, answer: func(int, segment.Range) reply { return reply{blank: true, send: send} }}
	return &Job{Source: src, Sink: nowhere{}, Grid: segment.Grid{Size: size, Block: 16 << 10}, Workers: workers, Limiter: shared}
}

// keeps runs the jobs together, and looks every second at what has come of all
// of them.
func keeps(t *testing.T, jobs []*Job, limit, burst float64) time.Duration {
	start, done := time.Now(), make(chan struct{})
	var running, looking sync.WaitGroup
	for _, j := range jobs {
		running.Go(func() {
			if err := j.Run(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	looking.Go(func() {
		most, before := 1.03*limit+burst, 0.0
		for second := 1; pause(t.Context(), time.Second) == nil; second++ {
			select {
			case <-done:
				return
			default:
			}
			now := 0.0
			for _, j := range jobs {
				now += float64(j.fetched.Load())
			}
			least := 0.97 * limit
			if second == 10 { // what was paid for by workers that then found nothing left is missing
				least = 0
			}
			if now-before > most || now-before < least {
				t.Errorf("%.0f bytes in second %d", now-before, second)
			}
			before, most = now, 1.03*limit
		}
	})
	running.Wait()
	took := time.Since(start)
	close(done)
	looking.Wait()
	return took
}
