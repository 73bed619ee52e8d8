package bench

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// A page is what page.html shows.
type page struct {
	*Result
	Style    template.CSS
	Planned  string
	Key      []struct{ Name, Value string }
	Charts   []drawing
	Rows     []tableRow
	Failures [][]string
	Asked    string
}

type drawing struct {
	Title, Says string
	SVG         template.HTML
}

type tableRow struct {
	Knee  bool
	Cells []string
}

// HTML writes a page that shows the result, and needs nothing else: no script, no
// other file, no network.
func (r *Result) HTML(w io.Writer) error {
	p := &page{Result: r, Style: template.CSS(pageCSS), Planned: r.planned(), Failures: r.failures()}
	p.Asked = fmt.Sprintf("In all, with asking what the file is and warming up: %s requests, %s bytes.", number(r.Total.Requests), number(r.Total.Bytes))
	if err := p.draw(); err != nil {
		return err
	}
	p.key()
	for _, s := range r.Steps {
		p.Rows = append(p.Rows, tableRow{Knee: r.Knee != nil && r.Knee.Reached && r.Knee.Connections == s.Connections, Cells: s.cells()})
	}
	all, err := template.New("page").Funcs(template.FuncMap{
		"amount": func(n int64) string { return amount(float64(n)) },
	}).Parse(pageHTML)
	if err != nil {
		return err
	}
	return all.Execute(w, p)
}

// draw makes the charts: what is asked first comes first.
func (p *page) draw() error {
	var charts []*chart
	if len(p.Steps) > 1 {
		rates, latencies, err := p.sweep()
		if err != nil {
			return err
		}
		charts = append(charts, rates, latencies)
	}
	latency, err := p.percentiles()
	if err != nil {
		return err
	}
	rates, latencies, err := p.timelines()
	if err != nil {
		return err
	}
	for _, c := range append(charts, latency, rates, latencies) {
		svg, err := c.svg()
		if err != nil {
			return err
		}
		p.Charts = append(p.Charts, drawing{Title: c.title, Says: c.says, SVG: template.HTML(svg)})
	}
	return nil
}

// key are the figures that stand at the top: those of the knee, or of the step
// with the highest rate.
func (p *page) key() {
	best := p.Steps[0]
	for _, s := range p.Steps {
		if s.All.Rate > best.All.Rate {
			best = s
		}
	}
	for _, s := range p.Steps {
		if p.Knee != nil && p.Knee.Reached && s.Connections == p.Knee.Connections {
			best = s
		}
	}
	f := best.All
	add := func(name, value string) { p.Key = append(p.Key, struct{ Name, Value string }{name, value}) }
	if len(p.Steps) > 1 {
		name := "connections, best"
		if p.Knee != nil && p.Knee.Reached {
			name = "connections, knee"
		}
		add(name, number(int64(best.Connections)))
	}
	add("requests", perSecond(f.Rate))
	add("bytes", amount(f.Speed)+"/s")
	add("latency p50", micros(f.Latency.P50))
	add("latency p99", micros(f.Latency.P99))
	add("failed", number(f.Failed))
}

// cells are a step's line in the table of the page.
func (s *Step) cells() []string {
	f := s.All
	return []string{
		number(int64(s.Connections)), strings.TrimSuffix(perSecond(f.Rate), "/s"), amount(f.Speed), micros(f.FirstByte.P50),
		micros(f.Latency.P50), micros(f.Latency.P90), micros(f.Latency.P99), micros(f.Latency.P999), micros(f.Latency.Max),
		number(f.Failed), fmt.Sprintf("%.0f %%", 100*f.Share),
	}
}

// failures are what went wrong, the most frequent first: kind, how often, and in
// which words at first.
func (r *Result) failures() (rows [][]string) {
	var all Kinds
	for _, s := range r.Steps {
		for kind, f := range s.All.Errors {
			all = all.with(kind, f.Count, f.First)
		}
	}
	var kinds []string
	for kind := range all {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	slices.SortStableFunc(kinds, func(a, b string) int { return int(all[b].Count - all[a].Count) })
	for _, kind := range kinds {
		rows = append(rows, []string{kind, number(all[kind].Count), all[kind].First})
	}
	return rows
}
