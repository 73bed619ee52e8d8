package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// metricsAt is where a server says that its metrics are.
var metricsAt = regexp.MustCompile(`metrics are at (http://\S+)`)

// findMetrics waits until the server has said where its metrics are.
func (s *soaked) findMetrics(ctx context.Context) (url string, err error) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(settles); time.Now().Before(end); {
		said, err := os.ReadFile(s.said)
		if err != nil {
			return "", err
		}
		if m := metricsAt.FindSubmatch(said); m != nil {
			return string(m[1]), nil
		}
		select {
		case <-tick.C:
		case <-s.gone:
			return "", fmt.Errorf("braid serve ended: %s", said)
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
	return "", fmt.Errorf("braid serve does not say where its metrics are")
}

// goroutines is how many the server says it has. It is asked over a connection of its own, which is closed.
func (s *soaked) goroutines(ctx context.Context) (n float64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.metrics, nil)
	if err != nil {
		return 0, err
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), "go_goroutines "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("%s: there is no go_goroutines (%v)", resp.Status, lines.Err())
}
