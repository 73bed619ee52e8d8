package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// A tally is what a campaign has counted so far.
type tally struct {
	name  string
	o     options
	out   io.Writer
	began time.Time

	mu         sync.Mutex
	order      []string // the counters, as they were first counted
	counts     map[string]int
	details    map[string]int
	samples    map[string][]float64
	table      map[string]map[string]string // of faults: a row each, a cell for every phase
	violations []string
	wrong      int // files, among them
}

func newTally(name string, o options, out io.Writer) *tally {
	return &tally{
		name: name, o: o, out: out, began: time.Now(), order: []string{"rounds"},
		counts: map[string]int{}, details: map[string]int{}, samples: map[string][]float64{}, table: map[string]map[string]string{},
	}
}

// add counts n more of what, which is shown while the campaign runs.
func (t *tally) add(what string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.Contains(t.order, what) {
		t.order = append(t.order, what)
	}
	t.counts[what] += n
}

// detail counts one more of what, for the summary only.
func (t *tally) detail(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.details[what]++
}

// sample takes down one measurement of what.
func (t *tally) sample(what string, x float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.samples[what] = append(t.samples[what], x)
}

// cell puts text into the table.
func (t *tally) cell(row, column, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.table[row] == nil {
		t.table[row] = map[string]string{}
	}
	t.table[row][column] = text
}

// violate takes down a broken promise and says so at once.
func (t *tally) violate(r *round, v *violation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.violations = append(t.violations, v.what)
	if strings.Contains(v.what, wrongFile) {
		t.wrong++
	}
	fmt.Fprintf(t.out, "%sVIOLATION  %s -seed %d -first %d: %v\n           kept in %s\n", t.clear(), t.name, t.o.seed, r.n, v, r.dir)
}

// say prints a line at once.
func (t *tally) say(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, "%s"+format+"\n", append([]any{t.clear()}, args...)...)
}

// show prints how things stand, over and over on one line of a terminal, else
// a line now and then, until ctx ends.
func (t *tally) show(ctx context.Context) {
	every := 5 * time.Second
	if t.terminal() {
		every = 200 * time.Millisecond
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			t.mu.Lock()
			line := t.line()
			if t.terminal() {
				fmt.Fprint(t.out, t.clear()+line)
			} else {
				fmt.Fprintln(t.out, line)
			}
			t.mu.Unlock()
		case <-ctx.Done():
			t.mu.Lock()
			fmt.Fprint(t.out, t.clear())
			t.mu.Unlock()
			return
		}
	}
}

func (t *tally) line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %v", t.name, time.Since(t.began).Round(time.Second))
	for _, what := range t.order {
		fmt.Fprintf(&b, "  %d", t.counts[what])
		if what == "rounds" {
			fmt.Fprintf(&b, " of %d", t.o.rounds)
		}
		fmt.Fprintf(&b, " %s", what)
	}
	fmt.Fprintf(&b, "  %d violations", len(t.violations))
	return b.String()
}

// terminal says whether the lines go to one. Another character device, such as
// /dev/null, does not mind being taken for it.
func (t *tally) terminal() bool {
	f, ok := t.out.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

func (t *tally) clear() string {
	if t.terminal() {
		return "\r\x1b[K"
	}
	return ""
}

// summarize prints what came of the campaign.
func (t *tally) summarize() {
	t.mu.Lock()
	defer t.mu.Unlock()
	took := time.Since(t.began)
	fmt.Fprintf(t.out, "%s, seed %d: %d rounds in %v, %.1f a second\n", t.name, t.o.seed, t.counts["rounds"],
		took.Round(time.Second), float64(t.counts["rounds"])/took.Seconds())
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, what := range t.order[1:] {
		fmt.Fprintf(w, "  %s\t%d\n", what, t.counts[what])
	}
	fmt.Fprintf(w, "  violations\t%d\n  wrong files\t%d\n", len(t.violations), t.wrong)
	for _, what := range slices.Sorted(maps.Keys(t.samples)) {
		all := t.samples[what]
		slices.Sort(all)
		fmt.Fprintf(w, "  %s\tmedian %.2f\tp99 %.2f\tmax %.2f\tof %d\n", what, quantile(all, 0.5), quantile(all, 0.99), all[len(all)-1], len(all))
	}
	for _, what := range slices.Sorted(maps.Keys(t.details)) {
		fmt.Fprintf(w, "    %s\t%d\n", what, t.details[what])
	}
	if len(t.table) > 0 {
		fmt.Fprintf(w, "  how each fault ends, in what time, with how many requests\n  fault\t%s\n", strings.Join(phases, "\t"))
	}
	for _, row := range slices.Sorted(maps.Keys(t.table)) {
		fmt.Fprintf(w, "  %s", row)
		for _, column := range phases {
			fmt.Fprintf(w, "\t%s", t.table[row][column])
		}
		fmt.Fprintln(w)
	}
	w.Flush()
}

// quantile is the value that a share q of all, which are sorted, do not exceed.
func quantile(all []float64, q float64) float64 {
	return all[min(int(q*float64(len(all))), len(all)-1)]
}

// A total is what all campaigns of one command come to.
type total struct {
	survived   int
	wrong      int
	violations int
}

func (s *total) count(t *tally) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.survived += t.counts["survived"]
	s.wrong += t.wrong
	s.violations += len(t.violations)
}

func (s *total) print(out io.Writer) {
	fmt.Fprintf(out, "crashes and hostile answers survived: %d, wrong files: %d, other violations: %d\n",
		s.survived, s.wrong, s.violations-s.wrong)
}
