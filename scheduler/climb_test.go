package scheduler

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A host in these tests answers at once and brings a rate in MB/s that depends
// on the count.
type host func(n int) float64

func each(mb float64, link float64) host {
	return func(n int) float64 { return min(mb*float64(n), link) }
}

// pace feeds c for so long and returns the counts, those in a row as one.
func (h host) pace(c *Climb, d time.Duration) []int {
	n := c.Pace(Sample{})
	counts := []int{n}
	for ; d > 0; d -= tick {
		n = c.Pace(Sample{Elapsed: tick, Rate: h(n) * 1e6, Active: n})
		counts = append(counts, n)
	}
	return slices.Compact(counts)
}

func TestClimbFindsTheCount(t *testing.T) {
	for _, test := range []struct {
		name   string
		climb  *Climb
		host   host
		during time.Duration
		counts []int
		good   int
		why    string
	}{
		{"by default from 8 to 16", &Climb{}, each(10, 1000), 4 * time.Second, []int{8, 16}, 16, "16: the ceiling"},
		{"doubles while that pays", &Climb{Start: 4, Max: 64}, each(10, 1000), 4 * time.Second, []int{4, 8, 16, 32, 64}, 64, "64: the ceiling"},
		{"up to an odd ceiling", &Climb{Start: 4, Max: 10}, each(10, 1000), 4 * time.Second, []int{4, 8, 10}, 10, "10: the ceiling"},
		{"takes a look while it doubles", &Climb{Start: 4}, each(10, 1000), 2 * tick, []int{4, 8}, 0, "8: 4 may not be all"},
		{"then narrows", &Climb{Start: 4}, each(10, 55), 2 * time.Second, []int{4, 8, 6}, 0, "6: between 4 and 8"},
		{"until good and bad are close", &Climb{Start: 4}, each(10, 55), 4 * time.Second, []int{4, 8, 6, 7, 6}, 6, "6: 7 brought no more"},
		{"tries fewer soon", &Climb{Start: 4}, each(10, 55), 4500 * time.Millisecond, []int{4, 8, 6, 7, 6, 4}, 6, "4: fewer than 6 may do"},
		{"and goes back", &Climb{Start: 4}, each(10, 55), 7 * time.Second, []int{4, 8, 6, 7, 6, 4, 6}, 6, "6: 7 brought no more"},
		{"or goes on down", &Climb{Start: 4}, each(50, 50), 12 * time.Second, []int{4, 8, 6, 5, 4, 3, 2, 1}, 1, "1: 2 brought no more"},
		{"but not below the least", &Climb{Start: 4, Min: 3}, each(50, 50), 8 * time.Second, []int{4, 8, 6, 5, 4, 3}, 3, "3: 4 brought no more"},
		{"one for a small file", &Climb{Start: 1}, each(10, 25), 3 * time.Second, []int{1, 2, 4, 3}, 3, "3: 4 brought no more"},
		{"nothing to find", &Climb{Start: 4, Min: 4, Max: 4}, each(10, 1000), time.Minute, []int{4}, 4, "4: the ceiling"},
		{"begins where it was good", &Climb{Known: 12}, each(10, 120), 3 * tick, []int{12}, 12, "12: as many as were good before"},
		{"and looks for more", &Climb{Known: 12}, each(10, 120), 3 * time.Second, []int{12, 14, 12}, 12, "12: as many as were good before"},
		{"of which many pay", &Climb{Known: 2}, each(10, 160), 6 * time.Second, []int{2, 3, 6, 12, 16}, 16, "16: the ceiling"},
		{"known better than allowed", &Climb{Known: 64}, each(10, 1000), 3 * tick, []int{16}, 16, "16: as many as were good before"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if counts := test.host.pace(test.climb, test.during); !slices.Equal(counts, test.counts) {
				t.Errorf("went %v, want %v", counts, test.counts)
			}
			if good := test.climb.Good(); good != test.good {
				t.Errorf("good: %d, want %d", good, test.good)
			}
			if why := test.climb.Why(); why != test.why {
				t.Errorf("why %q, want %q", why, test.why)
			}
		})
	}
}

// settled is a climb that holds the ceiling, and has for a while.
func settled(n int) *Climb {
	c := &Climb{Start: n, Max: n}
	each(10, 1000).pace(c, 3*time.Second)
	return c
}

