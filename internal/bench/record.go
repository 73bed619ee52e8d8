package bench

import (
	"runtime"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A shot is one request and what came of it.
type shot struct {
	due        time.Time // from when on it counts
	first      time.Time // when the first byte of the answer came
	done       time.Time
	bytes      int64
	connects   int64 // connections that were made for it
	handshakes int64 // and TLS begun on them
	again      int64 // how often something was asked for a second time
	err        error
}

// A recorder takes the shots of a round. Workers share its parts by turns: fewer
// than workers, as histograms are large, and more than processors, so that hardly
// one waits for another.
type recorder struct {
	parts []*part
}

type part struct {
	mu    sync.Mutex
	count Count
	first *hdrhistogram.Histogram // microseconds to the first byte
	last  *hdrhistogram.Histogram // microseconds to the last
	lull  *hdrhistogram.Histogram // microseconds to the last, since a sampler looked
	fresh Count                   // since a sampler looked
	late  time.Time               // when the last shot was done
	_     [64]byte                // keeps the parts out of each other's cache lines
}

// longest is the longest latency that is told apart from longer ones.
const longest = time.Hour

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, longest.Microseconds(), 3)
}

func newRecorder(workers int) *recorder {
	r := &recorder{parts: make([]*part, min(workers, 2*runtime.GOMAXPROCS(0)))}
	for i := range r.parts {
		r.parts[i] = &part{first: newHistogram(), last: newHistogram(), lull: newHistogram()}
	}
	return r
}

// add counts a shot of a worker. What failed has no latency.
func (r *recorder) add(worker int, s shot) {
	p := r.parts[worker%len(r.parts)]
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count.add(s)
	p.fresh.add(s)
	p.late = s.done
	if s.err != nil {
		return
	}
	last := min(s.done.Sub(s.due), longest).Microseconds()
	_ = p.first.RecordValue(min(s.first.Sub(s.due), longest).Microseconds()) // it is in range
	_ = p.last.RecordValue(last)
	_ = p.lull.RecordValue(last)
}

// unsent counts a request that was due and could not be sent in time.
func (r *recorder) unsent(worker int) {
	p := r.parts[worker%len(r.parts)]
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count.Unsent++
	p.fresh.Unsent++
}

// sum is what was recorded, and when the last of it was done.
func (r *recorder) sum() (c Count, first, last *hdrhistogram.Histogram, done time.Time) {
	first, last = newHistogram(), newHistogram()
	for _, p := range r.parts {
		p.mu.Lock()
		c.join(p.count)
		first.Merge(p.first)
		last.Merge(p.last)
		if p.late.After(done) {
			done = p.late
		}
		p.mu.Unlock()
	}
	return c, first, last, done
}

// take moves what was recorded since the last time into a histogram.
func (r *recorder) take(into *hdrhistogram.Histogram) (c Count) {
	for _, p := range r.parts {
		p.mu.Lock()
		c.join(p.fresh)
		p.fresh = Count{}
		into.Merge(p.lull)
		p.lull.Reset()
		p.mu.Unlock()
	}
	return c
}

// A Count is how many there were of what.
type Count struct {
	Requests   int64 `json:"requests"`        // that were answered right
	Bytes      int64 `json:"bytes"`           // of the file, in these answers
	Failed     int64 `json:"failed"`          // requests that were not
	Unsent     int64 `json:"unsent"`          // requests that were due, at a given rate, and could not be sent in time
	Connects   int64 `json:"connections"`     // that were made
	Handshakes int64 `json:"tls_handshakes"`  // that were begun
	Again      int64 `json:"asked_again"`     // requests that were sent a second time: their idle connection was closed; of a download: its retries
	Errors     Kinds `json:"errors,omitzero"` // the failed, by kind
}

func (c *Count) add(s shot) {
	c.Connects += s.connects
	c.Handshakes += s.handshakes
	c.Again += s.again
	if s.err != nil {
		c.Failed++
		c.Errors = c.Errors.with(kindOf(s.err), 1, s.err.Error())
		return
	}
	c.Requests++
	c.Bytes += s.bytes
}

func (c *Count) join(o Count) {
	c.Requests += o.Requests
	c.Bytes += o.Bytes
	c.Failed += o.Failed
	c.Unsent += o.Unsent
	c.Connects += o.Connects
	c.Handshakes += o.Handshakes
	c.Again += o.Again
	for kind, e := range o.Errors {
		c.Errors = c.Errors.with(kind, e.Count, e.First)
	}
}

// Reused is how much of the requests went over a connection that was there
// already, 0 to 1.
func (c *Count) Reused() float64 {
	all := c.Requests + c.Failed
	if all == 0 || c.Connects > all {
		return 0
	}
	return float64(max(0, all-c.Connects)) / float64(all)
}
