package source

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The longest name, and the longest extension that is kept when a name is cut,
// in bytes. File systems allow 255; the rest is room for suffixes of ours.
const (
	maxName = 200
	maxExt  = 32
)

// Name is a safe file name for what rawURL points at: the last segment of its
// path, decoded once. It is never empty, has no separators, control or
// formatting characters, no leading dot and no trailing dot or space, is no
// device name on any system and none that a sink gives to its own files, and
// has 200 bytes or fewer, of which the extension is kept. A URL that ends in a slash gives "index.html", and one
// whose name has nothing left in it "download".
func Name(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "download"
	}
	escaped := u.EscapedPath() // an escaped slash does not part segments
	escaped = escaped[strings.LastIndexByte(escaped, '/')+1:]
	if escaped == "" {
		return "index.html"
	}
	name, err := url.PathUnescape(escaped)
	if err != nil {
		return "download"
	}
	return safeName(name)
}

func safeName(name string) string {
	name = strings.Map(harmless, strings.ToValidUTF8(name, "_"))
	name = trim(name)
	if rest := strings.TrimLeft(name, "."); rest != name {
		name = "_" + rest
	}
	name = trim(shorten(name))
	if strings.Trim(name, "_") == "" {
		return "download"
	}
	if device(name) {
		name = "_" + name
	}
	if claimed(name) {
		name += "_"
	}
	return name
}

// harmless replaces what a file system, a shell window or a reader's eye may
// take for something else.
func harmless(r rune) rune {
	switch {
	case strings.ContainsRune(`/\:*?"<>|`, r):
		return '_'
	case r == '\u200c' || r == '\u200d': // joiners, which scripts need
		return r
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs):
		return '_'
	}
	return r
}

// trim takes away what Windows drops without a word, and spaces in front.
func trim(name string) string {
	name = strings.TrimRightFunc(name, func(r rune) bool { return r == '.' || unicode.IsSpace(r) })
	return strings.TrimLeftFunc(name, unicode.IsSpace)
}

// shorten cuts name to maxName bytes, between runes, in front of its extension.
// Two bytes are left for the underscores that bad names get.
func shorten(name string) string {
	if len(name) <= maxName-2 {
		return name
	}
	ext := path.Ext(name)
	if len(ext) > maxExt {
		ext = ""
	}
	cut := maxName - 2 - len(ext)
	for !utf8.RuneStart(name[cut]) {
		cut--
	}
	return name[:cut] + ext
}

// device says whether Windows takes name for a device, with any extension.
func device(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	for _, port := range []string{"COM", "LPT"} {
		if n, ok := strings.CutPrefix(stem, port); ok && utf8.RuneCountInString(n) == 1 && strings.Contains("0123456789¹²³", n) {
			return true
		}
	}
	return false
}

var claims = regexp.MustCompile(`(?i)\.part(\.ck(\.lock)?|\.bad(\.[0-9]+)?)?$`)

// joiners are what HFS+ does not see in a name.
var joiners = strings.NewReplacer("\u200c", "", "\u200d", "")

// claimed says whether name is one that a sink gives to its part, checkpoint,
// lock or rejected part, so that no server can leave a checkpoint there for the
// download of another.
func claimed(name string) bool { return claims.MatchString(joiners.Replace(name)) }
