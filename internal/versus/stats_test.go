package main

import (
	"math"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		xs   []float64
		want float64
	}{
		{[]float64{3}, 3},
		{[]float64{9, 1}, 5},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 2, 9}, 3},
	} {
		if got := median(c.xs); got != c.want {
			t.Errorf("the median of %v is %v, not %v", c.xs, got, c.want)
		}
	}
}

func TestTheOrderIsABBA(t *testing.T) {
	order := ""
	for i := range 4 {
		if oursFirst(i) {
			order += "AB"
		} else {
			order += "BA"
		}
	}
	if order != "ABBAABBA" {
		t.Errorf("the runs are %s", order)
	}
}

func TestIntervalIsRepeatableAndHoldsTheMedian(t *testing.T) {
	xs := []float64{0.9, 1.0, 1.1, 1.05, 0.95, 1.02, 3}
	low, high := interval(xs)
	again, too := interval(xs)
	if low != again || high != too {
		t.Errorf("[%v, %v], then [%v, %v]", low, high, again, too)
	}
	if m := median(xs); low > m || high < m || low == high {
		t.Errorf("[%v, %v] does not surround %v", low, high, m)
	}
	// For seven values the interval by order statistics is the second to the
	// sixth at about 87 %, the first to the seventh at 98 %.
	if low < 0.9 || low > 0.95 || high < 1.1 || high > 3 {
		t.Errorf("[%v, %v] is not where it should be", low, high)
	}
	if low, high := interval([]float64{2, 2, 2}); low != 2 || high != 2 {
		t.Errorf("of equal values it is [%v, %v]", low, high)
	}
}

func TestSteadyJudgesBothSidesAlike(t *testing.T) {
	pairs := []pair{
		{sample{Wall: 1}, sample{Wall: 2}},
		{sample{Wall: 1.6}, sample{Wall: 2}},
		{sample{Wall: 1}, sample{Wall: 3.2}},
		{sample{Wall: 1.4}, sample{Wall: 2.8}},
		{sample{Wall: 1}, sample{Wall: 2}},
	}
	kept := steady(pairs)
	if len(kept) != 3 || kept[0] != pairs[0] || kept[1] != pairs[3] || kept[2] != pairs[4] {
		t.Errorf("kept %v", kept)
	}
	if kept := steady(pairs[:1]); len(kept) != 1 {
		t.Error("the only pair was dropped")
	}
}

func TestSteadyWithAnIdealWithoutWall(t *testing.T) {
	pairs := []pair{{Ours: sample{Wall: 1}, Theirs: sample{Peak: 25}}}
	if kept := steady(pairs); len(kept) != 1 {
		t.Error("a pair was dropped for what it does not have")
	}
}

func TestRatios(t *testing.T) {
	pairs := []pair{{sample{Wall: 1, CPU: 3}, sample{Wall: 4}}}
	if rs := ratios(pairs, wall); len(rs) != 1 || math.Abs(rs[0]-0.25) > 1e-12 {
		t.Errorf("wall: %v", rs)
	}
	if rs := ratios(pairs, cpu); rs != nil {
		t.Errorf("an ideal without a figure has the ratios %v", rs)
	}
}
