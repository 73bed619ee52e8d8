package cli

import (
	"net/url"
	"slices"
	"strings"

	"braid/scheduler/source"
)

// elsewhere is what flags of other programs are called here.
var elsewhere = map[string]string{
	"-s": "-q, to be silent", "--silent": "-q, to be silent",
	"-C": "the command without it, braid goes on by itself", "--continue-at": "the command without it, braid goes on by itself",
	"-P": "-d", "--output-dir": "--dir", "--directory-prefix": "--dir",
	"-t": "--retry", "--tries": "--retry", "--max-tries": "--retry", "--max-speed": "--limit-rate",
	"--max-connection-per-server": "--connections", "--split": "--connections", "--num-connections": "--connections",
	"--no-check-certificate": "--insecure", "--ca-certificate": "--cacert",
}

func (c *command) unknownFlag(flag string) error {
	if here, ok := elsewhere[flag]; ok && c.name == "get" {
		return try(here, "%s has no flag %s", c.name, flag)
	}
	var names []string
	for _, f := range c.flags {
		names = append(names, "--"+f.name)
		if f.arg == "" {
			names = append(names, "--no-"+f.name)
		}
	}
	if near := nearest(flag, names); near != "" {
		return try(near, "%s has no flag %s", c.name, flag)
	}
	return c.usage("%s has no flag %s", c.name, flag)
}

func unknownCommand(all []*command, word string) error {
	if word == "" {
		return emptyURL()
	}
	var names []string
	for _, c := range all {
		names = append(names, c.name)
	}
	if near := nearest(word, names); near != "" {
		return try("braid "+near, "there is no command %q", word)
	}
	if u, err := url.Parse("https://" + word); err == nil && strings.ContainsAny(word, "./") && u.Host != "" {
		return try("braid https://"+source.Redact(word), "%q is neither a command nor a URL", source.Redact(word))
	}
	return try("braid --help", "there is no command %q", word)
}

// nearest is the one of names that word was most likely meant to be, or "".
func nearest(word string, names []string) string {
	best, least := "", 1+min(len(word)/3, 3)
	for _, name := range names {
		if d := distance(word, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to be changed, added, left out or swapped with
// their neighbour to make b of a.
func distance(a, b string) int {
	before, last := []int(nil), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// isURL says whether word is meant as a URL, of whatever scheme.
func isURL(word string) bool {
	scheme, rest, ok := strings.Cut(word, "://")
	return ok && scheme != "" && rest != "" && !slices.ContainsFunc([]byte(scheme), func(b byte) bool {
		return !('a' <= b|0x20 && b|0x20 <= 'z' || '0' <= b && b <= '9' || strings.IndexByte("+-.", b) >= 0)
	})
}

func emptyURL() error {
	return try("braid https://example.com/file", "the URL is empty, as if from a variable that is not set")
}
