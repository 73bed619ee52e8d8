package server

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// encoded percent-encodes every byte of s but letters, digits and those in keep.
func encoded(s, keep string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if alphanumeric(c) || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// unreserved are the characters beside letters and digits that never need encoding in a URL (RFC 3986, section 2.3).
// None of them, nor the % of the others, means anything to a shell within a word: a URL whose every segment has been
// through segmented can be put on a command line as it is.
const unreserved = "-._~"

// segmented makes a name one segment of a path in a URL.
func segmented(name string) string { return encoded(name, unreserved) }

// quoted makes s one word of a command line, for people who paste it into a terminal. A shell that expands anything in
// it, or a terminal that takes a byte of it for a key, would do what the name of a file says, and anybody can name
// files. So what is not plain stands in single quotes, and a string with anything that is not printed, be it an escape
// sequence, a newline or an override of the writing direction, in $'…' (POSIX.1-2024, section 2.2.4) by its bytes'
// octal numbers; so does !, which a shell at a terminal may look for within these. The result is one line of printable
// characters.
func quoted(s string) string {
	bare, printable := s != "", true
	for _, r := range s {
		bare = bare && r < 0x80 && (alphanumeric(byte(r)) || strings.ContainsRune("-._/:%@+,", r))
		printable = printable && unicode.IsPrint(r) && r != unicode.ReplacementChar
	}
	switch {
	case bare && s[0] != '-':
		return s
	case printable:
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if unicode.IsPrint(r) && r != unicode.ReplacementChar && !strings.ContainsRune(`'\!`, r) {
			b.WriteString(s[:n])
		} else {
			for i := range n {
				fmt.Fprintf(&b, `\%03o`, s[i])
			}
		}
		s = s[n:]
	}
	b.WriteString("'")
	return b.String()
}

// local is a name as a file in the folder one is in: never an option, and never the - that stands for a stream.
func local(name string) string {
	if strings.HasPrefix(name, "-") {
		return "./" + name
	}
	return name
}

// shown is a name as it is put before people. What would not be seen, or would show the rest of it in another order,
// stands there by its number; but not what joins letters and emoji.
func shown(name string) string {
	const joiners = "\u200c\u200d"
	if !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return name
	}
	var b strings.Builder
	for _, r := range name {
		if unicode.IsPrint(r) || strings.ContainsRune(joiners, r) || unicode.Is(unicode.Zs, r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "⟨%U⟩", r)
		}
	}
	return b.String()
}
