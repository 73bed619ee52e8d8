// Package nametest holds names that a server may send and no file may get as
// they are, and says of a name whether a file may get it. Tests of whatever
// takes names from the network use it.
package nametest

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A Name is what a server may call a file, and what would be gained by it.
type Name struct {
	Why string
	Raw string // as it is after decoding: any bytes
}

// Hostile is all of them.
func Hostile() []Name {
	return append(table(), families()...)
}

func table() []Name {
	return []Name{
		{"leaves the folder", "../x"},
		{"leaves the folder", "../../etc/passwd"},
		{"leaves the folder", "..\\..\\windows\\x"},
		{"leaves the folder", "a/../../x"},
		{"leaves the folder", "./../x"},
		{"leaves the folder", "..//x"},
		{"leaves the folder", ".../...//x"},
		{"leaves the folder", "....//....//x"},
		{"leaves the folder", "..;/x"},
		{"leaves the folder", "..\x00/x"},
		{"leaves the folder", "x/.."},
		{"is the folder above", ".."},
		{"is the folder", "."},
		{"is the folder, with a slash", "./"},
		{"is many dots, which Windows takes for one", "....."},
		{"is absolute", "/etc/passwd"},
		{"is absolute", "//etc/passwd"},
		{"is absolute on Windows", "\\windows\\x"},
		{"is on another drive", "c:\\x"},
		{"is on another drive", "c:x"},
		{"is on another machine", "\\\\host\\share\\x"},
		{"is on another machine", "//host/share/x"},
		{"is a device", "\\\\.\\PhysicalDrive0"},
		{"is a device", "\\\\?\\c:\\x"},
		{"is a device", "\\??\\c:\\x"},
		{"is a device", "\\\\?\\UNC\\host\\x"},
		{"is in a folder of its own", "folder/x"},
		{"is in somebody's home", "~/x"},
		{"is in somebody's home", "~root/x"},
		{"is a URL", "file:///etc/passwd"},

		{"is encoded once more", "..%2f..%2fx"},
		{"is encoded once more", "%2e%2e%2fx"},
		{"is encoded once more", "..%5cx"},
		{"is encoded twice more", "%252e%252e%252fx"},
		{"is encoded twice more", "..%255cx"},
		{"is encoded once more", "x%00.txt"},
		{"is encoded as no standard says", "%u002e%u002e%u2215x"},
		{"is encoded for HTML", "&#46;&#46;&#47;x"},

		{"is overlong UTF-8 for a slash", "..\xc0\xafx"},
		{"is overlong UTF-8 for a slash, in three bytes", "..\xe0\x80\xafx"},
		{"is overlong UTF-8 for a slash, in four bytes", "..\xf0\x80\x80\xafx"},
		{"is overlong UTF-8 for dots", "\xc0\xae\xc0\xae/x"},
		{"is overlong UTF-8 for a NUL", "x\xc0\x80.txt"},
		{"is half of a rune", "x\xe2\x80"},
		{"is a surrogate", "x\xed\xa0\x80"},
		{"is beyond Unicode", "x\xf4\x90\x80\x80"},
		{"is not UTF-8", "\xff\xfe"},
		{"is Latin-1", "caf\xe9.txt"},
		{"ends in the middle of a rune", "x.t\xc3"},

		{"hides", ".bashrc"},
		{"hides", ".ssh"},
		{"hides", "..x"},
		{"hides", "...x"},
		{"hides behind a space", " .bashrc"},
		{"hides behind a tab", "\t.bashrc"},
		{"hides behind a space that is none of ASCII", "\u3000.bashrc"},
		{"hides behind a joiner", "\u200d.bashrc"},
		{"hides behind a joiner that is another", "\u200c.bashrc"},
		{"hides behind what makes an emoji", "\ufe0f.bashrc"},
		{"hides behind a byte order mark", "\ufeff.bashrc"},
		{"hides a folder's settings", ".htaccess"},
		{"hides a folder's settings", ".git/config"},
		{"hides behind a trailing space", ".bashrc "},
		{"cannot be seen", "\u200d"},
		{"cannot be seen", "\u200c\u200d\ufe0f"},
		{"cannot be seen", "\u3164"},
		{"cannot be seen", "\u2063"},
		{"cannot be seen", "\u00a0"},
		{"cannot be seen", " "},
		{"cannot be seen", "\u115f\u1160\uffa0"},
		{"cannot be seen", "\U000e0041\U000e007f"},
		{"is empty", ""},
		{"is empty", "\x00"},
		{"is empty", "///"},
		{"is empty", "\\\\"},

		{"takes another download's part", "big.iso.part"},
		{"takes another download's checkpoint", "big.iso.part.ck"},
		{"takes another download's checkpoint", "BIG.ISO.PART.CK"},
		{"takes another download's lock", "big.iso.part.ck.lock"},
		{"takes what was rejected", "big.iso.part.bad"},
		{"takes what was rejected", "big.iso.part.bad.12"},
		{"takes a part where case folds", "big.iso.Part"},
		{"takes a checkpoint where a Kelvin is a K", "big.iso.part.c\u212a"},
		{"takes a part where joiners are not seen", "big.iso.pa\u200drt"},
		{"takes a part where selectors are not seen", "big.iso.pa\ufe0frt"},
		{"takes a part where trailing dots are dropped", "big.iso.part."},
		{"takes a part where trailing spaces are dropped", "big.iso.part  "},
		{"takes a checkpoint where both are", "big.iso.part.ck. ."},
		{"takes a checkpoint's stream", "big.iso.part.ck::$DATA"},
		{"takes a part after it was cut", strings.Repeat("x", 193) + ".part" + strings.Repeat("x", 99)},

		{"takes a part, is a device, and is as long as can be", "con." + strings.Repeat("x", 191) + ".part"},
		{"is a device, and as long as can be", "con." + strings.Repeat("x", 196)},
		{"ends in what Windows drops once it is cut", strings.Repeat("x", 197) + " " + strings.Repeat("x", 99)},
		{"ends in what Windows drops once it is cut", strings.Repeat("x", 197) + "." + strings.Repeat("x", 99)},

		{"is a stream of another file", "x.txt:stream"},
		{"is a stream of another file", "x.txt::$DATA"},
		{"is a stream of another file", "x.txt:a:$DATA"},
		{"is a stream of the folder", ":x"},
		{"is a stream of the folder", ".::$INDEX_ALLOCATION"},
		{"is a stream of the folder", "x:$I30:$INDEX_ALLOCATION"},

		{"looks like another kind", "invoice\u202egpj.exe"},
		{"looks like another kind", "a.exe .txt                    .exe"},
		{"looks like another name", "e\u0301tude.txt"},
		{"looks like another name", "\u212bngstrom.txt"},
		{"is two lines", "x\r\nSet-Cookie: y"},
		{"is two lines", "x\u2028y"},
		{"is two paragraphs", "x\u2029y"},
		{"speaks to the terminal", "\x1b[2J\x1b[Hx"},
		{"speaks to the terminal", "\x1b]0;title\x07x"},
		{"speaks to the terminal", "\x1b]8;;http://evil/\x1b\\x"},
		{"speaks to the terminal", "\u009b2Jx"},
		{"speaks to the terminal", "\x9b2Jx"},
		{"speaks to the terminal", "x\b\b\bevil"},
		{"speaks to the terminal", "\x1bPx\x1b\\"},
		{"speaks to the terminal", "\x1b[6n"},
		{"speaks to a shell", "$(touch x)"},
		{"speaks to a shell", "`touch x`"},
		{"speaks to a shell", "x;touch y"},
		{"speaks to a shell", "x|touch y"},
		{"speaks to a shell", "x>y"},
		{"speaks to a shell", "x\ntouch y"},
		{"speaks to a shell of Windows", "%COMSPEC%"},
		{"is a pattern", "*"},
		{"is a pattern", "x?"},
		{"is a flag", "-rf"},
		{"is a flag", "--force"},
		{"is a line too long for a path", strings.Repeat("../", 100) + "x"},
	}
}

