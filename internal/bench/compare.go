package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// A Verdict is what two results say of one figure. Faster and slower are said only
// if the intervals of the two have no value in common.
type Verdict struct {
	Connections int
	Figure      string
	Old, New    Interval
	Change      float64 // of the mean: 0.1 is a tenth more
	Says        string  // "faster", "slower", "no difference shown", "no answers" or "too few rounds to say"
	counts      bool    // --fail-slower looks at it
}

// Slower says whether the new one is slower by more than a share, 0.05 for 5 %.
func (v Verdict) Slower(than float64) bool {
	worse := v.Change
	if v.lower() {
		worse = -worse
	}
	return v.counts && v.Says == slower && -worse > than
}

// lower says whether less of the figure is better.
func (v Verdict) lower() bool {
	return strings.HasSuffix(v.Figure, "latency") || v.Figure == "p50 first byte"
}

const slower = "slower"

// compared are the figures that are held against each other. In a closed loop the
// rate and the latency are two sides of one thing; in an open one the rate is given.
var compared = []struct {
	name   string
	of     func(Figures) float64
	counts bool
}{
	{"requests/s", rate, true},
	{"bytes/s", func(f Figures) float64 { return f.Speed }, false},
	{"p50 first byte", func(f Figures) float64 { return float64(f.FirstByte.P50) }, false},
	{"p50 latency", func(f Figures) float64 { return float64(f.Latency.P50) }, true},
	{"p99 latency", func(f Figures) float64 { return float64(f.Latency.P99) }, true},
}

// Compare holds a new result against an old one, step by step. They must have
// measured the same thing.
func Compare(old, new *Result) ([]Verdict, error) {
	if a, b := old.measured(), new.measured(); a != b {
		return nil, fmt.Errorf("they did not measure the same thing: the old one %s, the new one %s", a, b)
	}
	var all []Verdict
	for _, was := range old.Steps {
		for _, is := range new.Steps {
			if is.Connections == was.Connections {
				all = append(all, verdicts(was, is)...)
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("they have no number of connections in common")
	}
	return all, nil
}

func verdicts(was, is Step) (all []Verdict) {
	for _, c := range compared {
		v := Verdict{Connections: is.Connections, Figure: c.name, Old: was.Of(c.of), New: is.Of(c.of), counts: c.counts}
		if v.Old.Mean > 0 {
			v.Change = v.New.Mean/v.Old.Mean - 1
		}
		switch {
		case was.All.Requests == 0 || is.All.Requests == 0:
			v.Says = "no answers"
		case !v.Old.Known() || !v.New.Known():
			v.Says = "too few rounds to say"
		case !v.Old.Apart(v.New):
			v.Says = "no difference shown"
		case v.Change > 0 == v.lower():
			v.Says = slower
		default:
			v.Says = "faster"
		}
		all = append(all, v)
	}
	return all
}

// measured is what must be equal in what is compared.
func (r *Result) measured() string {
	var sizes []string
	for _, t := range r.Targets {
		sizes = append(sizes, number(t.Size))
	}
	s := fmt.Sprintf("%s of %s bytes", r.Plan.Pattern, strings.Join(sizes, " and "))
	if len(r.Plan.Block) > 0 {
		s += " in ranges of " + r.Plan.Block.String()
	}
	if r.Plan.Rate > 0 {
		s += " at " + perSecond(r.Plan.Rate)
	}
	if r.Plan.Think > 0 {
		s += ", thinking " + seconds(r.Plan.Think)
	}
	return s
}

// WriteVerdicts writes a table of them.
func WriteVerdicts(w io.Writer, all []Verdict) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "connections\t \told\tnew\tchange\t")
	for _, v := range all {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%+.1f %%\t  %s\n", v.Connections, v.Figure, v.show(v.Old), v.show(v.New), 100*v.Change, v.Says)
	}
	return t.Flush()
}

// show writes a mean, and how far its interval goes to either side.
func (v Verdict) show(i Interval) string {
	s := number(int64(i.Mean + 0.5))
	switch {
	case v.lower():
		s = micros(int64(i.Mean + 0.5))
	case v.Figure == "bytes/s":
		s = amount(i.Mean)
	}
	if i.Known() && i.Mean > 0 {
		s += fmt.Sprintf(" ± %.1f %%", 100*(i.High-i.Mean)/i.Mean)
	}
	return s
}
