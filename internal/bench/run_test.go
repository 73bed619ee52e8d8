package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"braid/scheduler/source"
	"braid/segment"
	"braid/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A logbook is what an origin says that it did.
type logbook struct {
	mu       sync.Mutex
	requests int64
	bytes    int64
}

// origin serves patterns, in front of which something may stand. closed waits for
// its last answers.
func origin(t *testing.T, between func(http.Handler) http.Handler) (url string, l *logbook, closed func()) {
	t.Helper()
	l = &logbook{}
	h, err := server.New(server.Options{Pattern: true, Log: func(a server.Access) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.requests++
		l.bytes += a.Bytes
	}})
	if err != nil {
		t.Fatal(err)
	}
	if between != nil {
		h = between(h)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL, l, s.Close
}

// setup is a short run against url.
func setup(t *testing.T, url, pattern, mix string) *Setup {
	t.Helper()
	c := source.Client(source.ClientOptions{Direct: true, Allow: Polite})
	t.Cleanup(c.CloseIdleConnections)
	return &Setup{
		URLs: []string{url}, Client: c, Pattern: mustPattern(t, pattern), Mix: mustMix(t, mix),
		Load: Load{Connections: 4}, Bounds: Bounds{Requests: 90}, Rounds: 3,
	}
}

// An access log has as many requests and bytes as the result says. Of downloads it
// has more bytes: those of answers that were cut off when a faster one took over.
func TestCountsAsTheAccessLogDoes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ pattern, mix string }{
		{"random", "1,4K:0.5,50K"}, {"sequential", "30K"}, {"strided:100K", "4K"}, {"zipf", "16K"}, {"suffix", "5000"}, {"whole", "1K"},
	} {
		url, log, closed := origin(t, nil)
		s := setup(t, url+"/pattern/2000000?seed=7", row.pattern, row.mix)
		s.Load.Warmup, s.Load.Cooldown = 5*time.Millisecond, 5*time.Millisecond
		if row.pattern == Whole {
			s.Bounds.Requests = 3
		}
		r, err := s.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		closed()
		if f := r.Steps[0].All; r.Total.Requests != log.requests || r.Total.Bytes != log.bytes && !(row.pattern == Whole && log.bytes > r.Total.Bytes) || f.Requests != s.Bounds.Requests || f.Failed > 0 || f.Bytes <= 0 || f.Bytes >= r.Total.Bytes {
			t.Errorf("%s: %+v in all, %+v measured, the log has %d requests and %d bytes", row.pattern, r.Total, f, log.requests, log.bytes)
		}
		if r.Targets[0].Checked != "pattern" || r.Partial != "" || len(r.Steps[0].Rounds) != 3 {
			t.Errorf("%s: %+v", row.pattern, r)
		}
	}
}

func TestMultiAndSeveralTargets(t *testing.T) {
	t.Parallel()
	url, log, closed := origin(t, nil)
	s := setup(t, url+"/pattern/1000000?seed=1", "multi:3", "1K")
	s.URLs = append(s.URLs, url+"/pattern/2000000")
	r, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	closed()
	if f := r.Steps[0].All; f.Failed > 0 || f.Bytes != 3*1024*90 || f.Connects != 4 || log.requests != 92 {
		t.Errorf("%+v, the log has %d requests", f, log.requests)
	}
}

// flipping flips a bit in every so many bytes that pass.
type flipping struct {
	http.ResponseWriter
	mu   *sync.Mutex // a new connection may begin before the old one has ended
	left *int
}

const flipEvery = 1_000_000

func (f flipping) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p = bytes.Clone(p)
	for i := *f.left; i < len(p); i += flipEvery {
		p[i] ^= 1
		*f.left += flipEvery
	}
	*f.left -= len(p)
	return f.ResponseWriter.Write(p)
}

// One wrong byte in a million is found, each time.
func TestCorruptionIsCaught(t *testing.T) {
	t.Parallel()
	left := flipEvery / 2
	var mu sync.Mutex
	url, _, _ := origin(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(flipping{w, &mu, &left}, r) })
	})
	s := setup(t, url+"/pattern/100M", "random", "64K")
	s.Load.Connections, s.Rounds = 1, 1 // so that the bytes come in one order
	r, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sent := 90*64<<10 + 1 // with the first, to find out what it is
	want := int64((sent + flipEvery/2) / flipEvery)
	f := r.Steps[0].All
	if f.Failed != want || f.Errors["corrupt"].Count != want || f.Requests != 90-want {
		t.Errorf("%d failed, %v, want %d", f.Failed, f.Errors, want)
	}
	whole := setup(t, url+"/pattern/2M", "whole", "1K")
	whole.Bounds.Requests, whole.Rounds = 1, 1
	r, err = whole.Run(t.Context())
	if err != nil || r.Steps[0].All.Errors["corrupt"].Count != 1 {
		t.Errorf("whole: %+v, %v", r.Steps, err)
	}
}

