package server

import (
	"net/http"
	"strings"
	"time"
)

// validators are what a representation is recognised by when it is asked for again (RFC 9110, section 8.8).
type validators struct {
	etag     string    // a whole entity-tag, with its quotes and perhaps W/; "" for none
	modified time.Time // what Last-Modified says; zero for none
	settled  bool      // modified is old enough to be a strong validator (section 8.8.2.2)
}

// strong says whether equal tags mean equal bytes.
func (v validators) strong() bool {
	return v.etag != "" && !strings.HasPrefix(v.etag, "W/")
}

// An outcome is what the preconditions of a request come to.
type outcome int

const (
	proceed            outcome = iota // perform the method
	notModified                       // 304
	preconditionFailed                // 412
)

// evaluate works through the preconditions of a GET or HEAD in the order of RFC 9110, section 13.2.2. It is to be asked
// only where the answer would otherwise be a 2xx. If-Range is not among them: see ifRange.
func evaluate(h http.Header, v validators) outcome {
	if field, ok := joined(h, "If-Match"); ok {
		if !matchAny(field, v.etag, true) {
			return preconditionFailed
		}
	} else if since, ok := date(h, "If-Unmodified-Since"); ok && !v.modified.IsZero() {
		if seconds(v.modified).After(since) {
			return preconditionFailed
		}
	}
	if field, ok := joined(h, "If-None-Match"); ok {
		if matchAny(field, v.etag, false) {
			return notModified
		}
	} else if since, ok := date(h, "If-Modified-Since"); ok && !v.modified.IsZero() {
		if !seconds(v.modified).After(since) {
			return notModified
		}
	}
	return proceed
}

// ifRange says whether the Range field of the request may be honoured: there is no If-Range, or it names exactly what
// would be sent, by a strong validator (RFC 9110, section 13.1.5).
func ifRange(h http.Header, v validators) bool {
	field, ok := joined(h, "If-Range")
	if !ok {
		return true
	}
	if tag, rest, ok := cutTag(field); ok {
		return rest == "" && v.strong() && tag == v.etag
	}
	t, err := http.ParseTime(field)
	return err == nil && v.settled && t.Equal(seconds(v.modified))
}

// joined gives all lines of a field as one list (RFC 9110, section 5.3), and whether there is any. The name must be in
// canonical form.
func joined(h http.Header, name string) (string, bool) {
	lines := h[name]
	switch len(lines) {
	case 0:
		return "", false
	case 1:
		return lines[0], true
	}
	return strings.Join(lines, ", "), true
}

// date gives the time a date field names. A field that is no single date is as good as absent, which is what ok says.
func date(h http.Header, name string) (t time.Time, ok bool) {
	field, ok := joined(h, name)
	if !ok {
		return time.Time{}, false
	}
	t, err := http.ParseTime(field)
	return t, err == nil
}

// seconds drops what an HTTP date cannot say.
func seconds(t time.Time) time.Time { return t.Truncate(time.Second) }

// matchAny says whether an If-Match or If-None-Match field, "*" or a list of entity-tags, names a representation that
// exists and has the given tag. A list with a member that is no tag matches nothing: If-Match then fails and
// If-None-Match lets the answer through, the safe way round for both.
func matchAny(field, etag string, strong bool) bool {
	field = strings.Trim(field, " \t")
	if field == "*" {
		return true
	}
	matched := false
	for {
		field = strings.TrimLeft(field, " \t,")
		if field == "" {
			return matched
		}
		tag, rest, ok := cutTag(field)
		if !ok {
			return false
		}
		if rest = strings.TrimLeft(rest, " \t"); rest != "" && rest[0] != ',' {
			return false
		}
		matched = matched || sameTag(tag, etag, strong)
		field = rest
	}
}

// sameTag compares two entity-tags (RFC 9110, section 8.8.3.2). The empty string is no tag and the same as none.
func sameTag(a, b string, strong bool) bool {
	if strong {
		return a == b && strings.HasPrefix(a, `"`)
	}
	return b != "" && strings.TrimPrefix(a, "W/") == strings.TrimPrefix(b, "W/")
}

// cutTag splits s after the entity-tag it begins with (RFC 9110, section 8.8.3).
func cutTag(s string) (tag, rest string, ok bool) {
	i := 0
	if strings.HasPrefix(s, "W/") {
		i = 2
	}
	if i >= len(s) || s[i] != '"' {
		return "", s, false
	}
	for i++; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return s[:i+1], s[i+1:], true
		case c < 0x21 || c == 0x7f:
			return "", s, false
		}
	}
	return "", s, false
}
