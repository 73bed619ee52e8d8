package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// machine says where and when it was measured, and with what.
func (b *bench) machine() []string {
	lines := []string{fmt.Sprintf("%s; %s/%s, kernel %s, %d CPUs; files on %s; load %s",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"), runtime.GOOS, runtime.GOARCH, firstLine("/proc/sys/kernel/osrelease"),
		runtime.NumCPU(), fileSystem(b.dir), firstLine("/proc/loadavg"))}
	versions := []string{runtime.Version()}
	for _, name := range append([]string{"nginx"}, tools...) {
		if v := b.versions[name]; v != "" {
			versions = append(versions, v)
		}
	}
	return append(lines, strings.Join(versions, "; "))
}

// footer prints what a reader must know of the table above it.
func (b *bench) footer(w io.Writer, stolen int64) {
	fmt.Fprintln(w)
	for _, line := range b.machine() {
		fmt.Fprintf(w, "%s\n\n", line)
	}
	fmt.Fprintf(w, "%d pairs each; below 1 braid, or the first named, needs less. A peak below %.1f MiB cannot be told.",
		b.o.pairs, b.least)
	if now := steal(); now >= 0 && stolen >= 0 {
		fmt.Fprintf(w, " The host kept the processors away for %.1f s in all.", float64(now-stolen)/100)
	}
	fmt.Fprintln(w)
	if b.o.pairs < 7 {
		fmt.Fprintln(w, "\nFewer than seven pairs: the intervals mean little.")
	}
	for _, s := range b.remarks {
		fmt.Fprintf(w, "\n%s\n", s)
	}
	for _, s := range b.skipped {
		fmt.Fprintf(w, "\nskipped: %s\n", s)
	}
}

func firstLine(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

// fileSystem is the kind of file system that holds path.
func fileSystem(path string) string {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "unknown"
	}
	return kindIn(string(mounts), path)
}

// kindIn looks path up in a table as in /proc/self/mounts: the longest mount
// point above it counts, and of equal ones the last.
func kindIn(mounts, path string) string {
	kind, longest := "unknown", -1
	for line := range strings.Lines(mounts) {
		f := strings.Fields(line)
		if len(f) < 3 {
			continue
		}
		point := strings.ReplaceAll(f[1], `\040`, " ")
		under := path == point || strings.HasPrefix(path, strings.TrimSuffix(point, "/")+"/")
		if under && len(point) >= longest {
			kind, longest = f[2], len(point)
		}
	}
	return kind
}

// steal is how long the host has kept the processors away so far, in hundredths
// of a second; -1 where that is not known.
func steal() int64 {
	return stealIn(firstLine("/proc/stat"))
}

func stealIn(line string) int64 {
	f := strings.Fields(line) // cpu user nice system idle iowait irq softirq steal
	if len(f) < 9 || !slices.Contains(f[:1], "cpu") {
		return -1
	}
	n, err := strconv.ParseInt(f[8], 10, 64)
	if err != nil {
		return -1
	}
	return n
}
