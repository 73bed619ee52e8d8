package ui

import "io"

// An Ink colours texts that are printed as they are, such as reports. The zero
// Ink does not.
type Ink struct{ on ink }

// InkFor is the Ink for w: when is "always" or "never", anything else leaves it
// to w and the environment.
func InkFor(w io.Writer, when string) Ink { return Ink{ink(colored(when, isTerminal(w)))} }

// Good, Bad, Doubtful and Faint colour s by what it says.
func (i Ink) Good(s string) string     { return i.on.paint(green, s) }
func (i Ink) Bad(s string) string      { return i.on.paint(red, s) }
func (i Ink) Doubtful(s string) string { return i.on.paint(yellow, s) }
func (i Ink) Faint(s string) string    { return i.on.paint(gray, s) }
