package server

import (
	"io/fs"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"unicode/utf8"
)

// ambiguous says whether a path, still percent-encoded, hides a separator or an end of string within a segment. Decoded,
// a%2fb and a/b could no longer be told apart.
func ambiguous(escaped string) bool {
	for i := 0; i+2 < len(escaped); i++ {
		if escaped[i] == '%' {
			switch strings.ToLower(escaped[i+1 : i+3]) {
			case "2f", "5c", "00":
				return true
			}
		}
	}
	return false
}

// requested is what the client asked for, also if a handler before this one has taken the beginning of the path away, as
// http.StripPrefix does. A path that would be another host's in a redirect is not believed.
func requested(r *http.Request) *url.URL {
	if u, err := url.ParseRequestURI(r.RequestURI); err == nil && !strings.HasPrefix(u.Path, "//") {
		return u
	}
	return r.URL
}

// nameOf gives the file name that a decoded path below some prefix stands for, "." for the empty path, and whether the
// path ends in a slash. ok is false for a name that is never served: one that leaves its folder, has an empty segment,
// begins a segment with a dot, or means something else to this system than what it says.
func nameOf(path string) (name string, slash, ok bool) {
	if path == "" {
		return ".", true, true
	}
	name, slash = strings.CutSuffix(path, "/")
	if !fs.ValidPath(name) || !utf8.ValidString(name) {
		return "", false, false
	}
	for segment := range strings.SplitSeq(name, "/") {
		if !servable(segment) || runtime.GOOS == "windows" && !plainOnWindows(segment) {
			return "", false, false
		}
	}
	return name, slash, true
}

// servable says whether a name within a folder may be served and listed.
func servable(segment string) bool {
	return !strings.HasPrefix(segment, ".") && !strings.ContainsAny(segment, "\\\x00") && utf8.ValidString(segment)
}

// plainOnWindows says whether Windows takes a name for a file of that very name, and not for a device, a stream or
// another file (CVE-2022-41720, CVE-2023-45284).
func plainOnWindows(segment string) bool {
	if strings.ContainsAny(segment, `<>:"|?*`) || strings.HasSuffix(segment, ".") || strings.HasSuffix(segment, " ") {
		return false
	}
	base, _, _ := strings.Cut(segment, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return false
	}
	if n, ok := strings.CutPrefix(base, "COM"); ok && port(n) {
		return false
	}
	n, ok := strings.CutPrefix(base, "LPT")
	return !ok || !port(n)
}

// port says whether n is the number of a device: one digit, or one of the superscripts that Windows takes for digits.
func port(n string) bool {
	return utf8.RuneCountInString(n) == 1 && strings.ContainsAny(n, "0123456789¹²³")
}
