package server

import (
	"strings"
	"unicode"
)

// attrChar are the characters beside letters and digits that need no encoding there (RFC 8187, section 3.2.1).
const attrChar = "!#$&+-.^_`|~"

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
		field += `; filename*=UTF-8''` + encoded(name, attrChar)
	}
	return field
}
