package ui

import (
	"io"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
)

// A Panel is some lines on a terminal, each picture of which is drawn over the one
// before. It is not safe for use by several goroutines at once.
type Panel struct {
	to    io.Writer
	width func() int
	lines int // of the last picture
}

// NewPanel is a panel on w, or nil if nothing can be drawn there.
func NewPanel(w io.Writer) *Panel {
	if !drawable(w) {
		return nil
	}
	return &Panel{to: w, width: func() int { return Width(w) }}
}

// Draw shows what lines gives for the terminal's width. What does not fit into it
// is cut off.
func (p *Panel) Draw(lines func(width int) []string) {
	width := p.width() - 1 // in the last column some terminals go on to the next line by themselves
	if width < narrowest-1 {
		return
	}
	var b strings.Builder
	p.back(&b)
	picture := lines(width)
	for _, line := range picture {
		b.WriteString(home + strings.TrimRight(runewidth.Truncate(Safe(line), width, "…"), " ") + "\n")
	}
	p.lines = len(picture)
	io.WriteString(p.to, b.String())
}

// Clear takes the last picture away.
func (p *Panel) Clear() {
	var b strings.Builder
	p.back(&b)
	p.lines = 0
	io.WriteString(p.to, b.String())
}

// back goes to where the last picture begins, and clears all from there on.
func (p *Panel) back(b *strings.Builder) {
	if p.lines > 0 {
		b.WriteString("\r\x1b[" + strconv.Itoa(p.lines) + "A\x1b[J")
	}
}
