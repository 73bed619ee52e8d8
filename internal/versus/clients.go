package main

import (
	"context"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// An entrant is one side of a comparison.
type entrant struct {
	name string
	argv func(dir string) []string // what it fetches goes into dir
	none bool                      // it keeps nothing of what it fetches
	from *web                      // the server, if that is what is compared, and not the client; else nil
}

// A fetch is one file that clients are to get.
type fetch struct {
	url      string
	size     int64 // bytes
	n        int   // connections; 0 means the client's own choice
	insecure bool  // the certificate is nobody's
}

// out is the name that a client gives to the file.
const out = "out"

// tools are the programs that braid is compared with.
var tools = []string{"aria2c", "axel", "curl", "wget", "wget2"}

// find says where the tools are that are installed, and their versions.
func find(ctx context.Context) (at, versions map[string]string) {
	at, versions = map[string]string{}, map[string]string{}
	for _, name := range append([]string{"nginx"}, tools...) {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		at[name] = path
		ask := "--version"
		if name == "nginx" {
			ask = "-v"
		}
		said, _ := exec.CommandContext(ctx, path, ask).CombinedOutput()
		first, _, _ := strings.Cut(string(said), "\n")
		versions[name] = strings.TrimSpace(first)
	}
	return at, versions
}

// braidGet is braid, told to get f.
func (b *bench) braidGet(name string, f fetch, flags ...string) entrant {
	argv := []string{b.braid, "get", "-q"}
	if f.n > 0 && !slices.ContainsFunc(b.o.args, isConnections) {
		argv = append(argv, "-x", strconv.Itoa(f.n))
	}
	if f.insecure {
		argv = append(argv, "--insecure")
	}
	argv = append(append(argv, flags...), b.o.args...)
	return entrant{name: name, argv: func(dir string) []string {
		return append(slices.Clone(argv), "-o", filepath.Join(dir, out), f.url)
	}}
}

// isConnections says whether an argument of braid is about how many connections
// it makes.
func isConnections(arg string) bool {
	return strings.HasPrefix(arg, "-x") || strings.HasPrefix(arg, "-n") || strings.HasPrefix(arg, "--connections")
}

// rivals are those of the given names that are here and asked for.
func (b *bench) rivals(f fetch, names ...string) (all []entrant) {
	for _, name := range names {
		if b.wants(name) {
			argv := b.command(name, f)
			all = append(all, entrant{name: name, argv: argv, none: name == "raw-discard"})
		}
	}
	return all
}

// wants says whether braid is to be compared with whom that names, and can be.
func (b *bench) wants(name string) bool {
	if b.o.vs != nil && !slices.Contains(b.o.vs, name) {
		return false
	}
	return b.at[name] != "" || !slices.Contains(tools, name)
}

// command is how a client is told to get f: the settings files aside, only what
// the comparison is about.
func (b *bench) command(name string, f fetch) func(dir string) []string {
	n := strconv.Itoa(max(1, f.n))
	insecure := func(flag string) []string {
		if f.insecure {
			return []string{flag}
		}
		return nil
	}
	tool := func(args ...string) []string { return append([]string{b.at[name]}, args...) }
	return func(dir string) []string {
		file := filepath.Join(dir, out)
		size := strconv.FormatInt(f.size, 10)
		switch name {
		case "aria2c":
			args := tool("--no-conf", "-q", "-x"+n, "-s"+n, "-k1M", "-d", dir, "-o", out)
			return append(append(args, insecure("--check-certificate=false")...), f.url)
		case "axel":
			return append(append(tool("-q", "-n"+n, "-o", file), insecure("-k")...), f.url)
		case "curl":
			return append(append(tool("-q", "-sS", "-f", "-o", file), insecure("-k")...), f.url)
		case "wget", "wget2":
			return append(append(tool("--no-config", "-q", "-O", file), insecure("--no-check-certificate")...), f.url)
		default: // the limits
			return []string{b.self, "raw", name, "-url", f.url, "-file", file, "-size", size, "-n", n}
		}
	}
}
