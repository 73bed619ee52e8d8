package source

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxDisposition is the longest Content-Disposition that is read, in bytes. A
// name of 200 of them, each percent-encoded in both forms, fits several times.
const maxDisposition = 4096

// Disposition is a safe file name from the Content-Disposition of a response
// (RFC 6266), as safe as one that Name gives; ok is false if the header has
// none, or is not to be understood in one way only. Ask the final response, and
// once: names that redirects send are not the file's.
func Disposition(h http.Header) (name string, ok bool) {
	values := h.Values("Content-Disposition")
	if len(values) != 1 || len(values[0]) > maxDisposition {
		return "", false
	}
	params, ok := parseDisposition(values[0])
	if !ok {
		return "", false
	}
	if text, ok := decodeExtended(params["filename*"]); ok {
		name = safeName(lastSegment(text))
	}
	if name == "" {
		name = safeName(lastSegment(decodePlain(params["filename"])))
	}
	return name, name != ""
}

// parseDisposition reads a type and its parameters, whose names it makes small.
// One that stands there twice makes the whole invalid (RFC 6266, section 4.1):
// two readers could take two names.
func parseDisposition(s string) (params map[string]string, ok bool) {
	kind, rest, _ := strings.Cut(s, ";")
	if !isToken(strings.Trim(kind, " \t")) {
		return nil, false
	}
	params = map[string]string{}
	for rest = strings.Trim(rest, " \t"); rest != ""; rest = strings.Trim(rest, " \t") {
		key, after, found := strings.Cut(rest, "=")
		key = strings.ToLower(strings.Trim(key, " \t"))
		if _, twice := params[key]; !found || !isToken(key) || twice {
			return nil, false
		}
		if params[key], rest, ok = parseValue(strings.TrimLeft(after, " \t")); !ok {
			return nil, false
		}
	}
	return params, true
}

// parseValue reads what a parameter is, up to the next one. Many servers forget
// the quotes around a name with spaces.
func parseValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ";")
		return strings.TrimRight(value, " \t"), rest, !strings.Contains(value, `"`)
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			rest = strings.TrimLeft(s[i+1:], " \t")
			if rest != "" && rest[0] != ';' {
				return "", "", false
			}
			return b.String(), strings.TrimPrefix(rest, ";"), true
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++ // any other backslash is of a path of Windows
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// decodeExtended reads an ext-value, such as UTF-8”na%C3%AFve (RFC 8187,
// section 3.2).
func decodeExtended(s string) (text string, ok bool) {
	parts := strings.SplitN(s, "'", 3)
	if len(parts) < 3 || strings.ContainsFunc(parts[2], func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", false
	}
	text, err := url.PathUnescape(parts[2])
	switch {
	case err != nil:
		return "", false
	case strings.EqualFold(parts[0], "UTF-8"):
		return text, utf8.ValidString(text)
	case strings.EqualFold(parts[0], "ISO-8859-1"):
		return latin1(text), true
	}
	return "", false
}

// decodePlain reads a name that is sent raw: in UTF-8, as most do, or in
// ISO-8859-1, as headers once were.
func decodePlain(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return latin1(s)
}

func latin1(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteRune(rune(c))
	}
	return b.String()
}

// lastSegment is what of a path names the file; where it lies is not the
// server's to say (RFC 6266, section 4.3).
func lastSegment(s string) string { return s[strings.LastIndexAny(s, `/\`)+1:] }

// isToken says whether s is a token (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
}
