package ui

import (
	"braid/scheduler"
	"braid/segment"
)

// quiet says what went wrong, and nothing else.
type quiet struct{ *console }

// Warn implements Reporter.
func (q *quiet) Warn(string) {}

// Note implements Reporter.
func (q *quiet) Note(string) {}

// Begin implements Reporter.
func (q *quiet) Begin(_ int, url, output string) Transfer {
	return &hushed{quiet: q, name: label(output, url)}
}

type hushed struct {
	*quiet
	name string
}

func (h *hushed) Probe(segment.Identity, bool, string, int64)      {}
func (h *hushed) Watch(*scheduler.Job) func()                      { return func() {} }
func (h *hushed) Retry(scheduler.Event)                            {}
func (h *hushed) Verify(string, int64, func() int64) (stop func()) { return func() {} }
func (h *hushed) End(r Result) {
	if r.Err != nil {
		h.line(h.failure(h.name, r))
	}
}
