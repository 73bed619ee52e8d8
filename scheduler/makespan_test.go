package scheduler

import (
	"io"
	"sync"
	"testing"
	"time"

	"braid/segment"
)

// A drain is a sink that keeps nothing.
type drain struct{}

func (drain) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (drain) Save(*segment.Bitmap) error             { return nil }

// How long a job takes against the ideal, in which every connection is busy
// until the last byte: 8 connections of 8 MiB/s, 50 ms away. One of them is
// another: that of the worker who asks for byte 0 of the file, until he has a
// new one.
func TestMakespan(t *testing.T) {
	const size, little, rate = 512 * mib, 64 * mib, 8 * mib
	for _, c := range []struct {
		name  string
		size  int64
		odd   func(a *reply)
		ideal float64 // seconds
		most  float64 // times that
	}{
		{"equal", size, func(*reply) {}, size / (8. * rate), 1.08},
		{"one is ten times slower", size, func(a *reply) { a.every *= 10 }, size / (7.1 * rate), 1.12},
		{"one is twenty times slower, of a short job", little, func(a *reply) { a.every *= 20 }, little / (7.05 * rate), 1.45},
		{"one is a thousand times slower", size, func(a *reply) { a.every *= 1000 }, size / (7. * rate), 1.12},
		{"one dies", size, func(a *reply) { a.send, a.mute = 32*mib, true }, (size - 32*mib) / (7. * rate), 1.20},
		{"one is cut off", size, func(a *reply) { a.send, a.end = 32*mib, io.ErrUnexpectedEOF }, size / (8. * rate), 1.12},
	} {
		bubble(t, func(t *testing.T) {
			var mu sync.Mutex
			odd, gone, at := -1, false, map[int64]int{} // which worker's, and who asks from where
			answer := func(_ int, r segment.Range) reply {
				mu.Lock()
				defer mu.Unlock()
				a := reply{delay: 50 * time.Millisecond, step: 64 << 10, every: time.Second * (64 << 10) / rate, blank: true}
				if r.Off == 0 && odd < 0 && !gone {
					odd = at[0]
				}
				if at[r.Off] == odd {
					c.odd(&a)
				}
				return a
			}
			j := &Job{Source: &script{size: c.size, answer: answer}, Sink: drain{}, Grid: cut(c.size), Workers: 8}
			j.Events = func(e Event) {
				mu.Lock()
				defer mu.Unlock()
				switch {
				case e.Kind == EventLease, e.Kind == EventSteal:
					at[e.Range.Off] = e.Worker
				case e.Kind == EventRetry && e.Worker == odd:
					odd, gone = -1, true
				}
			}
			if err := j.Run(t.Context()); err != nil {
				t.Fatal(c.name, err)
			}
			s := j.Stats()
			got := s.Elapsed.Seconds() / c.ideal
			t.Logf("%-44s %5.2f s, %.3f of the ideal, %d steals, %d retries", c.name, s.Elapsed.Seconds(), got, s.Steals, s.Retries)
			if got > c.most {
				t.Errorf("%s: %.3f times the ideal, want %.2f", c.name, got, c.most)
			}
		})
	}
}
