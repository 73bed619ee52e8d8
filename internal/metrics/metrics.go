package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"braid/server"
)

// The buckets' upper bounds. A request takes from less than a millisecond, for
// what is in memory, to hours, for an image on a thin line.
var (
	waits     = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}
	durations = []float64{.001, .005, .025, .1, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200}
	sizes     = []float64{1 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20, 64 << 20, 256 << 20, 1 << 30, 4 << 30}
)

// Metrics are those of one origin.
type Metrics struct {
	registry *prometheus.Registry

	requests [methods][classes]prometheus.Counter
	ranges   [kinds]prometheus.Counter
	cut      prometheus.Counter
	bytes    prometheus.Counter
	wait     prometheus.Histogram
	duration prometheus.Histogram
	size     prometheus.Histogram
}

// New makes the metrics of an origin whose connections are counted in counts.
func New(counts *server.Counts) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		cut:      counter("braid_requests_cut_total", "Requests whose response ended early: the client left, was too slow, or the file changed."),
		bytes:    counter("braid_sent_bytes_total", "Content that went out, headers not counted."),
		wait:     histogram("braid_response_wait_seconds", "Time from a request's header to the beginning of its response.", waits),
		duration: histogram("braid_request_duration_seconds", "Time from a request's header until all of its response was handed to the system.", durations),
		size:     histogram("braid_response_size_bytes", "Content of each response, as far as it went out.", sizes),
	}
	m.registry.MustRegister(m.cut, m.bytes, m.wait, m.duration, m.size,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	// The children are looked up here, once: what is counted in a request's own
	// time is counted without a map.
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "braid_requests_total", Help: "Requests answered, by method and class of status.",
	}, []string{"method", "code"})
	for i := range methods {
		for j := range classes {
			m.requests[i][j] = requests.WithLabelValues(i.String(), j.String())
		}
	}
	ranges := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "braid_range_requests_total", Help: "GET requests, by what their Range field asks for.",
	}, []string{"range"})
	for i := range kinds {
		m.ranges[i] = ranges.WithLabelValues(i.String())
	}
	m.registry.MustRegister(requests, ranges)
	m.register(counts)
	return m
}

// register has the counts read whenever somebody looks.
func (m *Metrics) register(counts *server.Counts) {
	for _, g := range []struct {
		name, help string
		read       func() int64
	}{
		{"braid_open_connections", "Connections there are.", counts.Open.Load},
		{"braid_idle_connections", "Connections that wait for a request.", counts.Idle.Load},
		{"braid_requests_in_flight", "Requests being answered.", counts.InFlight.Load},
	} {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: g.name, Help: g.help}, asFloat(g.read)))
	}
	for _, c := range []struct {
		name, help string
		read       func() int64
	}{
		{"braid_accepted_connections_total", "Connections there have been.", counts.Accepted.Load},
		{"braid_refused_total", "Connections and HTTP/2 streams that were turned away because of a limit.", counts.TurnedAway.Load},
		{"braid_idle_closed_total", "Idle connections that were closed to make room for new ones.", counts.MadeRoom.Load},
		{"braid_slow_clients_dropped_total", "Connections that were dropped because the client took too little.", counts.TooSlow.Load},
	} {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: c.name, Help: c.help}, asFloat(c.read)))
	}
}

func asFloat(read func() int64) func() float64 { return func() float64 { return float64(read()) } }

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
}

// Observe counts a request that has been answered. It is a server.Options.Log,
// and takes less than a microsecond.
func (m *Metrics) Observe(a server.Access) {
	method := methodOf(a.Method)
	m.requests[method][classOf(a.Status)].Inc()
	if method == get {
		m.ranges[kindOf(a.Range)].Inc()
	}
	if a.Cut {
		m.cut.Inc()
	}
	m.bytes.Add(float64(a.Bytes))
	m.wait.Observe(a.Wait.Seconds())
	m.duration.Observe(a.Duration.Seconds())
	m.size.Observe(float64(a.Bytes))
}
