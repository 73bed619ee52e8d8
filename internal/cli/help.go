package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

func helpCommand(e *env) *command {
	var about []string
	return &command{
		name:  "help",
		args:  "[COMMAND|TOPIC]",
		brief: "explain a command or a topic",
		about: "Explains a command, or one of the topics " + names(topics()) + ".",
		validate: func(args []string) error {
			about = args
			if len(args) > 1 {
				return &usageError{problem: "help explains one thing at a time", try: "braid help " + args[0]}
			}
			return nil
		},
		run: func(context.Context) error {
			text, err := explain(commands(e), about, width(e.out))
			if err == nil {
				_, err = io.WriteString(e.out, text)
			}
			return err
		},
	}
}

// explain is the help on what is named, or on braid itself.
func explain(all []*command, about []string, width int) (string, error) {
	if len(about) == 0 {
		return overview(all, width), nil
	}
	var known []string
	for _, t := range topics() {
		known = append(known, t.name)
		if t.name == about[0] {
			return t.text(width), nil
		}
	}
	for _, c := range all {
		known = append(known, c.name)
		if c.name == about[0] {
			return c.manual(width), nil
		}
	}
	if near := nearest(about[0], known); near != "" {
		return "", try("braid help "+near, "there is no help on %q", about[0])
	}
	return "", try("braid help", "there is no help on %q", about[0])
}

// overview is what braid says when it is given nothing.
func overview(all []*command, width int) string {
	p := page{width: width}
	p.text("braid downloads large files in parallel segments, and goes on where it was interrupted.")
	p.table("usage", 3, []row{
		{"braid URL", "download, the same as braid get URL"},
		{"braid COMMAND [flags] …", ""},
		{"braid help COMMAND", "explain a command"},
	})
	p.examples(find(all, "get").examples[:2])
	var rows []row
	for _, c := range all {
		rows = append(rows, row{c.name, c.brief})
	}
	p.table("commands", 3, rows)
	rows = nil
	for _, t := range topics() {
		rows = append(rows, row{"help " + t.name, t.brief})
	}
	p.table("topics", 3, rows)
	return p.String()
}

// manual is the help of one command: usage, examples, then its flags in the
// groups and the order of its table.
func (c *command) manual(width int) string {
	p := page{width: width}
	usage := "usage: braid " + c.name
	if len(c.flags) > 1 { // --help does not count
		usage += " [flags]"
	}
	p.text(strings.TrimSpace(usage + " " + c.args))
	p.gap()
	p.text(c.about)
	p.examples(c.examples)
	for _, group := range c.groups() {
		var rows []row
		for _, f := range c.flags {
			if f.group == group {
				rows = append(rows, row{f.left(), f.right()})
			}
		}
		p.table(group, 3, rows)
	}
	return p.String()
}

// groups are the headings in the order of the table.
func (c *command) groups() []string {
	var groups []string
	for _, f := range c.flags {
		if f.group != "" && !slices.Contains(groups, f.group) {
			groups = append(groups, f.group)
		}
	}
	return groups
}

// left is "-o, --output FILE".
func (o *option) left() string {
	s := ""
	for _, a := range o.aliases {
		if len(a) == 1 {
			s += "-" + a + ", "
		}
	}
	if s == "" {
		s = "    " // under the names of those that have a letter
	}
	return strings.TrimRight(s+"--"+o.name+" "+o.arg, " ")
}

func (o *option) right() string {
	switch {
	case o.on:
		return o.use + " (on; --no-" + o.name + " turns it off)"
	case o.def != "":
		return o.use + " (default: " + o.def + ")"
	}
	return o.use
}

// A page is help as it is written.
type page struct {
	strings.Builder
	width int
}

// A row of a table.
type row struct{ left, right string }

func (p *page) gap() { p.WriteByte('\n') }

func (p *page) text(s string) {
	for _, line := range wrap(s, p.width) {
		fmt.Fprintln(p, line)
	}
}

func (p *page) examples(all []example) {
	var rows []row
	for _, e := range all {
		rows = append(rows, row{e.line, e.what})
	}
	p.table("examples", 5, rows)
}

// table writes rows under a heading. Its second column begins behind the
// longest of the first, but no further than eighths of the width; what is
// longer has a line to itself.
func (p *page) table(head string, eighths int, rows []row) {
	if len(rows) == 0 {
		return
	}
	p.gap()
	if head != "" {
		fmt.Fprintf(p, "%s:\n", head)
	}
	column := 0
	for _, r := range rows {
		if n := utf8.RuneCountInString(r.left) + 4; n <= p.width*eighths/8 {
			column = max(column, n)
		}
	}
	column = max(column, 10)
	for _, r := range rows {
		left := "  " + r.left
		if r.right == "" || utf8.RuneCountInString(left) > column-2 {
			fmt.Fprintln(p, left)
			left = ""
		}
		if r.right == "" {
			continue
		}
		for _, line := range wrap(r.right, p.width-column) {
			fmt.Fprintf(p, "%-*s%s\n", column, left, line)
			left = ""
		}
	}
}

// wrap breaks s between words into lines of at most width letters.
func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
