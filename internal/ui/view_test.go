package ui

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"
	"pgregory.net/rapid"

	"braid/scheduler"
	"braid/segment"
)

func picture(name string) *view {
	j, g := halfway()
	return &view{name: name, stats: j.stats, grid: g, done: j.done, lent: j.lent}
}

func TestFrames(t *testing.T) {
	var b strings.Builder
	for _, width := range []int{120, 100, 80, 60, 40, 20} {
		fmt.Fprintf(&b, "-- %d columns\n", width)
		for _, name := range []string{"big.iso", "ubuntu-26.04-desktop-amd64.iso"} {
			v := picture(name)
			fmt.Fprintln(&b, v.row(width-1, 11*mib, 40*mib, 4*mib))
			fmt.Fprintln(&b, v.cells(width-1))
		}
		v := picture("big.iso")
		v.phase = "verifying sha256"
		fmt.Fprintln(&b, v.row(width-1, 20*mib, 40*mib, 0))
		v = picture("unknown.bin")
		v.done, v.stats.Size = nil, -1
		fmt.Fprintln(&b, v.row(width-1, 11*mib, 0, 0)+v.cells(width-1))
		v.phase = "asking a.example…"
		fmt.Fprintln(&b, v.row(width-1, 0, 0, 0))
	}
	v := picture("big.iso")
	v.ink = true
	fmt.Fprintf(&b, "-- in colour\n%q\n%q\n", v.row(99, 11*mib, 40*mib, 4*mib), v.cells(40))
	golden(t, "frames.txt", b.String())
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestRowsHaveTheWidthTheyAreGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 200).Draw(t, "width")
		total := rapid.Int64Range(1, 1<<62).Draw(t, "size")
		current := rapid.Int64Range(0, total).Draw(t, "written")
		before := rapid.Int64Range(0, current).Draw(t, "resumed")
		v := &view{
			name:  Safe(rapid.StringOf(rapid.RuneFrom([]rune("aü日本🦀-. "))).Draw(t, "name")),
			phase: rapid.SampledFrom([]string{"", "verifying sha256"}).Draw(t, "phase"),
			ink:   ink(rapid.Bool().Draw(t, "ink")),
			stats: scheduler.Stats{Size: total, Written: current, Rate: rapid.Float64Range(0, 1e12).Draw(t, "rate"), Active: rapid.IntRange(0, 64).Draw(t, "active")},
			grid:  segment.Cut(total),
		}
		v.done = segment.NewBitmap(v.grid.Len())
		for range rapid.IntRange(0, 20).Draw(t, "blocks") {
			v.done.Set(rapid.IntRange(0, v.grid.Len()-1).Draw(t, "block"))
		}
		off := rapid.Int64Range(0, total).Draw(t, "lease")
		v.lent = []segment.Range{{Off: off, End: total}}
		for name, row := range map[string]string{"row": v.row(width, current, total, before), "cells": v.cells(width)} {
			if got := runewidth.StringWidth(escapes.ReplaceAllString(row, "")); got != width {
				t.Fatalf("%s is %d columns wide, not %d: %q", name, got, width, row)
			}
		}
	})
}

func TestCells(t *testing.T) {
	g := segment.Grid{Size: 8*mib - mib/2, Block: mib} // the last block is short
	for _, c := range []struct {
		name  string
		done  []int
		lent  []segment.Range
		width int
		want  string
	}{
		{"nothing", nil, nil, 8, "········"},
		{"everything", []int{0, 1, 2, 3, 4, 5, 6, 7}, nil, 8, "████████"},
		{"everything, wider than blocks", []int{0, 1, 2, 3, 4, 5, 6, 7}, nil, 31, strings.Repeat("█", 31)},
		{"everything in one column", []int{0, 1, 2, 3, 4, 5, 6, 7}, nil, 1, "█"},
		{"all but one block in one column", []int{0, 1, 2, 3, 4, 5, 7}, nil, 1, "▇"},
		{"the first half", []int{0, 1, 2, 3}, nil, 4, "██▁·"},
		{"a lease that has brought half of its block", nil, []segment.Range{{Off: 2*mib + mib/2, End: 4 * mib}}, 15, "····█▁·········"},
		{"a lease at its end", []int{7}, []segment.Range{{Off: 8*mib - mib/2, End: 8*mib - mib/2}}, 3, "··▂"},
		{"a lease that has not begun is seen", nil, []segment.Range{{Off: 0, End: mib}}, 4, "▁···"},
	} {
		v := &view{grid: g, done: segment.NewBitmap(g.Len()), lent: c.lent}
		for _, i := range c.done {
			v.done.Set(i)
		}
		if got := v.cells(c.width); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	tiny := &view{grid: segment.Grid{Size: 3, Block: mib}, done: segment.NewBitmap(1)}
	tiny.done.Set(0)
	if got, want := tiny.cells(10)[3*3:], strings.Repeat("█", 7); !strings.HasSuffix(got, want) {
		t.Errorf("a file of 3 bytes ends %s", got)
	}
}

func TestETAIsSaidOnlyWhenKnown(t *testing.T) {
	for _, c := range []struct {
		s    scheduler.Stats
		want string
	}{
		{scheduler.Stats{Size: 100, Written: 10, Rate: 10}, "9s"},
		{scheduler.Stats{Size: 100, Written: 99, Rate: 1000}, "1s"},
		{scheduler.Stats{Size: 100, Written: 100, Rate: 10}, ""},
		{scheduler.Stats{Size: -1, Written: 10, Rate: 10}, ""},
		{scheduler.Stats{Size: 100}, ""},
	} {
		if got := left(c.s); got != c.want {
			t.Errorf("%+v: %q, want %q (%v)", c.s, got, c.want, time.Second)
		}
	}
}
