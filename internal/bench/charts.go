package bench

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)

// percentiles shows how long the answers took, with more room the rarer it is that
// they took longer, as HdrHistogram's own charts do.
func (r *Result) percentiles() (*chart, error) {
	c := newChart("Latency", "percentile of the answers", "last byte, ms")
	far := func(percent float64) float64 { return -math.Log10(1 - percent/100) }
	end := 0.0
	most := 0.0
	for i, s := range r.drawn() {
		var points plotter.XYs
		for _, p := range s.Curve {
			if p.Percent < 100 {
				points = append(points, plotter.XY{X: far(p.Percent), Y: float64(p.Micros)})
				end, most = max(end, far(p.Percent)), max(most, float64(p.Micros))
			}
		}
		name := ""
		if len(r.Steps) > 1 {
			name = several(s.Connections, "connection")
		}
		if err := c.line(name, series(i), points, false); err != nil {
			return nil, err
		}
	}
	var ticks plot.ConstantTicks
	for _, p := range []float64{0, 50, 90, 99, 99.9, 99.99, 99.999, 99.9999} {
		if far(p) <= end+.01 {
			ticks = append(ticks, plot.Tick{Value: far(p), Label: fmt.Sprintf("%g %%", p)})
		}
	}
	c.X.Tick.Marker = ticks
	c.X.Min, c.X.Max = 0, max(end, 1)
	c.upright(most, millis)
	c.says = "Latency by percentile, up to " + micros(int64(most))
	return c, nil
}

// drawn are the steps that are drawn: as many as there are colours, from the first
// to the last, the knee among them.
func (r *Result) drawn() (some []Step) {
	n, last := min(len(r.Steps), seriesColors), len(r.Steps)-1
	knee := -1
	for i, s := range r.Steps {
		if r.Knee != nil && s.Connections == r.Knee.Connections {
			knee = i
		}
	}
	for i := range n {
		at, next := 0, last
		if n > 1 {
			at, next = i*last/(n-1), (i+1)*last/(n-1)
		}
		if at < knee && knee < next && i > 0 {
			at = knee
		}
		some = append(some, r.Steps[at])
	}
	return some
}

// timelines show how the rate, and the latency, moved while it was measured.
func (r *Result) timelines() (rates, latencies *chart, err error) {
	rates = newChart("Requests a second", "seconds", "requests/s")
	latencies = newChart("Latency over time", "seconds", "last byte, ms")
	var done, failed, p50, p99 plotter.XYs
	bad := false
	start, fastest, slowest := 0.0, 0.0, 0.0
	for _, s := range r.Steps {
		end := start
		for _, t := range s.Timeline {
			x := start + t.At
			end = max(end, x)
			done = append(done, plotter.XY{X: x, Y: float64(t.Done) / t.Length})
			failed = append(failed, plotter.XY{X: x, Y: float64(t.Failed) / t.Length})
			bad = bad || t.Failed > 0
			fastest = max(fastest, float64(t.Done)/t.Length, float64(t.Failed)/t.Length)
			if t.Done > 0 {
				p50 = append(p50, plotter.XY{X: x, Y: float64(t.P50)})
				p99 = append(p99, plotter.XY{X: x, Y: float64(t.P99)})
				slowest = max(slowest, float64(t.P99))
			}
		}
		start = end
	}
	name := ""
	if bad {
		name = "answered right"
	}
	if err = rates.line(name, series(0), done, len(done) < 2); err == nil && bad {
		err = rates.line("failed", accent, failed, false)
	}
	if err == nil {
		err = latencies.line("p99", series(1), p99, len(p99) < 2)
	}
	if err == nil {
		err = latencies.line("p50", series(0), p50, len(p50) < 2)
	}
	rates.upright(fastest, short)
	latencies.upright(slowest, millis)
	for _, c := range []*chart{rates, latencies} {
		c.X.Min, c.X.Max = 0, max(start, 1)
		c.X.Tick.Marker = rounded(max(start, 1), short)
	}
	more := ""
	if len(r.Steps) > 1 {
		more = "; one step follows the other"
	}
	rates.says = "Requests a second over time, at most " + perSecond(fastest) + more
	latencies.says = "Latency over time, p99 at most " + micros(int64(slowest)) + more
	return rates, latencies, err
}

// sweep shows what connections bring, and where the knee is; and what they cost.
func (r *Result) sweep() (rates, latencies *chart, err error) {
	rates = newChart("Requests a second by connections", "connections", "requests/s")
	latencies = newChart("Latency by connections", "connections", "last byte, ms")
	var points, p50, p99 plotter.XYs
	var places []float64
	fastest, slowest := 0.0, 0.0
	for _, s := range r.Steps {
		x := math.Log2(float64(s.Connections))
		places = append(places, x)
		points = append(points, plotter.XY{X: x, Y: s.All.Rate})
		p50 = append(p50, plotter.XY{X: x, Y: float64(s.All.Latency.P50)})
		p99 = append(p99, plotter.XY{X: x, Y: float64(s.All.Latency.P99)})
		fastest, slowest = max(fastest, s.All.Rate), max(slowest, float64(s.All.Latency.P99))
	}
	err = rates.line("", series(0), points, true)
	if err == nil {
		err = latencies.line("p99", series(1), p99, true)
	}
	if err == nil {
		err = latencies.line("p50", series(0), p50, true)
	}
	rates.upright(fastest, short)
	latencies.upright(slowest, millis)
	for _, c := range []*chart{rates, latencies} {
		c.X.Tick.Marker = ticksOf(places, func(x float64) string { return fmt.Sprintf("%.0f", math.Exp2(x)) })
		if r.Knee != nil && r.Knee.Reached && err == nil {
			err = c.mark(math.Log2(float64(r.Knee.Connections)), fmt.Sprintf("knee: %d", r.Knee.Connections))
		}
	}
	rates.says = r.Bend()
	latencies.says = "Latency by connections, p99 at most " + micros(int64(slowest))
	return rates, latencies, err
}
