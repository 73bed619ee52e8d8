package ui

import (
	"braid/scheduler"
	"braid/segment"
)

// quiet says what went wrong or might be, and nothing else. The path goes to a
// program as ever: f=$(braid -q URL).
type quiet struct{ *console }

// Note implements Reporter.
func (q *quiet) Note(string) {}

// Exit implements Reporter.
func (q *quiet) Exit(Exit) { q.repeated() }

// Begin implements Reporter.
func (q *quiet) Begin(_ int, url, output string) Transfer {
	return &hushed{quiet: q, name: label(output, url)}
}

type hushed struct {
	*quiet
	name string
	size int64
}

func (h *hushed) Probe(id segment.Identity, _ bool, _ string, _ int64) { h.size = id.Size }

func (h *hushed) Watch(*scheduler.Job) func()                      { return func() {} }
func (h *hushed) Retry(scheduler.Event)                            {}
func (h *hushed) Verify(string, int64, func() int64) (stop func()) { return func() {} }
func (h *hushed) End(r Result) {
	if r.Err != nil {
		h.line(h.failure(h.name, h.size, r))
	}
	h.path(r)
}