func families() (all []Name) {
	add := func(why, format string, args ...any) {
		all = append(all, Name{why, fmt.Sprintf(format, args...)})
	}
	for r := range rune(0xa0) {
		if unicode.IsControl(r) {
			add(fmt.Sprintf("control character %U", r), "a%cb.txt", r)
		}
	}
	for _, r := range []rune{
		0x061c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069, // direction
		0x206a, 0x206b, 0x206c, 0x206d, 0x206e, 0x206f, // direction, once
		0x00ad, 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180c, 0x180d, 0x180e, 0x200b, 0x2060, 0x2061, 0x2062,
		0x2063, 0x2064, 0x2065, 0x3164, 0xfe00, 0xfeff, 0xffa0, 0xfff9, 0xfffa, 0xfffb, 0xe000, 0x1d173, 0xe0001, 0xe0020,
		0xe0061, 0xe007f, 0xe0100, 0xf0000, 0x100000,
	} {
		add(fmt.Sprintf("invisible %U", r), "a%cb.txt", r)
		add(fmt.Sprintf("invisible %U in front of a dot", r), "%c.x", r)
	}
	devices := []string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "COM¹", "LPT²", "COM³"}
	for n := range 9 {
		devices = append(devices, fmt.Sprint("COM", n+1), fmt.Sprint("LPT", n+1))
	}
	for _, d := range devices {
		for _, ext := range []string{"", ".txt", ".tar.gz", " .x", ".", ":", " "} {
			add("device", "%s%s", d, ext)
			add("device, in small letters", "%s%s", strings.ToLower(d), ext)
		}
	}
	for _, r := range []string{"x", "é", "日", "😀"} {
		for _, n := range []int{199, 200, 201, 255, 256, 4096} {
			all = append(all,
				Name{"too long", strings.Repeat(r, n)},
				Name{"too long, with an extension", "a" + strings.Repeat(r, n) + ".tar.gz"},
				Name{"too long an extension", "a." + strings.Repeat(r, n)})
		}
	}
	all = append(all, Name{"too many marks on a letter", "a" + strings.Repeat("\u0301", 5000)})
	for _, end := range []string{".", " ", "..", "  ", ". ", " .", " . . ", ".\t", "\u00a0", "\u3000.", ".\u2003"} {
		add("ends in what Windows drops", "x.exe%s", end)
		add("ends in what Windows drops, and is a device", "nul%s", end)
	}
	for _, slash := range []string{"/", "\\", "%2f", "%5c", "%252f", "%255c", "/./", "\\/"} {
		for _, up := range []string{"..", ".", "...", "%2e%2e", "%252e%252e", ".. ", " .."} {
			add("goes up", "%s%sx", up, slash)
			add("goes up, twice", "%s%s%s%sx", up, slash, up, slash)
		}
	}
	return all
}

