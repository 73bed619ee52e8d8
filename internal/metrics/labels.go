package metrics

import "strings"

// A method is one that is told apart. All the others are one.
type method int

const (
	get method = iota
	head
	options
	otherMethod
	methods
)

func (m method) String() string { return [...]string{"GET", "HEAD", "OPTIONS", "other"}[m] }

func methodOf(s string) method {
	switch s {
	case "GET":
		return get
	case "HEAD":
		return head
	case "OPTIONS":
		return options
	}
	return otherMethod
}

// A class is the first digit of a status; 0 is that of no status at all, and
// there is no 1: such a response is not the last.
type class int

const classes class = 6

func (c class) String() string {
	return [...]string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"}[c]
}

func classOf(status int) class {
	if c := class(status / 100); c > 0 && c < classes {
		return c
	}
	return 0
}

// A kind is what a Range field asks for.
type kind int

const (
	none    kind = iota
	closed       // bytes=0-99
	open         // bytes=100-
	suffix       // bytes=-100
	several      // bytes=0-9,20-29
	other        // what is ignored
	kinds
)

func (k kind) String() string {
	return [...]string{"none", "closed", "open", "suffix", "several", "other"}[k]
}

// kindOf looks no closer than is needed to tell them apart; whether a range is
// right the status says.
func kindOf(field string) kind {
	const unit = "bytes="
	switch {
	case field == "":
		return none
	case len(field) <= len(unit) || !strings.EqualFold(field[:len(unit)], unit):
		return other
	case strings.Contains(field, ","):
		return several
	case field[len(unit)] == '-':
		return suffix
	case strings.HasSuffix(field, "-"):
		return open
	}
	return closed
}
