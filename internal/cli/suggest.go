package cli

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"braid/scheduler/source"
)

func (c *command) unknownFlag(flag string) error {
	if h, ok := habits[c.name][flag]; ok {
		return h.of(c, flag)
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
	whole := completed(word)
	if u, err := url.Parse(whole); err == nil && strings.ContainsAny(word, "./:") && u.Host != "" {
		return try("braid "+source.Redact(whole), "%q is neither a command nor a URL", source.Redact(word))
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

// completed is word, which is no URL, as the URL that was probably meant. Plain
// http is likelier of what is near, or has a port of its own.
func completed(word string) string {
	scheme, rest, _ := strings.Cut(word, ":")
	if s := strings.ToLower(scheme); s == "http" || s == "https" {
		return s + "://" + strings.TrimLeft(rest, "/")
	}
	u, err := url.Parse("http://" + word)
	if err == nil && (near(u.Hostname()) || u.Port() != "") && !strings.HasSuffix(u.Port(), "443") {
		return "http://" + word
	}
	return "https://" + word
}

// near says whether host is this machine, or one in this house.
func near(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return strings.EqualFold(host, "localhost")
	}
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
}

func noStdout() error { return try("-o FILE", "braid writes to files only") }

func emptyURL() error {
	return try("braid https://example.com/file", "the URL is empty, as if from a variable that is not set")
}
