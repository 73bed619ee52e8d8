package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Table writes the result for people to read.
func (r *Result) Table(w io.Writer) error {
	var b strings.Builder
	r.heading(&b)
	if len(r.Steps) > 1 {
		r.sweepTable(&b)
	} else {
		r.stepTable(&b, r.Steps[0])
	}
	for _, row := range r.failures() {
		fmt.Fprintf(&b, "failed: %s × %s, such as: %s\n", row[1], row[0], row[2])
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	if r.Partial != "" {
		fmt.Fprintf(&b, "PARTIAL: the run ended early: %s\n", r.Partial)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Result) heading(b *strings.Builder) {
	for _, t := range r.Targets {
		how := "bytes not compared"
		if t.Checked != "" {
			how = "every byte compared with the " + t.Checked
			if t.Checked != "pattern" {
				how = "every byte compared with " + t.Checked
			}
		}
		fmt.Fprintf(b, "%s  %s, %s\n", t.URL, amount(float64(t.Size)), how)
	}
	fmt.Fprintf(b, "%s\n\n", r.planned())
}

// planned is what was to be done, in one line.
func (r *Result) planned() string {
	words := []string{r.Plan.Pattern}
	if len(r.Plan.Block) > 0 {
		words = append(words, "ranges of "+r.Plan.Block.String())
	}
	if len(r.Steps) == 1 {
		words = append(words, several(r.Steps[0].Connections, "connection"))
	} else {
		words = append(words, fmt.Sprintf("sweep of %d steps", len(r.Steps)))
	}
	if r.Plan.Rate > 0 {
		words = append(words, "open loop at "+perSecond(r.Plan.Rate))
	} else {
		words = append(words, "closed loop")
	}
	if r.Plan.Think > 0 {
		words = append(words, "thinking "+seconds(r.Plan.Think))
	}
	return strings.Join(append(words, several(r.Plan.Rounds, "round")), ", ")
}

func (r *Result) stepTable(b *strings.Builder, s Step) {
	f := s.All
	what := "requests"
	if r.Plan.Pattern == Whole {
		what = "downloads"
	}
	spread := ""
	if i := s.Of(rate); i.Known() && i.Mean > 0 {
		spread = fmt.Sprintf("  ± %.1f %% over %s", 100*(i.High-i.Mean)/i.Mean, several(len(s.Rounds), "round"))
	}
	fmt.Fprintf(b, "%-12s %12s  %12s%s\n", what, number(f.Requests), perSecond(f.Rate), spread)
	fmt.Fprintf(b, "%-12s %12s  %12s  in %s\n", "bytes", amount(float64(f.Bytes)), amount(f.Speed)+"/s", seconds(f.Seconds))
	fmt.Fprintf(b, "%-12s %12s", "failed", number(f.Failed))
	if f.Unsent > 0 {
		fmt.Fprintf(b, "  and %s due but not sent", number(f.Unsent))
	}
	b.WriteString("\n\n")

	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, " \tp50\tp90\tp99\tp99.9\tmax\t")
	for _, row := range []struct {
		name string
		q    Quantiles
	}{{"first byte", f.FirstByte}, {"last byte", f.Latency}} {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t\n", row.name, micros(row.q.P50), micros(row.q.P90), micros(row.q.P99), micros(row.q.P999), micros(row.q.Max))
	}
	t.Flush()
	b.WriteByte('\n')
	r.connections(b, f)
}

func (r *Result) connections(b *strings.Builder, f Figures) {
	if r.Plan.Pattern == Whole {
		fmt.Fprintf(b, "%s made", several(int(f.Connects), "connection"))
	} else {
		fmt.Fprintf(b, "%s made, %.2f %% of the requests used one that was there", several(int(f.Connects), "new connection"), 100*f.Reused())
	}
	fmt.Fprintf(b, "; %s; asked again %s\n", several(int(f.Handshakes), "TLS handshake"), several(int(f.Again), "time"))
	if f.CPU > 0 {
		fmt.Fprintf(b, "client: %s of processor time, %.0f %% of %d processors\n", seconds(f.CPU), 100*f.Share, r.Machine.Processors)
	}
	fmt.Fprintf(b, "in all, with asking what the file is and warming up: %s, %s bytes\n", several(int(r.Total.Requests), "request"), number(r.Total.Bytes))
}

func (r *Result) sweepTable(b *strings.Builder) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "connections\trequests\tbytes\tp50\tp99\tmax\tfailed\tclient\t")
	for _, s := range r.Steps {
		f := s.All
		mark := ""
		if r.Knee != nil && r.Knee.Reached && r.Knee.Connections == s.Connections {
			mark = "  ← knee"
		}
		fmt.Fprintf(t, "%d\t%s\t%s/s\t%s\t%s\t%s\t%s\t%.0f %%\t%s\n", s.Connections, perSecond(f.Rate), amount(f.Speed),
			micros(f.Latency.P50), micros(f.Latency.P99), micros(f.Latency.Max), number(f.Failed), 100*f.Share, mark)
	}
	t.Flush()
	b.WriteByte('\n')
	fmt.Fprintln(b, r.Bend())
}

// Bend says where the knee of a sweep is, in a sentence.
func (r *Result) Bend() string {
	switch k := r.Knee; {
	case k == nil && r.Partial != "":
		return "No knee is given: the sweep did not come to its end."
	case k == nil:
		return "There is no knee to be found: too few steps were answered."
	case !k.Reached:
		return fmt.Sprintf("The knee is not reached: %d connections, the most that were tried, still bring over a tenth more. Try more.", k.Connections)
	default:
		return fmt.Sprintf("The knee is at %s: %s.", several(k.Connections, "connection"), KneeRule)
	}
}

func rate(f Figures) float64 { return f.Rate }
