package main

import (
	"net/http"
	"strconv"
	"strings"
)

// An answer is a response on its way out, and knows which byte of the file
// comes next. Without a range that is byte 0.
type answer struct {
	http.ResponseWriter
	status int // 0 before there is a header
	off    int64
	pass   func(a *answer, n int) error // called before each n bytes of content; an error ends the response
	went   func(a *answer, n int)       // called after them
}

// morsel is how much of a response goes out at once: little, so that it can end
// anywhere.
const morsel = 8 << 10

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
		unit := strings.TrimPrefix(a.Header().Get("Content-Range"), "bytes ")
		first, _, _ := strings.Cut(unit, "-")
		a.off, _ = strconv.ParseInt(first, 10, 64)
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (n int, err error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	for n < len(p) && err == nil {
		next := p[n:min(n+morsel, len(p))]
		if err = a.pass(a, len(next)); err != nil {
			break
		}
		var m int
		m, err = a.ResponseWriter.Write(next)
		a.went(a, m)
		n, a.off = n+m, a.off+int64(m)
	}
	return n, err
}

func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// A span is the bytes [off, end) of a file.
type span struct{ off, end int64 }

// asked is what a request asks for of a file of that size.
func asked(r *http.Request, size int64) span {
	unit, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	first, last, dash := strings.Cut(unit, "-")
	s := span{0, size}
	if !ok || !dash {
		return s
	}
	if n, err := strconv.ParseInt(first, 10, 64); err == nil {
		s.off = n
	}
	if n, err := strconv.ParseInt(last, 10, 64); err == nil {
		s.end = min(n+1, size)
	}
	return s
}
