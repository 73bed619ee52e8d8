package main

import (
	"math/rand/v2"
	"slices"
)

// A sample is what one run took.
type sample struct {
	Wall   float64 `json:"wall_s"`
	CPU    float64 `json:"cpu_s"`                  // user and system
	Peak   float64 `json:"peak_mib"`               // of the resident memory
	Client float64 `json:"client_cpu_s,omitempty"` // user and system, where all else is of the server
}

func wall(s sample) float64   { return s.Wall }
func cpu(s sample) float64    { return s.CPU }
func peak(s sample) float64   { return s.Peak }
func client(s sample) float64 { return s.Client }

// A pair is two runs, one right after the other.
type pair struct {
	Ours   sample `json:"ours"`
	Theirs sample `json:"theirs"` // what an ideal does not speak of is 0
}

// oursFirst says which side begins pair i, so that the runs are A B B A A B ….
func oursFirst(i int) bool { return i%2 == 0 }

// median is the middle of xs, which must not be empty.
func median(xs []float64) float64 {
	s := slices.Sorted(slices.Values(xs))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}

// interval is where the median of what xs was drawn from lies with 95 %
// confidence, by bootstrap: the same for the same xs.
func interval(xs []float64) (low, high float64) {
	const times = 10_000
	chance := rand.New(rand.NewPCG(1, 2))
	medians, drawn := make([]float64, times), make([]float64, len(xs))
	for i := range medians {
		for j := range drawn {
			drawn[j] = xs[chance.IntN(len(xs))]
		}
		medians[i] = median(drawn)
	}
	slices.Sort(medians)
	return medians[times*25/1000], medians[times*975/1000-1]
}

// steady leaves out the pairs of which either side took more than 1.5 times the
// median of its side. The rule is the same for both.
func steady(pairs []pair) (kept []pair) {
	const much = 1.5
	ours, theirs := both(pairs, wall)
	mostOurs, mostTheirs := much*median(ours), much*median(theirs)
	for _, p := range pairs {
		if p.Ours.Wall <= mostOurs && p.Theirs.Wall <= mostTheirs {
			kept = append(kept, p)
		}
	}
	return kept
}

// both is one figure of each side of the pairs.
func both(pairs []pair, of func(sample) float64) (ours, theirs []float64) {
	for _, p := range pairs {
		ours, theirs = append(ours, of(p.Ours)), append(theirs, of(p.Theirs))
	}
	return ours, theirs
}

// ratios is ours/theirs of each pair; none if the other side has no such figure.
func ratios(pairs []pair, of func(sample) float64) (rs []float64) {
	for _, p := range pairs {
		if of(p.Theirs) > 0 {
			rs = append(rs, of(p.Ours)/of(p.Theirs))
		}
	}
	return rs
}
