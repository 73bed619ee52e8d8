package cli

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"braid/internal/metrics"
	"braid/server"
)

// monitoring says how braid serve can be watched.
type monitoring struct {
	Metrics string // an address
	Health  string // a path
}

func (o *monitoring) flags() []*option {
	return []*option{
		{name: "metrics", arg: "HOST:PORT", group: "watching", set: into(&o.Metrics, parseAddress),
			use: "show metrics for Prometheus at this address under /metrics, and under /health whether all is well"},
		{name: "health", arg: "PATH", group: "watching", set: into(&o.Health, healthPath),
			use: "answer at this path, such as /health, without a password or a line in the log: 200 ok, or 503"},
	}
}

// healthPath reads a path that a request can have, and that is not all there is.
func healthPath(s string) (string, error) {
	if len(s) < 2 || s[0] != '/' || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '?' || r == '#' || r == '%' }) {
		return "", wanted("a path such as /health")
	}
	return s, nil
}

// A monitor shows the metrics of an origin until it is closed, which is later
// than the origin is told to stop.
type monitor struct {
	*metrics.Metrics
	listener net.Listener
	stop     context.CancelFunc
	ended    chan error
}

// metricsError is one of the address for the metrics.
type metricsError struct{ error }

func (e metricsError) Unwrap() error { return e.error }

// listen begins to listen, so that whoever has a busy port is told before
// anything is served.
func (o *monitoring) listen(ctx context.Context, counts *server.Counts) (*monitor, error) {
	if o.Metrics == "" {
		return nil, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Metrics)
	if err != nil {
		return nil, metricsError{err}
	}
	return &monitor{Metrics: metrics.New(counts), listener: listener}, nil
}

// start answers from then on. All is well as long as check and ctx say so.
func (m *monitor) start(ctx context.Context, check func() error) {
	if m == nil {
		return
	}
	handler := m.Handler(func() error {
		if ctx.Err() != nil {
			return errors.New("stopping")
		}
		return check()
	})
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	m.stop, m.ended = stop, make(chan error, 1)
	go func() {
		m.ended <- server.Serve(watching, m.listener, handler, server.Options{Grace: time.Second})
	}()
}

// close ends it. Whoever is being answered is not waited for long.
func (m *monitor) close() {
	if m == nil {
		return
	}
	if m.stop == nil { // it was never started
		m.listener.Close()
		return
	}
	m.stop()
	<-m.ended // with an error only if somebody was cut off
}

// notes say where it is.
func (m *monitor) notes() []string {
	if m == nil {
		return nil
	}
	return []string{"metrics are at http://" + shownAddress(m.listener.Addr()) + "/metrics"}
}

// observing has both told of each request, as far as they are there.
func observing(log *accessLog, m *monitor) func(server.Access) {
	switch {
	case log == nil && m == nil:
		return nil
	case m == nil:
		return log.add
	case log == nil:
		return m.Observe
	}
	return func(a server.Access) {
		log.add(a)
		m.Observe(a)
	}
}
