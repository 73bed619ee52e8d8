package bench

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), -update to accept:\n%s", file, diff)
	}
}

// step is what so many requests a second, in three rounds, are told as.
func step(connections int, rates ...float64) Step {
	s := Step{Connections: connections}
	all := newHistogram()
	sum := Count{}
	for i, rate := range rates {
		h := newHistogram()
		n := int64(rate)
		_ = h.RecordValues(int64(1e6*float64(connections)/rate), n)
		_ = h.RecordValue(int64(3e6 * float64(connections) / rate))
		c := Count{Requests: n, Bytes: n << 16, Connects: int64(connections)}
		f := figures(c, 1, h, h)
		f.spent(500*time.Millisecond, 1)
		f.Share = .1
		s.Rounds = append(s.Rounds, f)
		s.Timeline = append(s.Timeline, Second{At: float64(i + 1), Length: 1, Done: n, Bytes: n << 16, P50: f.Latency.P50, P99: f.Latency.P99, Round: i + 1})
		sum.join(c)
		all.Merge(h)
	}
	s.All = figures(sum, float64(len(rates)), all, all)
	s.All.CPU, s.All.Share = 1.5, .1
	s.Curve = curveOf(all)
	return s
}

func result(steps ...Step) *Result {
	r := &Result{
		Schema: Schema, Program: program, Version: "v1", Begun: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Machine: Machine{"linux", "amd64", 2},
		Targets: []Target{{URL: "http://127.0.0.1:8080/pattern/1G", Size: 1 << 30, ETag: `"p1-1073741824-0"`, Checked: "pattern"}},
		Plan:    Plan{Pattern: "random", Block: Mix{{65536, 1}}, Warmup: 1, Rounds: 3},
		Steps:   steps, Total: Asked{Requests: 9, Bytes: 99},
	}
	if len(steps) > 1 {
		r.Knee = knee(steps)
	}
	r.Notes = r.warnings()
	return r
}

func bad() *Result {
	s := step(4, 100, 110, 120)
	s.All.Failed, s.All.Unsent, s.All.Share = 3, 7, .7
	s.All.Errors = Kinds{"corrupt": {2, "byte 7 is <b>wrong</b>"}, "status 503": {1, "busy"}}
	s.Timeline[1].Failed = 3
	r := result(s)
	r.Plan.Rate = 120
	r.Targets[0].Checked = ""
	r.Partial = "the server is gone"
	r.Notes = r.warnings()
	return r
}

func sweepOf() *Result {
	return result(step(1, 1000), step(2, 1900), step(4, 3500), step(8, 3800), step(16, 3850), step(32, 3600), step(64, 2000))
}

func TestTables(t *testing.T) {
	for name, r := range map[string]*Result{"table.txt": result(step(8, 10_000, 10_100, 9_900)), "bad.txt": bad(), "sweep.txt": sweepOf()} {
		var b strings.Builder
		if err := r.Table(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.String())
	}
}

// A knee that the sweep did not reach is marked nowhere.
func TestKneeBeyondTheSweep(t *testing.T) {
	var b strings.Builder
	if err := result(step(1, 1000), step(2, 1900), step(4, 3500)).Table(&b); err != nil {
		t.Fatal(err)
	}
	if table := b.String(); strings.Contains(table, "←") || !strings.Contains(table, "The knee is not reached") {
		t.Error(table)
	}
}

