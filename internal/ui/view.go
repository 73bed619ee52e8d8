package ui

import (
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"braid/scheduler"
	"braid/segment"
)

// A view is what the rows of a download show at one moment. It is never
// changed once it can be seen.
type view struct {
	name  string
	phase string // what is being done when no bytes come; else ""
	ink   ink
	stats scheduler.Stats
	grid  segment.Grid
	done  *segment.Bitmap // nil if there are no blocks to show
	lent  []segment.Range
}

// A field is a part of the row that may be said shorter, or left out.
type field struct {
	long, short string
	rank        int // the highest goes first
}

// fields are what stands to the right of the bar, as wide as they will ever
// get, so that nothing jumps about.
func (v *view) fields(current, total int64) []field {
	known := total > 0
	if v.phase != "" {
		f := []field{{long: v.phase, rank: 1}}
		if known {
			f = append([]field{{long: pad(percent(current, total), 4), rank: 0}}, f...)
		}
		return f
	}
	f := []field{{long: Size(current), rank: 3}}
	if known {
		f = []field{
			{long: pad(percent(current, total), 4), rank: 0},
			{long: pad(Size(current)+" of "+Size(total), len("100.0 MiB of ")+len(Size(total))), rank: 3},
		}
	}
	f = append(f, field{long: pad(speed(v.stats.Rate), len("100.0 MiB/s")), rank: 1})
	if known {
		eta := left(v.stats)
		long := ""
		if eta != "" {
			long = eta + " left"
		}
		f = append(f, field{long: pad(long, len("10m00s left")), short: pad(eta, len("10m00s")), rank: 2})
	}
	return append(f, field{
		long:  pad(count(v.stats.Active, "connection"), len("10 connections")),
		short: pad(count(v.stats.Active, "conn"), len("10 conns")),
		rank:  4,
	})
}

// The least that names and bars get before fields give way.
const (
	leastName = 16
	leastBar  = 8
	gap       = "  "
)

// row is the first row: name, bar, figures, in exactly width columns. The bar
// is what is left between the others; the row below shows more than it does.
func (v *view) row(width int, current, total, before int64) string {
	if width <= 0 {
		return ""
	}
	return v.lay(v.fields(current, total), width, current, total, before)
}

// lay puts name, bar and fields into width columns.
func (v *view) lay(fields []field, width int, current, total, before int64) string {
	name := runewidth.StringWidth(v.name)
	if measure(fields) > width-name-len(gap)-leastBar {
		abbreviate(fields)
	}
	fields = fit(fields, width-min(name, leastName))
	room := width - measure(fields)
	bar := room - name - len(gap)
	if bar < leastBar || total <= 0 {
		bar = 0
	} else {
		room = name
	}
	var b strings.Builder
	b.WriteString(runewidth.FillRight(shorten(v.name, room), room))
	if bar > 0 {
		b.WriteString(gap + v.bar(bar, current, total, before))
	}
	for _, f := range fields {
		b.WriteString(gap + f.long)
	}
	return b.String()
}

// measure is how many columns fields take, gaps included.
func measure(fields []field) int {
	n := 0
	for _, f := range fields {
		n += len(gap) + runewidth.StringWidth(f.long)
	}
	return n
}

func abbreviate(fields []field) {
	for i, f := range fields {
		if f.short != "" {
			fields[i].long = f.short
		}
	}
}

// fit leaves out what matters least until the rest fits into width columns.
func fit(fields []field, width int) []field {
	for measure(fields) > width && len(fields) > 0 {
		last := 0
		for i, f := range fields {
			if f.rank > fields[last].rank {
				last = i
			}
		}
		fields = slices.Delete(fields, last, last+1)
	}
	return fields
}

// shorten cuts s in the middle, where names differ least, to at most width
// columns.
func shorten(s string, width int) string {
	if runewidth.StringWidth(s) <= width {
		return s
	}
	if width < 8 {
		return runewidth.Truncate(s, width, "…")
	}
	tail := (width - 1) / 2
	head := runewidth.Truncate(s, width-1-tail, "")
	return head + "…" + runewidth.TruncateLeft(s, runewidth.StringWidth(s)-tail, "")
}

// bar is how much of the whole is there; what an earlier run brought is darker.
func (v *view) bar(width int, current, total, before int64) string {
	at := func(n int64) int { return int(float64(min(n, total)) / float64(total) * float64(2*width)) }
	old, have := at(before)/2, at(current) // in cells, in half cells
	s := v.ink.paint(dim, strings.Repeat("━", old)) + v.ink.paint(green, strings.Repeat("━", have/2-old))
	used := have / 2
	if have%2 == 1 {
		s += v.ink.paint(green, "╸")
		used++
	}
	return s + v.ink.paint(gray, strings.Repeat("─", width-used))
}

// pad sets s to the right of width columns.
func pad(s string, width int) string { return runewidth.FillLeft(s, width) }
