package bench

import (
	"fmt"
	"strings"
)

// Line is how the run stands, in one line.
func (l Live) Line() string {
	where := l.place()
	if l.Warming {
		return where + ": warming up"
	}
	line := fmt.Sprintf("%s: %s, %s, %s/s, p50 %s, p99 %s", where, l.progress(), perSecond(l.Rate), amount(l.Speed), micros(l.P50), micros(l.P99))
	if l.Count.Failed > 0 {
		line += fmt.Sprintf(", %s failed", number(l.Count.Failed))
	}
	return line
}

// Lines are how the run stands, for a terminal of some width.
func (l Live) Lines(width int) []string {
	head := l.place()
	if l.Warming {
		return []string{head, "  warming up", "", "", ""}
	}
	failed := fmt.Sprintf("  failed    %s", number(l.Count.Failed))
	if l.Count.Unsent > 0 {
		failed += fmt.Sprintf(", and %s due but not sent", number(l.Count.Unsent))
	}
	return []string{
		head + "  " + l.bar(min(40, width-len(head)-24)) + "  " + l.progress(),
		fmt.Sprintf("  requests  %-14s %s", perSecond(l.Rate), spark(l.Rates, width-28)),
		fmt.Sprintf("  bytes     %-14s", amount(l.Speed)+"/s"),
		fmt.Sprintf("  latency   p50 %-10s p99 %-10s max %-10s", micros(l.P50), micros(l.P99), micros(l.Max)),
		failed,
	}
}

// place is which step and round it is.
func (l Live) place() string {
	s := several(l.Connections, "connection")
	if l.Rounds > 1 {
		s += fmt.Sprintf(", round %d of %d", l.Round, l.Rounds)
	}
	if l.Steps > 1 {
		s += fmt.Sprintf(", step %d of %d", l.Step, l.Steps)
	}
	return s
}

// done is how much of the bounds is used, 0 to 1: of that which will be reached
// first.
func (l Live) done() float64 {
	part := 0.0
	if b := l.Bounds; b.Duration > 0 {
		part = max(part, l.Elapsed.Seconds()/b.Duration.Seconds())
	}
	if b := l.Bounds; b.Requests > 0 {
		part = max(part, float64(l.Count.Requests+l.Count.Failed)/float64(b.Requests))
	}
	if b := l.Bounds; b.Bytes > 0 {
		part = max(part, float64(l.Count.Bytes)/float64(b.Bytes))
	}
	return min(part, 1)
}

func (l Live) progress() string {
	if l.Bounds.Duration > 0 {
		return fmt.Sprintf("%.1f of %s", min(l.Elapsed, l.Bounds.Duration).Seconds(), seconds(l.Bounds.Duration.Seconds()))
	}
	return fmt.Sprintf("%.0f %%", 100*l.done())
}

func (l Live) bar(width int) string {
	if width < 4 {
		return ""
	}
	full := int(l.done() * float64(width))
	return strings.Repeat("━", full) + strings.Repeat("─", width-full)
}

// spark draws the last values as so many bars, the highest of them full.
func spark(values []float64, width int) string {
	values = values[max(0, len(values)-max(width, 0)):]
	most := 0.0
	for _, v := range values {
		most = max(most, v)
	}
	var b strings.Builder
	for _, v := range values {
		level := 0
		if most > 0 {
			level = int(v / most * 7)
		}
		b.WriteRune([]rune("▁▂▃▄▅▆▇█")[level])
	}
	return b.String()
}

// A Sample is how the run stands, for programs.
type Sample struct {
	Step        int     `json:"step"`
	Round       int     `json:"round"`
	Connections int     `json:"connections"`
	Warming     bool    `json:"warming"`
	Elapsed     float64 `json:"elapsed_s"`
	Requests    int64   `json:"requests"`
	Bytes       int64   `json:"bytes"`
	Failed      int64   `json:"failed"`
	Rate        float64 `json:"requests_per_second"`
	Speed       float64 `json:"bytes_per_second"`
	P50         int64   `json:"p50_us"`
	P99         int64   `json:"p99_us"`
	Max         int64   `json:"max_us"`
}

// Sample is l without what only pictures need.
func (l Live) Sample() Sample {
	return Sample{
		Step: l.Step, Round: l.Round, Connections: l.Connections, Warming: l.Warming, Elapsed: l.Elapsed.Seconds(),
		Requests: l.Count.Requests, Bytes: l.Count.Bytes, Failed: l.Count.Failed,
		Rate: l.Rate, Speed: l.Speed, P50: l.P50, P99: l.P99, Max: l.Max,
	}
}
