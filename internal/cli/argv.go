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
	n, flags := leading(get, words)
	lead, rest := words[:n], words[n:]
	asks := func(flag, letter string) bool { return slices.Contains(flags, flag) || slices.Contains(flags, letter) }
	switch {
	case asks("--version", "-V"):
		return find(all, "version"), nil, nil
	case len(rest) == 0 && (n == 0 || asks("--help", "-h")):
		return find(all, "help"), nil, nil
	case len(rest) == 0 || rest[0] == "--" || isURL(rest[0]):
		return get, words, nil
	}
	if c := find(all, rest[0]); c != nil {
		return c, slices.Concat(lead, rest[1:]), nil
	}
	if asks("--remote-name", "-O") { // get knows what to say about "-O NAME URL"
		return get, words, nil
	}
	return nil, nil, unknownCommand(all, rest[0])
}

// leading counts the words before the command, and collects the flags among
// them. What get knows of flags tells which take a value.
func leading(get *command, words []string) (n int, flags []string) {
	for n < len(words) && isFlag(words[n]) {
		flags = append(flags, words[n])
		used := 1
		if _, u, err := get.rewrite(words[n:]); err == nil {
			used = u
		}
		n += used
	}
	return n, flags
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
