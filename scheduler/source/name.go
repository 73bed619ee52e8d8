package source

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The longest name, and the longest extension that is kept when a name is cut,
// in bytes. File systems allow 255; the rest is room for suffixes of ours.
const (
	maxName = 200
	maxExt  = 32
)

// nameless is what a file is called if nothing is left of its name.
const nameless = "download"

// Name is a safe file name for what rawURL points at: the last segment of its
// path, decoded once. It is never empty, has no separators, control or
// formatting characters, no leading dot and no trailing dot or space, is no
// device name on any system and none that a sink gives to its own files, and
// has 200 bytes or fewer, of which the extension is kept. Its letters are
// composed (Unicode's form NFC). A URL that ends in a slash gives "index.html",
// and one whose name has nothing left in it "download".
func Name(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nameless
	}
	escaped := u.EscapedPath() // an escaped slash does not part segments
	escaped = escaped[strings.LastIndexByte(escaped, '/')+1:]
	if escaped == "" {
		return "index.html"
	}
	name, err := url.PathUnescape(escaped)
	if err != nil {
		return nameless
	}
	if name = safeName(name); name == "" {
		return nameless
	}
	return name
}

// safeName is what a name from the network becomes before a file gets it; ""
// if nothing is left. Every such name goes through here.
func safeName(name string) string {
	name = norm.NFC.String(strings.ToValidUTF8(name, "_"))
	name = trim(strings.Map(harmless, name))
	if rest := strings.TrimLeft(name, "."); rest != name {
		name = "_" + rest
	}
	name = trim(shorten(name))
	if strings.Trim(seen(name), "_") == "" {
		return ""
	}
	if device(seen(name)) {
		name = "_" + name
	}
	if claims.MatchString(seen(name)) {
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
	case strings.ContainsRune(unseen, r):
		return r
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return '_'
	}
	return r
}

// unseen are the invisible characters that names keep, between others: the
// joiners, which scripts need, and what makes a sign an emoji. Some file
// systems do not see them either (HFS+, and ext4 where it folds case).
const unseen = "\u200c\u200d\ufe0e\ufe0f"

// seen is name as such a file system has it.
func seen(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(unseen, r) {
			return -1
		}
		return r
	}, name)
}

// trim takes away what Windows drops without a word, and what stands in front
// of a name and cannot be seen.
func trim(name string) string {
	name = strings.TrimRightFunc(name, func(r rune) bool { return r == '.' || unicode.IsSpace(r) })
	return strings.TrimLeftFunc(name, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(unseen, r) })
}

// shorten cuts name to maxName bytes, between runes, in front of its extension.
// Two bytes are left for the underscores that bad names get.
func shorten(name string) string {
	if len(name) <= maxName-2 {
		return name
	}
	ext := extension(name)
	cut := maxName - 2 - len(ext)
	for !utf8.RuneStart(name[cut]) {
		cut--
	}
	return name[:cut] + ext
}

// double is an extension in front of another one: .tar.gz, .part1.rar.
var double = regexp.MustCompile(`^\.[A-Za-z0-9]{1,8}$`)

// extension is the end of name that says what it is.
func extension(name string) string {
	ext := path.Ext(name)
	if len(ext) > maxExt {
		return ""
	}
	if inner := path.Ext(strings.TrimSuffix(name, ext)); double.MatchString(inner) {
		return inner + ext
	}
	return ext
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

// claims are the names that a sink gives to its part, checkpoint, lock and
// rejected part. No server may leave a checkpoint there for the download of
// another.
var claims = regexp.MustCompile(`(?i)\.part(\.ck(\.lock)?|\.bad(\.[0-9]+)?)?$`)

// Launcher says whether a file of this name starts something when it is opened
// in a file manager, instead of showing what is in it. Whoever fetches one
// should be told.
func Launcher(name string) bool {
	return slices.Contains(
		[]string{".desktop", ".url", ".webloc", ".lnk", ".scf", ".command"},
		strings.ToLower(path.Ext(name)))
}
