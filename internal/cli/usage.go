package cli

import (
	"errors"
	"fmt"
)

// A usageError says what is wrong with a command line, and what to type
// instead.
type usageError struct{ problem, try string }

func (e *usageError) Error() string {
	if e.try == "" {
		return e.problem
	}
	return e.problem + "; try: " + e.try
}

// try is a usageError with a suggestion of its own.
func try(suggestion, format string, args ...any) error {
	return &usageError{problem: fmt.Sprintf(format, args...), try: suggestion}
}

// usage is a usageError that sends people to the command's help.
func (c *command) usage(format string, args ...any) error {
	return try("braid "+c.name+" --help", format, args...)
}

// wrong makes a usageError of whatever the parser or validate found. The
// library keeps only the text of what an option said; the option has the whole.
func (c *command) wrong(err error) error {
	for _, f := range c.flags {
		if f.wrong != nil {
			return c.usage("%v", f.wrong)
		}
	}
	if u, ok := errors.AsType[*usageError](err); ok {
		if u.try != "" {
			return u
		}
		return c.usage("%s", u.problem)
	}
	return c.usage("%v", err)
}
