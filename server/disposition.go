package server

import (
	"strings"
	"unicode"
)

// attachment gives the Content-Disposition that offers content under a file name (RFC 6266). A name that a quoted string
// cannot carry as it is goes in both forms, the plain one first, for readers that know no other; RFC 8187 has the
// encoding of the second. mime.FormatMediaType will not do: it sends only the second form for such names.
func attachment(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '_'
		}
		return r
	}, name)
	plain := strings.Map(func(r rune) rune {
		if r >= 0x7f || r == '"' || r == '%' { // some readers decode % even here
			return '_'
		}
		return r
	}, name)
	field := `attachment; filename="` + plain + `"`
	if plain != name {
		field += `; filename*=UTF-8''` + extValue(name)
	}
	return field
}

// extValue percent-encodes all but the attr-char of RFC 8187, section 3.2.1.
func extValue(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			strings.IndexByte("!#$&+-.^_`|~", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
