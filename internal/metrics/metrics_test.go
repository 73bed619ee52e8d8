package metrics

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"braid/server"
)

// scraped is what Prometheus would see.
func scraped(t *testing.T, h http.Handler) map[string]*dto.MetricFamily {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// value is that of the counter, gauge or number of samples with these labels.
func value(t *testing.T, families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	t.Helper()
	for _, m := range families[name].GetMetric() {
		got := make([]string, 0, 4)
		for _, l := range m.GetLabel() {
			got = append(got, l.GetName()+"="+l.GetValue())
		}
		if strings.Join(got, " ") != strings.Join(labels, " ") {
			continue
		}
		switch {
		case m.Counter != nil:
			return m.Counter.GetValue()
		case m.Gauge != nil:
			return m.Gauge.GetValue()
		}
		return float64(m.Histogram.GetSampleCount())
	}
	t.Errorf("there is no %s %v", name, labels)
	return -1
}

// What an origin says of itself is what was asked of it.
func TestScrape(t *testing.T) {
	var counts server.Counts
	m := New(&counts)
	h, err := server.New(server.Options{Pattern: true, Log: m.Observe, Counts: &counts})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, target, field string) {
		r := httptest.NewRequest(method, target, nil)
		if field != "" {
			r.Header.Set("Range", field)
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	for field, times := range map[string]int{
		"": 1, "bytes=0-9": 2, "bytes=990-": 3, "Bytes=-10": 4, "bytes=0-4,10-14": 5, "items=0-9": 6, "bytes=": 7,
	} {
		for range times {
			ask("GET", "/pattern/1000", field)
		}
	}
	ask("HEAD", "/pattern/1000", "bytes=0-9")
	ask("GET", "/nothing", "")
	ask("BREW", "/", "")
	m.Observe(server.Access{Method: "GET", Cut: true, Duration: time.Second})
	m.Observe(server.Access{Method: "GET", Status: 999, Duration: time.Second})
	counts.Open.Store(7)
	counts.TurnedAway.Store(3)

	got := scraped(t, m.Handler(nil))
	for _, tt := range []struct {
		want float64
		name string
		by   []string
	}{
		{28, "braid_requests_total", []string{"code=2xx", "method=GET"}},
		{1, "braid_requests_total", []string{"code=4xx", "method=GET"}},
		{1, "braid_requests_total", []string{"code=2xx", "method=HEAD"}},
		{1, "braid_requests_total", []string{"code=4xx", "method=other"}},
		{2, "braid_requests_total", []string{"code=none", "method=GET"}},
		{4, "braid_range_requests_total", []string{"range=none"}},
		{2, "braid_range_requests_total", []string{"range=closed"}},
		{3, "braid_range_requests_total", []string{"range=open"}},
		{4, "braid_range_requests_total", []string{"range=suffix"}},
		{5, "braid_range_requests_total", []string{"range=several"}},
		{13, "braid_range_requests_total", []string{"range=other"}},
		{1, "braid_requests_cut_total", nil},
		{33, "braid_request_duration_seconds", nil},
		{33, "braid_response_wait_seconds", nil},
		{33, "braid_response_size_bytes", nil},
		{7, "braid_open_connections", nil},
		{0, "braid_idle_connections", nil},
		{0, "braid_requests_in_flight", nil},
		{3, "braid_refused_total", nil},
	} {
		if v := value(t, got, tt.name, tt.by...); v != tt.want {
			t.Errorf("%s %v is %v, not %v", tt.name, tt.by, v, tt.want)
		}
	}
	for _, name := range []string{"go_goroutines", "process_start_time_seconds"} {
		if got[name] == nil {
			t.Errorf("there is no %s", name)
		}
	}
	if v := value(t, got, "braid_sent_bytes_total"); v < 14*1000 {
		t.Errorf("%v bytes were sent", v)
	}
	series := 0
	for name, family := range got {
		if strings.HasPrefix(name, "braid_") {
			series += len(family.GetMetric())
		}
	}
	for i := range 100 {
		m.Observe(server.Access{Method: strings.Repeat("X", i), Status: i * 10, Path: strings.Repeat("y", i), Range: strings.Repeat("z", i)})
	}
	for name, family := range scraped(t, m.Handler(nil)) {
		if strings.HasPrefix(name, "braid_") {
			series -= len(family.GetMetric())
		}
	}
	if series != 0 {
		t.Errorf("a client has made %d series", -series)
	}
}

func TestNames(t *testing.T) {
	problems, err := testutil.GatherAndLint(New(new(server.Counts)).registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "braid_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

func TestHealth(t *testing.T) {
	var wrong error
	h := New(new(server.Counts)).Handler(func() error { return wrong })
	ask := func(target string, status int, want string) {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), "GET", target, nil))
		if w.Code != status || !strings.HasPrefix(w.Body.String(), want) {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
	ask("/health", 200, "ok\n")
	wrong = errors.New("stopping")
	ask("/health", 503, "stopping\n")
	ask("/", 404, "")
}

// Counting is not what a request waits for.
func BenchmarkObserve(b *testing.B) {
	m := New(new(server.Counts))
	a := server.Access{Method: "GET", Status: 206, Range: "bytes=0-65535", Bytes: 65536, Duration: time.Millisecond}
	for b.Loop() {
		m.Observe(a)
	}
}