var (
	ours    = regexp.MustCompile(`(?i)\.part(\.ck(\.lock)?|\.bad(\.\d+)?)?[. ]*$`)
	devices = regexp.MustCompile(`(?i)^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[1-9¹²³]) *(\.|:|$)`)
)

// Harm is what a file of this name could do, or "". It knows nothing of how
// names are made harmless.
func Harm(name string) string {
	bare := strings.NewReplacer("\u200c", "", "\u200d", "", "\ufe0e", "", "\ufe0f", "").Replace(name)
	switch {
	case strings.Trim(bare, " ") == "":
		return "is empty"
	case !utf8.ValidString(name):
		return "is not UTF-8"
	case !norm.NFC.IsNormalString(name):
		return "is spelled in two ways"
	case len(name) > 200:
		return fmt.Sprintf("is %d bytes long", len(name))
	case !filepath.IsLocal(name), filepath.Base(name) != name, strings.ContainsAny(name, `/\:`):
		return "escapes"
	case bare[0] == '.' || bare[0] == ' ':
		return "hides"
	case strings.HasSuffix(bare, ".") || strings.HasSuffix(bare, " "):
		return "loses its end"
	case devices.MatchString(bare):
		return "is a device"
	case ours.MatchString(bare), ours.MatchString(norm.NFKC.String(bare)):
		return "is one of ours"
	}
	for _, r := range bare {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
			return fmt.Sprintf("holds %U", r)
		}
	}
	return ""
}
