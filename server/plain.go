package server

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
)

const (
	interimSize = 4 << 10 // of the field in each of many 103s
	filler      = 1 << 20 // of a header or trailer that is too large
	fillerLine  = 32 << 10
)

// A plainOutlet answers as net/http does, for faults that can be told in its words.
type plainOutlet struct {
	w http.ResponseWriter
	r *http.Request
}

func (o *plainOutlet) begin(rep *reply) {
	h := o.w.Header()
	for range rep.interim {
		maps.Copy(h, misleading())
		o.w.WriteHeader(http.StatusEarlyHints)
		clear(h)
	}
	maps.Copy(h, rep.header)
	if rep.framing == delimited {
		h.Set("Transfer-Encoding", "identity") // which net/http takes for: neither a length nor chunks
	}
	o.w.WriteHeader(rep.status)
	if rep.framing == chunked {
		_ = o.flush() // else net/http counts what is short; if the client is gone the content finds out
	}
}

func (o *plainOutlet) Write(p []byte) (int, error) { return o.w.Write(p) }

func (o *plainOutlet) flush() error { return http.NewResponseController(o.w).Flush() }

func (o *plainOutlet) gone() <-chan struct{} { return o.r.Context().Done() }

func (o *plainOutlet) end(rep *reply) {
	if rep.trailer {
		for name, values := range fillers() {
			o.w.Header()[http.TrailerPrefix+name] = values
		}
	}
}

func (o *plainOutlet) cut(ending) { abort() }

func (o *plainOutlet) close() int64 { return 0 }

// misleading is what the 103s of a flood say. None of it is about the file.
func misleading() http.Header {
	return http.Header{
		"Link":          {"</" + strings.Repeat("x", interimSize) + ">; rel=preload"},
		"ETag":          {`"early"`},
		"Content-Range": {"bytes 0-0/1"},
	}
}

// fillers are fields that nobody has room for.
func fillers() http.Header {
	h := make(http.Header)
	for i := range filler / fillerLine {
		h["X-Filler-"+strconv.Itoa(i)] = []string{strings.Repeat("x", fillerLine)}
	}
	return h
}
