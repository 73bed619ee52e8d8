package cli

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

// A fast limit is reached though the disk makes everybody wait now and then.
func TestAFastLimitMakesUpForABreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, n = 300 << 20, 1 << 20
		l := (&getOptions{Limit: limit}).limiter()
		start := time.Now()
		for i := range 10 * limit / n {
			if err := l.WaitN(t.Context(), n); err != nil {
				t.Fatal(err)
			}
			if i%20 == 0 {
				time.Sleep(40 * time.Millisecond)
			}
		}
		if took := time.Since(start); math.Abs(took.Seconds()-10) > 0.3 {
			t.Fatalf("took %v", took)
		}
	})
}

func TestBursts(t *testing.T) {
	for limit, want := range map[int64]int{1: 1, 19: 1, 500 << 10: 25600, 300 << 20: 15 << 20, 1 << 62: math.MaxInt32} {
		if got := (&getOptions{Limit: limit}).limiter().Burst(); got != want {
			t.Errorf("%d: %d", limit, got)
		}
	}
	if (&getOptions{}).limiter() != nil {
		t.Error("no limit is one")
	}
}
