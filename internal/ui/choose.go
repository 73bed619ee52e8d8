package ui

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Options say to whom a Reporter reports.
type Options struct {
	Out io.Writer // for data: events, the path of what was fetched
	Err io.Writer // for people: bars, lines, errors

	JSON       bool   // events on Out, one a line
	Quiet      bool   // errors, warnings and the path only
	NoProgress bool   // how it ends and what goes wrong, but nothing in between
	Color      string // "always", "never"; anything else leaves it to terminal and environment
	Retries    int    // how often something is asked for again in a row; 0 if that is not to be told

	Redact func(url string) string // takes the secrets out of a URL; nil leaves it as it is
	Kind   func(error) string      // names an error; nil names them all "other"
}

// narrowest is the fewest columns that bars are drawn in.
const narrowest = 20

// For is the reporter that suits o: events for a program, bars for a terminal,
// lines for anything else.
func For(o Options) Reporter {
	if o.Redact == nil {
		o.Redact = func(url string) string { return url }
	}
	if o.Kind == nil {
		o.Kind = func(error) string { return "other" }
	}
	c := &console{o: o, ink: ink(colored(o.Color, isTerminal(o.Err))), tell: !isTerminal(o.Out)}
	switch {
	case o.JSON:
		return &events{console: c}
	case o.Quiet:
		return &quiet{console: c}
	case o.NoProgress:
		return &lines{console: c, terse: true}
	case drawable(o.Err):
		c.home = home
		return &bars{console: c}
	}
	return &lines{console: c}
}

// Width is how many columns w has, or 0 if it is no terminal.
func Width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// isTerminal asks the terminal itself: the mode bits of /dev/null look alike.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// drawable says whether bars can be drawn on w. Some pseudo-terminals say that
// they have no columns, and TERM=dumb that it does not know how to go up.
func drawable(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("TERM") != "dumb" && Width(w) >= narrowest
}

// colored decides whether colours are wanted. The flag speaks first, then the
// environment, then what kind of stream it is.
func colored(flag string, terminal bool) bool {
	switch {
	case flag == "always":
		return true
	case flag == "never", os.Getenv("NO_COLOR") != "":
		return false
	case os.Getenv("FORCE_COLOR") != "", os.Getenv("CLICOLOR_FORCE") != "":
		return true
	case os.Getenv("TERM") == "dumb":
		return false
	}
	return terminal
}
