package scheduler

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestRetryWait(t *testing.T) {
	r := Retry{Tries: 5, Min: time.Second, Max: 10 * time.Second}
	for try, bound := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 4: 8 * time.Second, 5: 10 * time.Second, 100: 10 * time.Second} {
		least, most := time.Hour, time.Duration(0)
		for range 200 {
			w := r.Wait(try, errors.New("x"))
			least, most = min(least, w), max(most, w)
		}
		if least < bound/2 || most > bound || most == least {
			t.Errorf("try %d waits between %v and %v, want jitter within [%v, %v]", try, least, most, bound/2, bound)
		}
	}
	for try := range 100 { // whatever the numbers, no overflow
		r := Retry{Tries: 1000, Min: 20 * time.Second, Max: 30 * time.Second}
		if w := r.Wait(try+1, errors.New("x")); w < 10*time.Second || w > 30*time.Second {
			t.Errorf("try %d of %+v waits %v", try+1, r, w)
		}
	}
	for asked, want := range map[time.Duration]time.Duration{
		time.Millisecond: time.Second, 42 * time.Second: 42 * time.Second, 24 * time.Hour: 10 * time.Minute,
	} {
		if got := r.Wait(1, busy{asked}); got != want {
			t.Errorf("asked for %v, waits %v", asked, got)
		}
	}
}

func TestRetryDo(t *testing.T) {
	r := Retry{Tries: 2, Min: time.Second, Max: time.Second}
	for _, c := range []struct {
		name  string
		errs  []error
		calls int
	}{
		{"at once", []error{nil}, 1},
		{"the second time", []error{errors.New("x"), nil}, 2},
		{"never", []error{errors.New("x"), errors.New("y"), errors.New("z"), nil}, 3},
		{"permanently not", []error{Permanent(errors.New("x")), nil}, 1},
	} {
		bubble(t, func(t *testing.T) {
			calls, told := 0, 0
			err := new(Host).Ask(t.Context(), r, func() error { calls++; return c.errs[calls-1] }, func(Event) { told++ })
			if calls != c.calls || told != calls-1 || err != c.errs[calls-1] {
				t.Errorf("%s: %d calls, told %d times, %v", c.name, calls, told, err)
			}
		})
	}
	bubble(t, func(t *testing.T) {
		stop := errors.New("stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(stop)
		told := func(Event) { t.Error("a retry is announced that will not be made") }
		if err := new(Host).Ask(ctx, r, func() error { return errors.New("x") }, told); err != stop {
			t.Errorf("cancelled: %v", err)
		}
	})
}