func TestComparedWithWhatIsKnown(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789", 10_000)
	var asked atomic.Int64
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.ServeContent(w, r, "f", time.Time{}, strings.NewReader(text))
	}))
	t.Cleanup(files.Close)
	sum := sha256.Sum256([]byte(text))
	for _, row := range []struct {
		name   string
		tell   func(*Setup)
		how    string
		failed int64
		wrong  string
	}{
		{"nothing", func(*Setup) {}, "", 0, ""},
		{"a file", func(s *Setup) {
			s.Known, s.KnownSize, s.KnownAs = strings.NewReader(text), int64(len(text)), "copy"
		}, "copy", 0, ""},
		{"another file", func(s *Setup) {
			s.Known, s.KnownSize, s.KnownAs = strings.NewReader("x"+text[1:]), int64(len(text)), "copy"
		}, "copy", 4, ""},
		{"a shorter file", func(s *Setup) {
			s.Known, s.KnownSize, s.KnownAs = strings.NewReader(text), 5, "copy"
		}, "", 0, "it has 100000 bytes, and what it is compared with has 5"},
		{"a digest", func(s *Setup) { s.Digest = &segment.Digest{Algorithm: "sha256", Sum: sum[:]} }, "sha256", 0, ""},
		{"another digest", func(s *Setup) { s.Digest = &segment.Digest{Algorithm: "sha256", Sum: make([]byte, 32)} }, "", 0, "sha256 is"},
	} {
		s := setup(t, files.URL, "sequential", "10K")
		s.Bounds.Requests = 40
		s.Load.Connections = 1
		s.Rounds = 1
		row.tell(s)
		asked.Store(0)
		r, err := s.Run(t.Context())
		if row.wrong != "" || err != nil {
			if err == nil || row.wrong == "" || !strings.Contains(err.Error(), row.wrong) {
				t.Errorf("%s: %v, want %q", row.name, err, row.wrong)
			}
			continue
		}
		if r.Total.Requests+row.failed != asked.Load() {
			t.Errorf("%s: %+v, and the server was asked %d times", row.name, r.Total, asked.Load())
		}
		if f := r.Steps[0].All; f.Failed != row.failed || r.Targets[0].Checked != row.how || (len(r.Notes) > 0 && strings.Contains(strings.Join(r.Notes, " "), "not compared")) != (row.how == "") {
			t.Errorf("%s: %+v, %+v, %q", row.name, f, r.Targets, r.Notes)
		}
	}
}

func TestUnfit(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, pattern, mix, want string
		answer                   http.HandlerFunc
	}{
		{"no ranges", "random", "1K", "serves no ranges", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }},
		{"empty", "random", "1K", "it is empty", func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "f", time.Now(), strings.NewReader(""))
		}},
		{"empty, and no ranges", "random", "1K", "it is empty", func(http.ResponseWriter, *http.Request) {}},
		{"too short for several", "multi:4", "1K", "too few for 4 ranges of 1024", func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "f", time.Now(), strings.NewReader("hello"))
		}},
		{"missing", "random", "1K", "404", http.NotFound},
		{"compressed", "random", "1K", "compressed", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			io.WriteString(w, "hello")
		}},
	} {
		s := httptest.NewServer(row.answer)
		r, err := setup(t, s.URL+"/f", row.pattern, row.mix).Run(t.Context())
		if r != nil || err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %+v, %v, want %q", row.name, r, err, row.want)
		}
		s.Close()
	}
}

// What was measured before an interruption is kept, and said to be partial.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	seen := 0
	url, _, _ := origin(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if seen++; seen == 100 {
				cancel(enough)
			}
			h.ServeHTTP(w, r)
		})
	})
	s := setup(t, url+"/pattern/1M", "random", "4K")
	s.Bounds, s.Load.Connections = Bounds{Duration: time.Hour}, 1
	r, err := s.Run(ctx)
	if !errors.Is(err, enough) || r == nil || r.Partial != "enough" || len(r.Steps) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if f := r.Steps[0].All; f.Requests < 90 || f.Requests > 99 || f.Failed != 0 {
		t.Errorf("%+v", f)
	}
	var b strings.Builder
	if err := r.Table(&b); err != nil || !strings.Contains(b.String(), "PARTIAL: the run ended early: enough") {
		t.Errorf("%s%v", b.String(), err)
	}
}

func TestSweepAndWhoWatches(t *testing.T) {
	t.Parallel()
	url, _, _ := origin(t, nil)
	s := setup(t, url+"/pattern/1M", "random", "1K")
	s.Sweep, s.Rounds, s.Bounds = []int{1, 2, 4}, 1, Bounds{Requests: 60}
	told := map[int]bool{}
	s.Watch = func(l Live) {
		told[l.Connections] = true
		if l.Steps != 3 || l.Rounds != 1 || l.Bounds.Requests != 20 {
			t.Errorf("%+v", l)
		}
		for _, line := range append(l.Lines(80), l.Line()) {
			if line == "" && !l.Warming {
				t.Error("an empty line")
			}
		}
	}
	r, err := s.Run(t.Context())
	if err != nil || len(r.Steps) != 3 || r.Knee == nil || !told[1] || !told[2] || !told[4] {
		t.Errorf("%+v, %v, told of %v", r, err, told)
	}
	for i, step := range r.Steps {
		if step.Connections != s.Sweep[i] || step.All.Requests == 0 || int(step.All.Connects) > step.Connections {
			t.Errorf("%+v", step.All)
		}
	}
}

func TestPatternOf(t *testing.T) {
	for _, row := range []struct {
		etag string
		want string
	}{
		{`"p1-100-7"`, fmt.Sprintf("%v", server.PatternReader(7, 100))}, {`"p1-101-7"`, ""}, {`"p1-100"`, ""}, {`W/"p1-100-7"`, ""}, {`"p2-100-7"`, ""}, {"", ""},
	} {
		if got := patternOf(segment.Identity{Size: 100, ETag: row.etag}); (got != nil) != (row.want != "") {
			t.Errorf("%s: %v", row.etag, got)
		}
	}
}
