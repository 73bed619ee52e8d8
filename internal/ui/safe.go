package ui

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Safe is s with everything escaped that a terminal would obey instead of
// print: C0 and C1 controls, marks that turn the writing direction, line
// separators, and bytes that are no UTF-8. What a server, a URL or a file name
// says is printed through it.
func Safe(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, obeyed) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == utf8.RuneError && n == 1, r < utf8.RuneSelf && obeyed(r):
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case obeyed(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// obeyed says whether a terminal may act on r instead of showing it.
func obeyed(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0: // C0, DEL, C1
	case r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // direction
	case r == 0x2028, r == 0x2029: // line and paragraph separators
	default:
		return false
	}
	return true
}

var urls = regexp.MustCompile(`(?i)\bhttps?://[^\s"'<>]+`)

// text makes s, which may be an error's, fit to print on one line: URLs lose
// their secrets, joined errors their line breaks.
func (o Options) text(s string) string {
	s = urls.ReplaceAllStringFunc(s, o.Redact)
	return Safe(strings.ReplaceAll(strings.TrimSpace(s), "\n", "; "))
}