func TestClimbFollowsALinkThatGrows(t *testing.T) {
	c := &Climb{Start: 4}
	each(10, 40).pace(c, 5*time.Minute)
	if c.Good() != 4 {
		t.Fatalf("%d were good where 4 fill the link", c.Good())
	}
	each(10, 200).pace(c, 25*time.Second)
	if c.Good() != 16 {
		t.Errorf("%s: a link that grew was not noticed", c.Why())
	}
}

// Where more requests pay, though too little to double them, one after the
// other is added.
func TestClimbGoesOnAsLongAsOneMorePays(t *testing.T) {
	c := &Climb{Start: 4}
	each(10, 40).pace(c, 10*time.Second)
	sparing := func(n int) float64 { return min(10*float64(n), 40+4*float64(n-4), 48) }
	counts := host(sparing).pace(c, 30*time.Second)
	if !slices.Contains(counts, 5) || slices.Max(counts) != 7 || c.Good() != 6 {
		t.Errorf("went %v, where 6 bring all: %s", counts, c.Why())
	}
}

func TestClimbThrottled(t *testing.T) {
	c := settled(16)
	counts := each(0.1, 1000).pace(c, 8*time.Second)
	if want := []int{16, 8, 4, 2}; !slices.Equal(counts, want) {
		t.Errorf("throttled: went %v, want %v", counts, want)
	}
	if c.Why() != "2: the host throttled 16" || c.Good() != 8 {
		t.Errorf("throttled: %q, and %d is good", c.Why(), c.Good())
	}
	counts = each(10, 1000).pace(c, 10*time.Second)
	if want := []int{2, 4, 8}; !slices.Equal(counts[:3], want) || slices.Max(counts) > 8 {
		t.Errorf("after that: went %v, want %v", counts, want)
	}
	if c.Why() != "8: the host throttled 16" {
		t.Errorf("after that: %q", c.Why())
	}
	if counts = each(10, 1000).pace(c, 4*time.Minute); slices.Max(counts) > 8 {
		t.Errorf("four minutes later: went %v", counts)
	}
	if counts = each(10, 1000).pace(c, 2*time.Minute); slices.Max(counts) != 16 {
		t.Errorf("six minutes later: went %v", counts)
	}
}

// A host that goes on throttling is tried anew after twenty seconds.
func TestClimbThrottledForGood(t *testing.T) {
	c := settled(16)
	counts := each(0.1, 1000).pace(c, 40*time.Second)
	if want := []int{16, 8, 4, 2, 4, 8}; !slices.Equal(counts[:len(want)], want) {
		t.Errorf("went %v, want %v", counts, want)
	}
}

// A bad second now and then is no throttling.
func TestClimbForgivesASecond(t *testing.T) {
	c := settled(16)
	for range 5 {
		each(0.1, 1000).pace(c, time.Second)
		if counts := each(10, 1000).pace(c, 3*time.Second); slices.Min(counts) < 10 {
			t.Fatalf("went %v", counts)
		}
	}
}

func TestClimbRefused(t *testing.T) {
	for _, test := range []struct{ active, n int }{{0, 8}, {5, 8}, {12, 12}, {16, 15}, {20, 15}} {
		c := settled(16)
		refused := Sample{Elapsed: tick, Rate: 1e6, Active: test.active, Refused: 3}
		if n := c.Pace(refused); n != test.n {
			t.Errorf("with %d served: %d, want %d", test.active, n, test.n)
		}
		if n := c.Pace(refused); n != test.n {
			t.Errorf("with %d served, and the same refusals: %d, want %d", test.active, n, test.n)
		}
		if c.Good() != test.n || c.Why()[len(c.Why())-len("the host refused 16"):] != "the host refused 16" {
			t.Errorf("with %d served: %s; good: %d", test.active, c.Why(), c.Good())
		}
		if counts := each(10, 1000).pace(c, 50*time.Second); slices.Max(counts) > 15 {
			t.Errorf("within a minute: went %v", counts)
		}
		if counts := each(10, 1000).pace(c, time.Minute); slices.Max(counts) != 16 {
			t.Errorf("after a minute: went %v", counts)
		}
	}
	c := settled(16)
	refused := Sample{Elapsed: 2 * time.Second, Rate: 1e6, Refused: 1}
	var counts []int
	for range 6 {
		counts = append(counts, c.Pace(refused))
	}
	if want := []int{8, 4, 2, 1, 1, 1}; !slices.Equal(counts, want) {
		t.Errorf("refused again and again: %v, want %v", counts, want)
	}
}

