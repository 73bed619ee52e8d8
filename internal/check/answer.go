package check

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"

	"braid/scheduler/source"
	"braid/segment"
)

// A request is what a probe asks: a value.
type request struct {
	method string // "" means GET
	fields [][2]string
	anew   bool // through the redirects of the first URL
	fresh  bool // on a new connection
}

func get(fields ...string) request {
	var q request
	for i := 0; i < len(fields); i += 2 {
		q.fields = append(q.fields, [2]string{fields[i], fields[i+1]})
	}
	return q
}

func (q request) header() http.Header {
	h := http.Header{}
	for _, f := range q.fields {
		h.Add(f[0], f[1])
	}
	return h
}

func (q request) String() string {
	s := q.method
	if s == "" {
		s = http.MethodGet
	}
	for _, f := range q.fields {
		s += ", " + f[0] + ": " + f[1]
	}
	return s
}

// An answer is what came back, as far as it is judged: a value.
type answer struct {
	method string
	status int
	proto  string
	header http.Header
	length int64  // Content-Length; -1 if it is not told
	body   []byte // what was read of the content
	whole  bool   // that is all of it, and it ended well
	err    error  // how it ended otherwise; nil if it was only not read on
	id     segment.Identity
	coding string
	kind   string // the media type, lower case, without parameters
	closes bool   // the connection ends with it

	parts     []part // what a 206 holds; look fills it in
	multipart bool   // it came as several
}

// A part is a range that a 206 holds, as it says itself.
type part struct {
	segment.Range
	total int64 // -1 if it is not told
	bytes []byte
	whole bool // all of its bytes were read
}

func (a *answer) contentRange() (segment.Range, int64, error) { return source.ContentRange(a.header) }

var errRange = errors.New("there is no Content-Range that makes sense")

// split finds out which parts a 206 holds.
func (a *answer) split() error {
	kind, params, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	if kind != "multipart/byteranges" {
		r, total, err := a.contentRange()
		if err != nil || r.Empty() {
			return fmt.Errorf("%w: %q", errRange, a.header.Get("Content-Range"))
		}
		a.parts = []part{{r, total, a.body, a.whole}}
		return nil
	}
	a.multipart = true
	if a.header.Get("Content-Range") != "" {
		return errors.New("a multipart has a Content-Range of its own")
	}
	if params["boundary"] == "" {
		return errors.New("a multipart has no boundary")
	}
	in := multipart.NewReader(bytes.NewReader(a.body), params["boundary"])
	for {
		p, err := in.NextRawPart()
		if err == io.EOF && len(a.parts) > 0 {
			return nil
		}
		if err != nil {
			return a.cut(fmt.Errorf("the multipart cannot be read: %w", err))
		}
		r, total, err := source.ContentRange(p.Header)
		if err != nil || r.Empty() {
			return fmt.Errorf("%w in a part: %q", errRange, p.Header.Get("Content-Range"))
		}
		content, err := io.ReadAll(p)
		a.parts = append(a.parts, part{r, total, content, err == nil})
		if err != nil {
			return a.cut(fmt.Errorf("a part ends early: %w", err))
		}
	}
}

// cut is err, unless it comes of not reading the answer to its end.
func (a *answer) cut(err error) error {
	if !a.whole && a.err == nil {
		return nil
	}
	return err
}

// String is the answer in short.
func (a *answer) String() string {
	s := strconv.Itoa(a.status)
	switch r := a.header.Get("Content-Range"); {
	case a.multipart:
		s += ", multipart"
		for i, p := range a.parts {
			sep := ", "
			if i == 0 {
				sep = " of "
			}
			s += fmt.Sprintf("%s%d-%d", sep, p.Off, p.End-1)
		}
	case r != "":
		s += ", " + r
	}
	if a.status < 300 && !a.multipart {
		switch r, _, _ := a.contentRange(); {
		case a.length >= 0 && a.length == r.Len(): // as the Content-Range says
		case a.length >= 0:
			s += ", " + count(int(a.length), "byte")
		case a.method == http.MethodHead:
		case a.whole:
			s += ", " + count(len(a.body), "byte") + ", length not told"
		default:
			s += ", length not told"
		}
	}
	if a.coding != "" {
		s += ", " + a.coding
	}
	return s
}

// has says whether the answer has a field.
func (a *answer) has(name string) bool { return len(a.header.Values(name)) > 0 }
