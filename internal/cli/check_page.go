package cli

import (
	"fmt"
	"io"
	"strings"

	"braid/internal/check"
	"braid/internal/ui"
)

// A checkPage writes the report of braid check as it comes about.
type checkPage struct {
	out     io.Writer
	ink     ui.Ink
	width   int
	quiet   bool // only what fails
	verbose bool // the rule of every row

	group string // under whose heading it is
	err   error  // why nothing can be written any more
}

// margin is how far to the right of a verdict its row begins.
const margin = 14

func (p *checkPage) print(lines ...string) {
	for _, line := range lines {
		if p.err == nil {
			_, p.err = fmt.Fprintln(p.out, line)
		}
	}
}

// begin writes what is known of the file, and which sections are meant.
func (p *checkPage) begin(r check.Report) {
	p.print(r.URL)
	what := "unknown size"
	if r.Size >= 0 {
		what = ui.Size(r.Size)
	}
	parts := []string{what, r.Proto, "at " + r.Address}
	if r.Server != "" {
		parts = append(parts, r.Server)
	}
	if r.At != "" {
		parts = append(parts, "redirected to "+r.At)
	}
	for _, line := range wrap(strings.Join(parts, ", "), p.width-2) {
		p.print("  " + line)
	}
	if !p.quiet {
		p.print("  " + p.ink.Faint("§ is a section of RFC 9110"))
	}
}

// row writes one row: what was asked and came, and unless all is well, what the
// rule is and what is wrong.
func (p *checkPage) row(r check.Row) {
	if p.quiet && r.Verdict != check.Fail {
		return
	}
	if r.Group != p.group {
		p.group = r.Group
		p.print("", r.Group+":")
	}
	texts := []string{r.Asked + " → " + r.Came}
	cite := "[" + strings.Replace(r.Section, "RFC 9110, ", "§", 1) + "]"
	if r.Verdict != check.Pass || p.verbose {
		texts = append(texts, r.Rule+" "+cite)
	} else {
		texts[0] += " " + cite
	}
	if r.Reason != "" {
		texts = append(texts, r.Reason)
	}
	lead := fmt.Sprintf("  %-*s", margin-2, r.Verdict)
	for i, text := range texts {
		for _, line := range wrap(text, p.width-margin) {
			if i > 0 {
				line = p.ink.Faint(line)
			}
			p.print(p.verdict(r.Verdict, lead) + line)
			lead = strings.Repeat(" ", margin)
		}
	}
}

// verdict colours s as the verdict has it.
func (p *checkPage) verdict(v check.Verdict, s string) string {
	switch v {
	case check.Pass:
		return p.ink.Good(s)
	case check.Fail:
		return p.ink.Bad(s)
	case check.Allowed:
		return p.ink.Doubtful(s)
	}
	return p.ink.Faint(s)
}

// end writes the summary.
func (p *checkPage) end(r *check.Report) {
	s := r.Summary
	line := fmt.Sprintf("%d pass, %d fail, %d allowed, %d not offered; %d requests, %s in %.1f s",
		s.Pass, s.Fail, s.Allowed, s.NotOffered, r.Requests, ui.Size(r.Bytes), r.Seconds)
	if r.Partial != "" {
		line = "partial: " + line
	}
	p.print("", line)
	for _, sentence := range s.Text {
		p.print(wrap(sentence, p.width)...)
	}
}
