package metrics

import (
	"io"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	scrapers      = 4                // at a time; more are answered with 503
	scrapeTimeout = 10 * time.Second // as long as Prometheus waits by default
)

// Handler answers at /metrics, in whichever of Prometheus' formats the client
// prefers, and at /health: 200 if check finds nothing wrong, else 503 and what
// it found.
func (m *Metrics) Handler(check func() error) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: scrapers,
		Timeout:             scrapeTimeout,
	}))
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		line := "ok"
		if err := check(); err != nil {
			line = err.Error()
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, line+"\n") // if the client has gone it will not miss it
	})
	return mux
}
