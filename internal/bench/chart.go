package bench

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Colours in a chart stand for variables of the page's style, so that one chart
// does for light and dark. Nothing else in a chart has these.
var (
	ink    = color.RGBA{1, 2, 1, 255}
	faint  = color.RGBA{1, 2, 2, 255}
	accent = color.RGBA{1, 2, 3, 255}
)

// series is the colour of line i.
func series(i int) color.Color { return color.RGBA{1, 3, uint8(i % seriesColors), 255} }

// seriesColors is how many colours the page has for lines.
const seriesColors = 6

// styled puts the page's variables in the place of colours.
func styled(svg string) string {
	words := []string{"#010201", "var(--ink)", "#010202", "var(--line)", "#010203", "var(--accent)",
		"font-family:Liberation Sans", "font-family:system-ui,sans-serif", "font-variant:none;", ""}
	for i := range seriesColors {
		words = append(words, fmt.Sprintf("#0103%02X", i), fmt.Sprintf("var(--s%d)", i))
	}
	return strings.NewReplacer(words...).Replace(svg)
}

// A chart is a plot that is to be drawn.
type chart struct {
	*plot.Plot
	title, says string // what it is called, and what it shows, for those who do not see it
}

func newChart(title, x, y string) *chart {
	p := plot.New()
	p.BackgroundColor = color.Transparent
	sans := font.Font{Typeface: "Liberation", Variant: "Sans", Size: 11}
	p.Legend.TextStyle.Font, p.Legend.TextStyle.Color = sans, ink
	p.Legend.Top, p.Legend.Left = true, true // what stands to the right of its line has room for any font
	p.Legend.Padding, p.Legend.XOffs, p.Legend.YOffs = 4, 8, -4
	for axis, text := range map[*plot.Axis]string{&p.X: x, &p.Y: y} {
		axis.Label.Text = text
		axis.Label.TextStyle.Font, axis.Label.TextStyle.Color = sans, ink
		axis.Tick.Label.Font, axis.Tick.Label.Color = sans, ink
		axis.Color, axis.Tick.Color = faint, faint
		axis.Padding = 4
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = faint, faint
	grid.Vertical.Width, grid.Horizontal.Width = .5, .5
	p.Add(grid)
	return &chart{Plot: p, title: title}
}

// line adds points, left to right.
func (c *chart) line(name string, colour color.Color, points plotter.XYs, dots bool) error {
	if len(points) == 0 {
		return nil
	}
	l, marks, err := plotter.NewLinePoints(points)
	if err != nil {
		return err
	}
	l.Color, l.Width = colour, 1.75
	c.Add(l)
	if dots {
		marks.Color, marks.Radius, marks.Shape = colour, 3, draw.CircleGlyph{}
		c.Add(marks)
	}
	if name != "" {
		c.Legend.Add(name, l)
	}
	return nil
}

// mark draws an upright line with a word at its top.
func (c *chart) mark(x float64, word string) error {
	l, err := plotter.NewLine(plotter.XYs{{X: x, Y: c.Y.Min}, {X: x, Y: c.Y.Max}})
	if err != nil {
		return err
	}
	l.Color, l.Width, l.Dashes = accent, 1.25, []vg.Length{4, 3}
	labels, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: x, Y: c.Y.Min}}, Labels: []string{word}})
	if err != nil {
		return err
	}
	labels.TextStyle[0].Font = c.X.Label.TextStyle.Font
	labels.TextStyle[0].Color = accent
	labels.Offset = vg.Point{X: 5, Y: 6}
	c.Add(l, labels)
	return nil
}

// svg draws the chart, to stand in a page of HTML.
func (c *chart) svg() (string, error) {
	const width, height = 720, 300
	canvas := vgsvg.New(width, height)
	c.Draw(draw.Crop(draw.New(canvas), 0, -12, 0, -8)) // names of marks stand half beside the ends of the axes
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", err
	}
	svg := b.String()
	at := strings.Index(svg, "<svg")
	svg = svg[at:] // a page has no use for the declaration before it
	svg = strings.Replace(svg, fmt.Sprintf(`width="%dpt" height="%dpt"`, width, height), `role="img"`, 1)
	return styled(svg), nil
}

// ticksOf puts a mark at each place, with its name.
func ticksOf(places []float64, name func(float64) string) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for _, at := range places {
		ticks = append(ticks, plot.Tick{Value: at, Label: name(at)})
	}
	return ticks
}

// rounded are marks at round numbers, four to seven of them, from 0 on.
func rounded(most float64, name func(float64) string) plot.ConstantTicks {
	if !(most > 0) {
		return ticksOf([]float64{0, 1}, name)
	}
	step := math.Pow(10, math.Floor(math.Log10(most)))
	for _, part := range []float64{.1, .2, .25, .5, 1} {
		if most/(step*part) <= 6 {
			step *= part
			break
		}
	}
	var places []float64
	for at := 0.0; at < most+step; at += step {
		places = append(places, at)
	}
	return ticksOf(places, name)
}

// upright gives the axis of values round marks from 0 on.
func (c *chart) upright(most float64, name func(float64) string) {
	ticks := rounded(most, name)
	c.Y.Tick.Marker = ticks
	c.Y.Min, c.Y.Max = 0, ticks[len(ticks)-1].Value
}

// short writes a value of an axis: 1.5k for 1500.
func short(v float64) string {
	switch {
	case v >= 1e6:
		return strconv.FormatFloat(v/1e6, 'g', 4, 64) + "M"
	case v >= 1e3:
		return strconv.FormatFloat(v/1e3, 'g', 4, 64) + "k"
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// millis writes microseconds as milliseconds, for axes that say so.
func millis(us float64) string { return strconv.FormatFloat(us/1e3, 'g', 4, 64) }