func TestSavedResultIsReadBack(t *testing.T) {
	for _, r := range []*Result{bad(), sweepOf()} {
		var b bytes.Buffer
		if err := r.Save(&b); err != nil {
			t.Fatal(err)
		}
		got, err := ReadResult(&b)
		if diff := cmp.Diff(r, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	}
	for text, want := range map[string]string{
		"":                                     "not a result",
		"{}":                                   "not a result",
		"hello":                                "not a result",
		`{"program":"braid bench"}`:            "no figures",
		`{"program":"braid bench","schema":2}`: "a newer braid",
	} {
		if _, err := ReadResult(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestCSV(t *testing.T) {
	var b bytes.Buffer
	if err := result(step(8, 10_000, 10_100), step(16, 20_000)).CSV(&b); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(lines) != 4 {
		t.Fatalf("%v, %v", lines, err)
	}
	if got := strings.Join(lines[2][:8], " "); got != "8 2 1.000 10100 661913600 0 0 10100.000" {
		t.Error(got)
	}
}

// The page is well-formed, needs nothing else, has no script, and what a server
// said cannot break out of it.
func TestHTML(t *testing.T) {
	for name, r := range map[string]*Result{"one": result(step(8, 10_000, 10_100, 9_900)), "bad": bad(), "sweep": sweepOf(), "nothing": result(Step{Connections: 1})} {
		var b strings.Builder
		if err := r.HTML(&b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		page := b.String()
		for _, no := range []string{"<script", "src=", "href=\"h", "<b>wrong", "#0102", "#0103", "url(", "NaN", "Inf"} {
			if strings.Contains(page, no) {
				t.Errorf("%s: the page has %q in it", name, no)
			}
		}
		want := []string{"<svg", "var(--ink)", "var(--s0)", "prefers-color-scheme: dark", "default-src 'none'"}
		if name == "sweep" {
			want = append(want, "knee: 4", "The knee is at 4 connections")
		}
		for _, want := range want {
			if !strings.Contains(page, want) && name != "nothing" {
				t.Errorf("%s: the page has no %q in it", name, want)
			}
		}
		for at := strings.Index(page, "<svg"); at >= 0; at = strings.Index(page, "<svg") {
			page = page[at:]
			end := strings.Index(page, "</svg>") + len("</svg>")
			for d := xml.NewDecoder(strings.NewReader(page[:end])); ; {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Errorf("%s: %v", name, err)
					break
				}
			}
			page = page[end:]
		}
	}
}

func TestKnee(t *testing.T) {
	for _, row := range []struct {
		rates []float64 // of 1, 2, 4 … connections
		want  *Knee
	}{
		{[]float64{100, 200, 390, 400, 380}, &Knee{4, true}},
		{[]float64{100, 95, 90}, &Knee{1, true}},
		{[]float64{100, 200, 400, 800}, &Knee{8, false}},
		{[]float64{100, 200, 400, 360}, &Knee{4, true}},
		{[]float64{100, 200, 360, 400}, &Knee{4, true}}, // 90 % of the best is enough
		{[]float64{100, 200, 359, 400}, &Knee{8, false}},
		{[]float64{100}, nil},
		{[]float64{}, nil},
	} {
		var steps []Step
		for i, rate := range row.rates {
			steps = append(steps, step(1<<i, rate))
		}
		if diff := cmp.Diff(row.want, knee(steps)); diff != "" {
			t.Errorf("%v: %s", row.rates, diff)
		}
	}
}

func TestKneeOfHalfASweep(t *testing.T) {
	r := sweepOf()
	r.Knee, r.Partial = nil, "interrupted"
	if got := r.Bend(); !strings.Contains(got, "did not come to its end") {
		t.Error(got)
	}
}

func TestCompare(t *testing.T) {
	old := result(step(8, 10_000, 10_100, 9_900))
	for _, row := range []struct {
		name   string
		new    *Result
		says   string // of requests a second
		slower bool   // by more than 5 %
		wrong  string
	}{
		{"the same", result(step(8, 10_000, 10_100, 9_900)), "no difference shown", false, ""},
		{"slower", result(step(8, 9_000, 9_100, 8_900)), "slower", true, ""},
		{"hardly slower", result(step(8, 9_700, 9_701, 9_699)), "slower", false, ""},
		{"slower, perhaps", result(step(8, 9_000, 14_000, 5_000)), "no difference shown", false, ""},
		{"faster", result(step(8, 12_000, 12_100, 11_900)), "faster", false, ""},
		{"one round", result(step(8, 5_000)), "too few rounds to say", false, ""},
		{"no answers", result(Step{Connections: 8}), "no answers", false, ""},
		{"other connections", result(step(4, 10_000, 10_000)), "", false, "no number of connections in common"},
		{"another pattern", func() *Result { r := result(step(8, 1)); r.Plan.Pattern = "zipf"; return r }(), "", false, "did not measure the same thing"},
		{"another size", func() *Result { r := result(step(8, 1)); r.Targets[0].Size = 5; return r }(), "", false, "did not measure the same thing"},
		{"another rate", func() *Result { r := result(step(8, 1)); r.Plan.Rate = 5; return r }(), "", false, "did not measure the same thing"},
	} {
		all, err := Compare(old, row.new)
		if row.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), row.wrong) {
				t.Errorf("%s: %v, want %q", row.name, err, row.wrong)
			}
			continue
		}
		if err != nil || len(all) != len(compared) || all[0].Says != row.says {
			t.Errorf("%s: %+v, %v, want %q", row.name, all, err, row.says)
			continue
		}
		slower := false
		for _, v := range all {
			slower = slower || v.Slower(.05)
			if v.Figure == "p50 latency" && (v.Says == "faster") != (row.says == "faster") {
				t.Errorf("%s: %+v", row.name, v)
			}
		}
		if slower != row.slower {
			t.Errorf("%s: slower by more than 5 %%: %v, want %v", row.name, slower, row.slower)
		}
	}
	all, _ := Compare(old, result(step(8, 9_000, 9_100, 8_900)))
	var b strings.Builder
	if err := WriteVerdicts(&b, all); err != nil {
		t.Fatal(err)
	}
	golden(t, "compare.txt", b.String())
}

// The intervals are those of tables of Student's distribution.
func TestInterval(t *testing.T) {
	i := intervalOf([]float64{10, 12, 14})
	half := 4.303 * 2 / math.Sqrt(3)
	if math.Abs(i.Mean-12) > 1e-9 || math.Abs(i.Low-12+half) > 1e-9 || math.Abs(i.High-12-half) > 1e-9 {
		t.Errorf("%+v", i)
	}
	if i := intervalOf([]float64{5}); i.Mean != 5 || i.Known() || i.Apart(intervalOf([]float64{1, 1})) {
		t.Errorf("%+v", i)
	}
	for freedom, want := range map[int]float64{1: 12.706, 20: 2.086, 21: 2.080, 30: 2.042, 60: 2.000, 1000: 1.962} {
		if got := student(freedom); math.Abs(got-want) > .01 {
			t.Errorf("%d: %v, want %v", freedom, got, want)
		}
	}
}

func TestPolite(t *testing.T) {
	for addr, kind := range map[string]string{
		"127.0.0.1": "ok", "::1": "ok", "::ffff:127.0.0.1": "ok", "10.0.0.1": "ok", "172.16.5.5": "ok", "192.168.1.1": "ok", "169.254.1.1": "ok", "fe80::1%eth0": "ok",
		"fd00::1": "ok", "fc00::1": "ok", "198.18.0.1": "ok", "64:ff9b::a00:1": "ok",
		"8.8.8.8": "public", "2606:4700::1": "public", "::ffff:8.8.8.8": "public", "64:ff9b::808:808": "public", "2002:808:808::1": "public", "172.32.0.1": "public",
		"100.64.0.1": "a provider's own", "224.0.0.1": "multicast", "203.0.113.5": "for examples",
	} {
		err := Polite(netip.MustParseAddr(addr))
		if (err == nil) != (kind == "ok") || err != nil && !strings.Contains(err.Error(), " is "+kind+":") {
			t.Errorf("%s: %v, want %s", addr, err, kind)
		}
		if _, ok := errors.AsType[*StrangerError](err); err != nil && !ok {
			t.Errorf("%s: %T", addr, err)
		}
	}
}

func TestText(t *testing.T) {
	for got, want := range map[string]string{
		micros(0): "0 µs", micros(999): "999 µs", micros(1000): "1.00 ms", micros(12_345): "12.3 ms", micros(123_456): "123 ms", micros(999_999): "1000 ms", micros(1_500_000): "1.50 s",
		amount(0): "0 B", amount(1536): "1.5 KiB", amount(1 << 40): "1.0 TiB", number(0): "0", number(999): "999", number(1000): "1,000", number(-1234567): "-1,234,567",
		perSecond(.5): "0.50/s", perSecond(99): "99.0/s", perSecond(12345.6): "12,346/s", seconds(30): "30 s", seconds(1.25): "1.2 s",
		spark([]float64{0, 1, 7}, 10): "▁▂█", spark([]float64{1, 2, 3}, 2): "▅█", spark(nil, 5): "", spark([]float64{0}, 5): "▁",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
