package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Schema is the version of the JSON that a Result is. It rises when an old reader
// would go wrong; fields are added without.
const Schema = 1

// A Result is what a run found out. Times in it are microseconds unless its name
// says seconds; sizes are bytes.
type Result struct {
	Schema  int       `json:"schema"`
	Program string    `json:"program"` // "braid bench"
	Version string    `json:"version"` // of braid
	Begun   time.Time `json:"begun"`
	Machine Machine   `json:"machine"`
	Targets []Target  `json:"targets"`
	Plan    Plan      `json:"plan"`
	Steps   []Step    `json:"steps"` // of the sweep; one if there is none
	Knee    *Knee     `json:"knee,omitempty"`
	Total   Asked     `json:"asked"`
	Partial string    `json:"partial,omitempty"` // why the run ended before its bounds; absent if it did not
	Notes   []string  `json:"warnings,omitempty"`
}

// A Machine is where the load came from.
type Machine struct {
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	Processors int    `json:"processors"`
}

func machine() Machine { return Machine{runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0)} }

// A Target is one of the files that were asked for.
type Target struct {
	URL     string `json:"url"`
	Size    int64  `json:"size"`
	ETag    string `json:"etag,omitempty"`
	Checked string `json:"checked,omitempty"` // what every byte was compared with; absent if with nothing
}

// A Plan is what was to be done.
type Plan struct {
	Pattern  string  `json:"pattern"`
	Block    Mix     `json:"block,omitempty"`
	Rate     float64 `json:"rate,omitempty"` // requests a second; absent in a closed loop
	Think    float64 `json:"think_s,omitempty"`
	Warmup   float64 `json:"warmup_s"`
	Cooldown float64 `json:"cooldown_s"`
	Rounds   int     `json:"rounds"`
	Seed     uint64  `json:"seed"`
}

// Asked is all that went to the servers: what was measured, and besides it the
// asking what the URLs are, fetching what the bytes are compared with, warming up
// and cooling down. An access log has as much,
// if nothing failed; of several ranges in one request it has more bytes, with what
// stands between them, and so it has of downloads, with the ends of answers that
// were cut off because a faster one took over.
type Asked struct {
	Requests int64 `json:"requests"`
	Bytes    int64 `json:"bytes"`
}

// A Step is what one number of connections brought.
type Step struct {
	Connections int       `json:"connections"`
	All         Figures   `json:"all"` // over its rounds
	Rounds      []Figures `json:"rounds"`
	Timeline    []Second  `json:"timeline"`
	Curve       []Point   `json:"curve"` // the latency's percentiles, over all rounds
}

// Figures are what one round, or several, measured.
type Figures struct {
	Count
	Seconds   float64   `json:"seconds"`
	Rate      float64   `json:"requests_per_second"`
	Speed     float64   `json:"bytes_per_second"`
	FirstByte Quantiles `json:"first_byte_us"`
	Latency   Quantiles `json:"latency_us"`
	CPU       float64   `json:"client_cpu_seconds,omitempty"`
	Share     float64   `json:"client_cpu_share,omitempty"` // of all processors of the machine, 0 to 1
}

// Quantiles are the values that so much of a distribution does not exceed.
type Quantiles struct {
	P50  int64   `json:"p50"`
	P90  int64   `json:"p90"`
	P99  int64   `json:"p99"`
	P999 int64   `json:"p99_9"`
	Max  int64   `json:"max"`
	Mean float64 `json:"mean"`
}

func quantilesOf(h *hdrhistogram.Histogram) Quantiles {
	if h.TotalCount() == 0 {
		return Quantiles{}
	}
	v := h.ValueAtPercentilesSlice([]float64{50, 90, 99, 99.9})
	return Quantiles{P50: v[0], P90: v[1], P99: v[2], P999: v[3], Max: h.Max(), Mean: h.Mean()}
}

// A Point of a curve: so many percent of the answers took no longer.
type Point struct {
	Percent float64 `json:"percent"`
	Micros  int64   `json:"us"`
}

// curveOf has a point for each percent, and ever finer ones towards the end, as
// far as there are answers to tell them apart.
func curveOf(h *hdrhistogram.Histogram) (points []Point) {
	all := h.TotalCount()
	if all == 0 {
		return nil
	}
	var percents []float64
	for p := range 90 {
		percents = append(percents, float64(p))
	}
	for rest := 10.0; rest*float64(all) >= 100; rest /= 10 {
		for _, part := range []float64{1, 0.8, 0.6, 0.4, 0.3, 0.2, 0.15} {
			percents = append(percents, 100-rest*part)
		}
	}
	for i, v := range h.ValueAtPercentilesSlice(percents) {
		points = append(points, Point{percents[i], v})
	}
	return append(points, Point{100, h.Max()})
}

// A Second is what a stretch of about that length brought, warming up left out.
type Second struct {
	At     float64 `json:"at_s"`     // where it ends, since the step began
	Length float64 `json:"seconds"`  // how long it was
	Done   int64   `json:"requests"` // right answers
	Bytes  int64   `json:"bytes"`    //
	Failed int64   `json:"failed"`   //
	P50    int64   `json:"p50_us"`   //
	P99    int64   `json:"p99_us"`   //
	Round  int     `json:"round"`    // from 1
}

// figures computes rates and percentiles.
func figures(c Count, seconds float64, first, last *hdrhistogram.Histogram) Figures {
	f := Figures{Count: c, Seconds: seconds, FirstByte: quantilesOf(first), Latency: quantilesOf(last)}
	if seconds > 0 {
		f.Rate, f.Speed = float64(c.Requests)/seconds, float64(c.Bytes)/seconds
	}
	return f
}

// spent notes the client's own processor time over some seconds.
func (f *Figures) spent(cpu time.Duration, seconds float64) {
	f.CPU = cpu.Seconds()
	if seconds > 0 {
		f.Share = f.CPU / seconds / float64(runtime.GOMAXPROCS(0))
	}
}

// Of is one figure of a step over its rounds.
func (s *Step) Of(figure func(Figures) float64) Interval {
	var values []float64
	for _, r := range s.Rounds {
		if r.Requests > 0 {
			values = append(values, figure(r))
		}
	}
	return intervalOf(values)
}

// Save writes the result as JSON.
func (r *Result) Save(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}

// ReadResult reads what Save wrote.
func ReadResult(from io.Reader) (*Result, error) {
	var r Result
	switch err := json.NewDecoder(from).Decode(&r); {
	case err != nil, r.Program != program:
		return nil, errors.New("it is not a result that braid bench --save wrote")
	case r.Schema > Schema:
		return nil, fmt.Errorf("a newer braid wrote it (schema %d, and this one knows %d)", r.Schema, Schema)
	case len(r.Steps) == 0:
		return nil, errors.New("it has no figures in it")
	}
	return &r, nil
}

const program = "braid bench"
