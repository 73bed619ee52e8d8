package bench

import (
	"encoding/csv"
	"io"
	"strconv"
)

// CSV writes one line for each round of each step, under a line of names. Times
// are microseconds.
func (r *Result) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	_ = c.Write([]string{ // what goes wrong is kept until the end
		"connections", "round", "seconds", "requests", "bytes", "failed", "unsent", "requests_per_second", "bytes_per_second",
		"first_p50_us", "first_p90_us", "first_p99_us", "first_p99_9_us", "first_max_us",
		"last_p50_us", "last_p90_us", "last_p99_us", "last_p99_9_us", "last_max_us",
		"new_connections", "tls_handshakes", "asked_again", "client_cpu_seconds",
	})
	whole := func(n int64) string { return strconv.FormatInt(n, 10) }
	real := func(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }
	for _, s := range r.Steps {
		for i, f := range s.Rounds {
			line := []string{
				strconv.Itoa(s.Connections), strconv.Itoa(i + 1), real(f.Seconds), whole(f.Requests), whole(f.Bytes), whole(f.Failed), whole(f.Unsent),
				real(f.Rate), real(f.Speed),
			}
			for _, q := range []Quantiles{f.FirstByte, f.Latency} {
				line = append(line, whole(q.P50), whole(q.P90), whole(q.P99), whole(q.P999), whole(q.Max))
			}
			_ = c.Write(append(line, whole(f.Connects), whole(f.Handshakes), whole(f.Again), real(f.CPU)))
		}
	}
	c.Flush()
	return c.Error()
}
