package ui

import (
	"strings"

	"braid/segment"
)

// A cell is one column of the second row: a piece of the file.
type cell struct {
	level int  // how much of it is there, from 0 to 8
	busy  bool // a worker writes in it
}

var levels = []string{"·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}

// mapped says whether there are blocks to draw.
func (v *view) mapped() bool {
	return v.done != nil && v.done.Len() > 0 && v.done.Len() == v.grid.Len()
}

// cells is the second row: the whole file on width columns, each as high as
// what is there of its piece.
func (v *view) cells(width int) string {
	if width <= 0 || !v.mapped() {
		return ""
	}
	cells := v.count(width)
	var b strings.Builder
	for i := 0; i < len(cells); { // one escape for a run of one colour
		var run strings.Builder
		color := cells[i].color()
		for ; i < len(cells) && cells[i].color() == color; i++ {
			run.WriteString(levels[cells[i].level])
		}
		b.WriteString(v.ink.paint(color, run.String()))
	}
	return b.String()
}

func (c cell) color() string {
	switch {
	case c.busy:
		return yellow
	case c.level == 0:
		return gray
	}
	return green
}

// count cuts the file into width pieces and sees how full each is. A lease is
// fulfilled in order, so what lies between the border of a block and the rest
// of its lease is there as well.
func (v *view) count(width int) []cell {
	have := make([]int64, width)
	add := func(r segment.Range) {
		for i := v.column(r.Off, width); i < width && v.edge(i, width) < r.End; i++ {
			have[i] += r.Intersect(segment.Range{Off: v.edge(i, width), End: v.edge(i+1, width)}).Len()
		}
	}
	first := 0
	for gap, past := range v.done.Gaps() {
		add(v.grid.Span(first, gap))
		first = past
	}
	add(v.grid.Span(first, v.grid.Len()))

	cells := make([]cell, width)
	for _, r := range v.lent {
		if r.Empty() || r.Off >= v.grid.Size {
			continue
		}
		if block := v.grid.Index(r.Off); !v.done.Has(block) {
			add(segment.Range{Off: v.grid.Range(block).Off, End: r.Off})
		}
		cells[v.column(r.Off, width)].busy = true
	}
	for i := range cells {
		piece := v.edge(i+1, width) - v.edge(i, width)
		switch {
		case piece == 0 && i > 0: // fewer bytes than columns
			cells[i].level = cells[i-1].level
		case have[i] >= piece:
			cells[i].level = 8
		case have[i] > 0 || cells[i].busy: // a worker shows before it has brought much
			cells[i].level = 1 + int(float64(have[i])/float64(piece)*7)
		}
	}
	return cells
}

// edge is the first byte of column i of width.
func (v *view) edge(i, width int) int64 {
	n, w := int64(i), int64(width)
	return v.grid.Size/w*n + v.grid.Size%w*n/w
}

// column is where byte off is drawn.
func (v *view) column(off int64, width int) int {
	i := min(int(float64(off)/float64(v.grid.Size)*float64(width)), width-1)
	for ; i > 0 && v.edge(i, width) > off; i-- {
	}
	for ; i < width-1 && v.edge(i+1, width) <= off; i++ {
	}
	return i
}
