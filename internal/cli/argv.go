package cli

import (
	"slices"
	"strings"
)

// normalize rewrites what was typed into the one form that the library reads
// right:
//
//	braid COMMAND --flag=value … -- argument …
//
// The library stops reading flags at the first argument, knows neither -x16 nor
// --no-flag, and wants global flags before the command. People type flags
// anywhere, in any of these forms, and "braid URL" for "braid get URL".
func normalize(all []*command, args []string) ([]string, error) {
	words := args[min(1, len(args)):]
	c, words, err := choose(all, words)
	if err != nil {
		return nil, err
	}
	var flags, rest []string
	for len(words) > 0 {
		switch w := words[0]; {
		case w == "--":
			rest, words = append(rest, words[1:]...), nil
		case !isFlag(w):
			rest, words = append(rest, w), words[1:]
		default:
			plain, used, err := c.rewrite(words)
			if err != nil {
				return nil, err
			}
			flags, words = append(flags, plain...), words[used:]
		}
	}
	if help := "--help=true"; slices.Contains(flags, help) { // whatever else is wrong
		flags, rest = []string{help}, nil
	}
	out := append([]string{"braid", c.name}, flags...)
	if len(rest) > 0 {
		out = slices.Concat(out, []string{"--"}, rest)
	}
	return out, nil
}

// choose finds out which command is meant, and returns the other words.
func choose(all []*command, words []string) (*command, []string, error) {
	get := find(all, "get")
	before := leading(get, words)
	lead, rest := words[:before.words], words[before.words:]
	asks := func(flag, letter string) bool {
		return slices.Contains(before.typed, flag) || slices.Contains(before.typed, letter)
	}
	switch {
	case asks("--version", "-V"):
		return find(all, "version"), nil, nil
	case len(rest) == 0 && (len(lead) == 0 || asks("--help", "-h")):
		return find(all, "help"), nil, nil
	case len(rest) == 0 || rest[0] == "--" || isURL(rest[0]):
		return get, words, nil
	}
	if c := find(all, rest[0]); c != nil {
		return c, slices.Concat(lead, rest[1:]), nil
	}
	if before.unknown != nil { // of which this word may be the value
		if len(rest) > 1 {
			if c := find(all, rest[1]); c != nil {
				return c, slices.Concat(lead, rest[:1], rest[2:]), nil
			}
		}
		return nil, nil, before.unknown
	}
	if slices.Contains(before.plain, "--remote-name=true") { // get knows what to say about "-O NAME URL"
		return get, words, nil
	}
	return nil, nil, unknownCommand(all, rest[0])
}

// An opening is the flags that stand before the first other word.
type opening struct {
	words   int      // how many they are, with their values
	typed   []string // as they were typed, without values
	plain   []string // those that get knows
	unknown error    // what get says of the first that it does not know
}

// leading reads the flags at the start of words. What get knows of flags tells
// which take a value.
func leading(get *command, words []string) (l opening) {
	for l.words < len(words) && isFlag(words[l.words]) {
		l.typed = append(l.typed, words[l.words])
		plain, used, err := get.rewrite(words[l.words:])
		if err != nil {
			used = 1
			if l.unknown == nil {
				l.unknown = err
			}
		}
		l.plain = append(l.plain, plain...)
		l.words += used
	}
	return l
}

func isFlag(s string) bool { return len(s) > 1 && s[0] == '-' && s != "--" }

func find(all []*command, name string) *command {
	for _, c := range all {
		if c.name == name {
			return c
		}
	}
	return nil
}

// lookup finds a flag by any of its names.
func (c *command) lookup(name string) *option {
	for _, f := range c.flags {
		if f.name == name || slices.Contains(f.aliases, name) {
			return f
		}
	}
	return nil
}

// rewrite reads the flag at the start of words: what it means, each flag as one
// word, and how many words that took.
func (c *command) rewrite(words []string) (plain []string, used int, err error) {
	word := words[0]
	if err := c.otherMeaning(words); err != nil {
		return nil, 0, err
	}
	name, value, hasValue := strings.Cut(strings.TrimLeft(word, "-"), "=")
	if f := c.lookup(name); f != nil { // --flag, --flag=value, -x
		return c.long(f, value, hasValue, words)
	}
	if strings.HasPrefix(word, "--") {
		base, no := strings.CutPrefix(name, "no-")
		if f := c.lookup(base); no && !hasValue && f != nil && f.arg == "" {
			return []string{"--" + f.name + "=false"}, 1, nil
		}
		return nil, 0, c.unknownFlag("--" + name)
	}
	return c.cluster(words)
}

func (c *command) long(f *option, value string, hasValue bool, words []string) ([]string, int, error) {
	switch {
	case hasValue:
		return []string{"--" + f.name + "=" + value}, 1, nil
	case f.arg == "":
		return []string{"--" + f.name + "=true"}, 1, nil
	case len(words) == 1:
		return nil, 0, c.usage("--%s needs a value: %s", f.name, f.arg)
	}
	return []string{"--" + f.name + "=" + words[1]}, 2, nil
}

// cluster reads letters that stand together: -cq, -x16, -cx16, -cx=16, -cx 16.
func (c *command) cluster(words []string) (plain []string, used int, err error) {
	for letters := words[0][1:]; letters != ""; letters = letters[1:] {
		if c.name == "get" && letters[0] == '-' && strings.HasSuffix(words[0], "O-") { // wget's -qO-
			return nil, 0, noStdout()
		}
		f := c.lookup(letters[:1])
		if f == nil {
			return nil, 0, c.unknownFlag("-" + strings.TrimSuffix(letters[:1], "="))
		}
		if f.arg == "" {
			plain = append(plain, "--"+f.name+"=true")
			continue
		}
		value := strings.TrimPrefix(letters[1:], "=")
		last, n, err := c.long(f, value, letters[1:] != "", words)
		return append(plain, last...), n, err
	}
	return plain, 1, nil
}