// Where a refusal follows a throttling, that does not end it sooner.
func TestClimbRemembersTheLongerPunishment(t *testing.T) {
	c := settled(16)
	each(0.1, 1000).pace(c, 2*time.Second)
	each(10, 1000).pace(c, 5*time.Second)
	c.Pace(Sample{Elapsed: tick, Rate: 1e6, Active: 6, Refused: 1})
	if counts := each(10, 1000).pace(c, 4*time.Minute); slices.Max(counts) > 8 {
		t.Errorf("went %v", counts)
	}
}

func TestClimbUnanswered(t *testing.T) {
	c := &Climb{Start: 8}
	for range 100 {
		c.Pace(Sample{Elapsed: tick, Rate: 1e6, Active: 3, Idle: true}) // nobody asked for more
	}
	s := Sample{Elapsed: tick, Rate: 6e6, Active: 6}
	for range 19 {
		if n := c.Pace(s); n != 8 {
			t.Fatalf("%s too soon", c.Why())
		}
	}
	if c.Pace(s); c.Why() != "6: the host answers no more at once" || c.Good() != 6 {
		t.Errorf("%s; good: %d", c.Why(), c.Good())
	}
}

func TestClimbLearnsNothingFrom(t *testing.T) {
	for name, s := range map[string]Sample{
		"workers without work":    {Elapsed: tick, Rate: 1e6, Active: 16, Idle: true},
		"fewer that idle":         {Elapsed: tick, Rate: 1e6, Active: 3, Idle: true},
		"a line that is down":     {Elapsed: tick, Active: 16},
		"a machine that slept":    {Elapsed: time.Minute, Rate: 1e6, Active: 16},
		"requests still to end":   {Elapsed: tick, Rate: 1e6, Active: 20},
		"what is not a number":    {Elapsed: tick, Rate: math.NaN(), Active: 16},
		"what came in no time":    {Rate: math.Inf(1), Active: 16},
		"a clock that goes wrong": {Elapsed: -time.Hour, Rate: 1e6, Active: 16},
	} {
		c := settled(16)
		for range 200 {
			if n := c.Pace(s); n != 16 {
				t.Errorf("%s: %s", name, c.Why())
				break
			}
		}
	}
}

func TestClimbStaysWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		bound := rapid.IntRange(-2, 70)
		c := &Climb{Min: bound.Draw(rt, "min"), Max: bound.Draw(rt, "max"), Start: bound.Draw(rt, "start"), Known: bound.Draw(rt, "known")}
		lo, hi := max(c.Min, 1), c.Max
		if hi <= 0 {
			hi = 16
		}
		hi = max(hi, lo)
		elapsed := rapid.OneOf(rapid.Just(tick), rapid.Just(tick), rapid.SampledFrom([]time.Duration{0, 1, time.Hour, math.MinInt64, math.MaxInt64}))
		rate := rapid.OneOf(rapid.Float64Range(0, 1e9), rapid.SampledFrom([]float64{0, -1, math.NaN(), math.Inf(1), math.MaxFloat64, math.SmallestNonzeroFloat64}))
		n := c.Pace(Sample{})
		for range rapid.IntRange(0, 300).Draw(rt, "samples") {
			s := Sample{Elapsed: elapsed.Draw(rt, "elapsed"), Rate: rate.Draw(rt, "rate"), Active: n, Idle: rapid.IntRange(0, 9).Draw(rt, "idle") == 0}
			switch rapid.IntRange(0, 9).Draw(rt, "mood") {
			case 0:
				s.Refused = rapid.IntRange(-1, 100).Draw(rt, "refused")
			case 1:
				s.Active = rapid.IntRange(-1, 100).Draw(rt, "active")
			}
			n = c.Pace(s)
			if n < lo || n > hi {
				rt.Fatalf("%s, of %d to %d", c.Why(), lo, hi)
			}
			if good := c.Good(); good != 0 && (good < lo || good > hi) {
				rt.Fatalf("%d good, of %d to %d", good, lo, hi)
			}
		}
	})
}
