package main

import (
	"slices"

	"braid/server"
)

// A trial is one download from an origin that misbehaves.
type trial struct {
	faults  []string
	p       float64
	resumed bool // it begins on a good origin, and is interrupted
	mix     bool
}

// phases are how each fault is tried by itself.
var phases = []string{"always", "p=0.3", "resumed"}

// playable are the names of the faults that are played.
func (r *round) playable() (names []string) {
	for _, f := range server.Faults() {
		if len(r.only) == 0 || slices.Contains(r.only, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

// newTrial is what a round tries: first each fault in each phase, and then
// mixes of two to four.
func newTrial(r *round) trial {
	all := r.playable()
	if n := r.n; n < len(all)*len(phases) {
		return trial{
			faults:  []string{all[n/len(phases)]},
			p:       []float64{1, 0.3, 1}[n%len(phases)],
			resumed: n%len(phases) == 2,
		}
	}
	t := trial{mix: true, p: []float64{0.1, 0.2, 0.3, 0.5, 0.7, 1}[r.rand.IntN(6)], resumed: r.rand.IntN(4) == 0}
	// An empty file is no part of a mix.
	all = slices.DeleteFunc(all, func(name string) bool { return barred(name) != "" || name == "416-empty" })
	r.rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	t.faults = all[:min(2+r.rand.IntN(3), len(all))]
	return t
}

func (t trial) phase() string {
	switch {
	case t.resumed:
		return phases[2]
	case t.p == 1:
		return phases[0]
	}
	return phases[1]
}

// codes are the ways in which it may end, and whether it should end well.
func (t trial) codes() (codes []int, recoverable bool) {
	recoverable = true
	for _, name := range t.faults {
		e := expected(name)
		c := e.always
		switch {
		case t.resumed:
			c = e.resumed
		case t.p < 1:
			c = e.sometimes
		}
		recoverable = recoverable && c.certain
		codes = append(codes, c.codes...)
	}
	if t.mix { // together they can do worse than each by itself
		codes = append(codes, 0, 4, 7, 8, 9)
	}
	return codes, recoverable
}
