package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	"braid/scheduler"
)

// A hush keeps eight connections that fail for one reason from saying so eight
// times. It tells a reason once, then again when hushTime has passed, with how
// often it came meanwhile. A try that comes closer to the last is always told.
type hush struct {
	mu   sync.Mutex
	said map[string]*told
}

// told is what was last said of one reason.
type told struct {
	at   time.Time
	try  int
	more int // how often it came since
}

const hushTime = 10 * time.Second

// line is what to print about e, or "".
func (h *hush) line(o Options, name string, e scheduler.Event) string {
	if o.ended(e.Err) {
		return ""
	}
	why := root(e.Err)
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	last, ok := h.said[why]
	if !ok {
		if h.said == nil || len(h.said) > 100 {
			h.said = map[string]*told{}
		}
		h.said[why] = &told{at: now, try: e.Try}
		return o.retryLine(name, e)
	}
	late := now.Sub(last.at) >= hushTime
	if !late && e.Try <= last.try {
		last.more++
		return ""
	}
	more := last.more
	*last = told{at: now, try: e.Try}
	if late && more > 0 {
		return o.manyLine(name, more+1, e.Err)
	}
	return o.retryLine(name, e)
}

// ended says whether err is only how an ended run looks to those who are still
// at work: nothing will be asked for again.
func (o Options) ended(err error) bool {
	return errors.Is(err, context.Canceled) || err != nil && o.Kind != nil && o.Kind(err) == "signal"
}

// root is the innermost reason of err, without the byte range, the port or
// whatever else differs from one connection to the next.
func root(err error) string {
	for err != nil {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
	return ""
}

// manyLine says that n requests failed for the reason of err.
func (o Options) manyLine(name string, n int, err error) string {
	what := count(n, "request") + " failed"
	for _, cut := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, cut) {
			what = count(n, "answer") + " broke off"
		}
	}
	if why := o.text(root(err)); why != "" {
		what += " (" + why + ")"
	}
	return fmt.Sprintf("%s: %s, going on", name, what)
}
