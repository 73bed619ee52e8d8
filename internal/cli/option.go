package cli

import (
	"errors"
	"flag"
	"fmt"
	"strconv"

	"braid/scheduler/source"
)

// An option is one flag of a command. It implements cli.Flag.
type option struct {
	name    string   // without dashes
	aliases []string // other names: letters, or what other programs call it
	arg     string   // what it takes, as help writes it: "N"; "" for a switch
	use     string   // what help says
	group   string   // the heading that help puts it under; "" hides it
	def     string   // the default, as one would type it; "" if there is none to tell
	on      bool     // of a switch: it is on unless --no-NAME is given
	set     func(value string) error

	wrong error // what set said
}

// String is part of cli.Flag.
func (o *option) String() string { return "--" + o.name }

// Names is part of cli.Flag. The aliases are missing on purpose: normalize has
// replaced them, and the library refuses two names of one flag on one line.
func (o *option) Names() []string { return []string{o.name} }

// IsSet is part of cli.Flag.
func (o *option) IsSet() bool { return false }

// Apply is part of cli.Flag.
func (o *option) Apply(set *flag.FlagSet) error {
	if o.arg == "" {
		set.BoolFunc(o.name, "", o.take)
	} else {
		set.Func(o.name, "", o.take)
	}
	return nil
}

func (o *option) take(value string) error {
	err := o.set(value)
	if w, ok := errors.AsType[wanted](err); ok {
		if isURL(value) { // as of curl's -x, which names a proxy
			value = source.Redact(value)
		}
		err = fmt.Errorf("--%s wants %s, not %q", o.name, string(w), value)
	} else if err != nil {
		err = fmt.Errorf("--%s: %w", o.name, err)
	}
	if o.wrong == nil {
		o.wrong = err
	}
	return err
}

// wanted says what a value should have been, such as "a number from 1 to 64".
type wanted string

func (w wanted) Error() string { return "wants " + string(w) }

// into makes the set of an option from a parser and the place for its result.
func into[T any](dst *T, parse func(string) (T, error)) func(string) error {
	return func(s string) error {
		v, err := parse(s)
		if err == nil {
			*dst = v
		}
		return err
	}
}

// toggle is the set of a switch.
func toggle(dst *bool) func(string) error {
	return into(dst, func(s string) (bool, error) {
		v, err := strconv.ParseBool(s)
		if err != nil {
			return false, wanted("true or false")
		}
		return v, nil
	})
}

// ignored is the set of a flag that is accepted without effect, since what it
// asks for is what braid does anyway.
func ignored() func(string) error { return toggle(new(bool)) }
