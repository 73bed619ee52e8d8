package main

import (
	"math/rand/v2"
	"time"
)

// A harm is what is done to a run of braid, and when. The zero harm lets it
// live.
type harm struct {
	after     time.Duration // at this time after the start; 0 means at no time
	interrupt time.Duration // and SIGINT this long before; 0 means none
	at        point         // when braid gets there; the zero point means nowhere
	torn      float64       // the share of the bytes that a torn call has written

	act   func() error // what is done; nil means nothing but SIGKILL
	spare bool         // no SIGKILL follows
}

// A point is an instant in the life of a run that can be named: its nth call
// of the kind.
type point struct {
	call string
	file string // what it is about: part, ck or folder; "" means anything
	nth  int    // from 1
	when string // entering, leaving, or torn: with a part of the bytes written
}

func (p point) String() string {
	s := p.when + " " + p.call
	if p.file != "" {
		s += " of " + p.file
	}
	return s
}

// A step is a call on the way of a download, and how often a run may come by.
type step struct {
	call, file string
	most       int
}

// steps is every one of beginning, saving and finishing; saves those of a
// checkpoint that is made on the way.
var (
	steps = []step{
		{"fallocate", "part", 1},
		{"ftruncate", "ck", 1},
		{"pwrite64", "part", 40},
		{"pwrite64", "ck", 1}, // both slots for the first time, or what is claimed on going on
		{"pwrite64", "ck", 4},
		{"fsync", "ck", 1},
		{"fsync", "part", 2},
		{"fsync", "folder", 4},
		{"fdatasync", "part", 5},
		{"fdatasync", "ck", 5},
		{"fchmod", "part", 1},
		{"utimensat", "", 1},
		{"rename", "", 1},
		{"unlink", "", 1},
	}
	saves = []step{
		{"pwrite64", "ck", 3},
		{"fdatasync", "part", 3},
		{"fdatasync", "ck", 3},
	}
)

// pick draws a harm for a run that would take about left: at a random instant
// or, if calls can be watched, at a point.
func pick(r *rand.Rand, left time.Duration, watch bool) harm {
	if watch && r.IntN(2) == 0 {
		way := steps
		if left > time.Second && r.IntN(2) == 0 {
			way = saves
		}
		p := way[r.IntN(len(way))]
		at := point{call: p.call, file: p.file, nth: 1 + r.IntN(p.most)}
		at.when = [...]string{"entering", "leaving"}[r.IntN(2)]
		if p.call == "pwrite64" && r.IntN(3) == 0 {
			at.when = "torn"
		}
		return harm{at: at, torn: r.Float64()}
	}
	h := harm{after: time.Millisecond + time.Duration(r.Int64N(int64(left*5/4)))}
	if r.IntN(6) == 0 {
		h.interrupt = min(h.after-1, time.Duration(r.IntN(20_000))*time.Microsecond)
	}
	return h
}
