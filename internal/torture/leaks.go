package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A census is what a process has at a moment.
type census struct {
	descriptors int
	threads     int
	busy        int   // threads that do not sleep
	resident    int64 // bytes
	cpu         time.Duration
}

// noise is by how many bytes the resident memory of a process without a leak may grow from one third of a soak to the
// next: its collector lets garbage double before it looks. Over thirty minutes it is what 14 KiB a second would leave.
const noise = 8 << 20

// growing says that memory leaks, or "". Of the samples, taken at even intervals, the first third is not looked at.
func growing(resident []int64) string {
	third := len(resident) / 3
	if third == 0 {
		return ""
	}
	middle, last := slices.Clone(resident[third:2*third]), slices.Clone(resident[2*third:])
	slices.Sort(middle)
	slices.Sort(last)
	allowed := noise + middle[len(middle)*3/4] - middle[len(middle)/4]
	if grown := last[len(last)/2] - middle[len(middle)/2]; grown > allowed {
		return fmt.Sprintf("memory leaks: the resident size was %.1f MiB in the middle third and %.1f MiB in the last, where %.1f MiB more are noise",
			mebi(middle[len(middle)/2]), mebi(last[len(last)/2]), mebi(allowed))
	}
	return ""
}

func mebi(n int64) float64 { return float64(n) / (1 << 20) }

var (
	goroutine = regexp.MustCompile(`(?m)^goroutine [1-9]\d*.*\[`) // 0 is a thread's own
	creator   = regexp.MustCompile(`(?m)^created by (\S+)`)
)

// goroutines counts the program's own in a dump, as Go's runtime makes one at SIGQUIT, by what began them.
func goroutines(dump string) map[string]int {
	counts := map[string]int{}
	all := goroutine.FindAllStringIndex(dump, -1)
	for i, at := range all {
		end := len(dump)
		if i+1 < len(all) {
			end = all[i+1][0]
		}
		by := "main"
		if m := creator.FindStringSubmatch(dump[at[0]:end]); m != nil {
			by = m[1]
		}
		if !strings.HasPrefix(by, "runtime.") { // its own come as it needs them
			counts[by]++
		}
	}
	return counts
}

// more says which goroutines there are more of after than before, or "".
func more(before, after map[string]int) string {
	var extra []string
	for by, n := range after {
		if n > before[by] {
			extra = append(extra, fmt.Sprintf("%d by %s, not %d", n, by, before[by]))
		}
	}
	slices.Sort(extra)
	return strings.Join(extra, "; ")
}
