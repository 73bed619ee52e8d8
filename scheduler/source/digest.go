package source

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"

	"braid/segment"
)

// maxDigests is the longest Repr-Digest that is read, in bytes.
const maxDigests = 4096

// digests are the algorithms that RFC 9530 calls active, and what segment calls
// them. The first is preferred: most processors have instructions for it.
var digests = []struct{ field, algorithm string }{{"sha-256", "sha256"}, {"sha-512", "sha512"}}

// A member of a dictionary of structured fields (RFC 9651, sections 3.2 and
// 4.2.2): its key, its value, its parameters.
var member = func() *regexp.Regexp {
	const (
		key    = `[a-z*][a-z0-9_.*-]*`
		bytes  = `:[A-Za-z0-9+/=]*:`
		text   = `%?"(?:[ !#-\[\]-~]|\\["\\])*"`
		number = `@?-?[0-9]{1,15}(?:\.[0-9]{1,3})?`
		token  = "[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*"
		item   = `(?:` + bytes + `|` + text + `|` + number + `|` + token + `|\?[01])`
		params = `(?:; *` + key + `(?:=` + item + `)?)*`
		inner  = `\( *(?:` + item + params + ` *)*\)`
	)
	return regexp.MustCompile(`^(` + key + `)(?:=(` + item + `|` + inner + `))?` + params)
}()

// ReprDigest is what the whole file hashes to by the Repr-Digest of a response
// (RFC 9530, section 3), which says the same on a 206 as on a 200. It speaks of
// the bytes as they are sent: with a Content-Encoding, of those. ok is false if
// there is no digest of SHA-256 or SHA-512, or if the field is not well formed,
// all of which then counts for nothing.
func ReprDigest(h http.Header) (d segment.Digest, ok bool) {
	sums, ok := parseDigests(strings.Join(h.Values("Repr-Digest"), ","))
	if !ok {
		return segment.Digest{}, false
	}
	for _, known := range digests {
		d = segment.Digest{Algorithm: known.algorithm, Sum: sums[known.field]}
		if len(d.Sum) == d.Hash().Size() {
			return d, true
		}
	}
	return segment.Digest{}, false
}

// parseDigests reads a dictionary, and gives those of its members that are
// bytes. Of two members of one key the second counts.
func parseDigests(s string) (sums map[string][]byte, ok bool) {
	sums = map[string][]byte{}
	if len(s) > maxDigests {
		return nil, false
	}
	for s = strings.Trim(s, " "); s != ""; {
		m := member.FindStringSubmatch(s)
		if m == nil {
			return nil, false
		}
		key, value := m[1], m[2]
		delete(sums, key)
		if raw, isBytes := strings.CutPrefix(value, ":"); isBytes {
			sum, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(raw, ":"))
			if err != nil {
				return nil, false
			}
			sums[key] = sum
		}
		rest := strings.TrimLeft(s[len(m[0]):], " \t")
		if s = strings.TrimPrefix(rest, ","); rest != "" && s == rest {
			return nil, false
		}
		if s = strings.TrimLeft(s, " \t"); s == "" && rest != "" {
			return nil, false // a comma, and nothing behind it
		}
	}
	return sums, true
}
