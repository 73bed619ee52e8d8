package source

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// A Netrc is the logins of a .netrc file, for URLs that name none.
type Netrc struct{ logins []login }

type login struct{ machine, user, password string }

// ParseNetrc reads what curl, ftp and git read: machine, login, password and
// account, each with a word behind it, which may be in double quotes. A default,
// which would be for every host, and macros are passed over. The error names a
// line and says nothing of what is in it.
func ParseNetrc(text string) (Netrc, error) {
	var n Netrc
	var now *login // the entry that words belong to
	var key string // the word before, if it wants another one
	macro := false
	line := 0
	for s := range strings.Lines(text) {
		line++
		s = strings.TrimSpace(s)
		if s == "" {
			macro = false
		}
		if macro || s == "" || s[0] == '#' {
			continue
		}
		for s != "" {
			word, rest, err := netrcWord(s)
			if err != nil {
				return Netrc{}, fmt.Errorf("line %d: %w", line, err)
			}
			s = rest
			switch key {
			case "":
				switch word {
				case "machine", "login", "password", "account", "macdef":
					key = word
				case "default":
					now = new(login)
				default:
					return Netrc{}, fmt.Errorf("line %d: want machine, default, login, password, account or macdef", line)
				}
				continue
			case "machine":
				n.logins = append(n.logins, login{machine: word})
				now = &n.logins[len(n.logins)-1]
			case "macdef":
				macro, s = true, ""
			default:
				if now == nil {
					return Netrc{}, fmt.Errorf("line %d: a %s before the first machine", line, key)
				}
				now.set(key, word)
			}
			key = ""
		}
	}
	if key != "" {
		return Netrc{}, fmt.Errorf("line %d: nothing behind %s", line, key)
	}
	return n, nil
}

func (l *login) set(key, word string) {
	switch key {
	case "login":
		l.user = word
	case "password":
		l.password = word
	}
}

// netrcWord cuts the first word off s, which begins with it.
func netrcWord(s string) (word, rest string, err error) {
	if s[0] != '"' {
		end := strings.IndexAny(s, " \t")
		if end < 0 {
			return s, "", nil
		}
		return s[:end], strings.TrimLeft(s[end:], " \t"), nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), strings.TrimLeft(s[i+1:], " \t"), nil
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", fmt.Errorf("a quote is not closed")
}

// Find gives the login for u: of the first machine of exactly its host that has
// both a login and a password, and the user's name if u says one. A machine
// without a port is for the ports that http and https have by default; for any
// other it has to be HOST:PORT.
func (n Netrc) Find(u *url.URL) (user, password string, ok bool) {
	names := []string{net.JoinHostPort(u.Hostname(), port(u))}
	if p := u.Port(); p == "" || u.Scheme == "http" && p == "80" || u.Scheme == "https" && p == "443" {
		names = append(names, u.Hostname())
	}
	for _, l := range n.logins {
		here := slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(l.machine, name) })
		asked := u.User.Username() == "" || u.User.Username() == l.user
		if here && asked && l.user != "" && l.password != "" {
			return l.user, l.password, true
		}
	}
	return "", "", false
}
