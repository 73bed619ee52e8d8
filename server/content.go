package server

import (
	"io"
	"net/http"
	"strconv"
)

// A representation is one version of something that can be served whole or in ranges: what a 200 would describe and
// hold (RFC 9110, section 3.2). Files and the pattern are both served through it, so that they cannot differ.
type representation struct {
	validators
	size        int64
	contentType string
	disposition string // Content-Disposition; "" for none
	digest      string // Repr-Digest; "" for none
	encoding    string // Content-Encoding; "" for none
	varies      bool   // another request might have got it in another encoding
	date        string // Date, if it must not be left to net/http; "" otherwise
	body        body
}

// A body writes the bytes of a representation.
type body interface {
	// send writes the n bytes at off to w; n is at most piece. Any error ends the response, and the connection with it.
	// It must not complete a piece of a version that is no longer the one the representation describes.
	send(w io.Writer, off, n int64) error
}

// piece is the most that is sent between two looks at a file.
const piece = 4 << 20

// serve answers a GET or HEAD with the representation, or with the part of it that is asked for.
func (rep *representation) serve(w http.ResponseWriter, r *http.Request) {
	switch evaluate(r.Header, rep.validators) {
	case preconditionFailed:
		fail(w, http.StatusPreconditionFailed)
		return
	case notModified:
		rep.notModified(w)
		return
	}
	spans, verdict := rep.asked(r)
	switch {
	case verdict == unsatisfiable:
		w.Header().Set("Content-Range", "bytes */"+strconv.FormatInt(rep.size, 10))
		fail(w, http.StatusRequestedRangeNotSatisfiable)
	case verdict == whole:
		rep.describe(w, rep.contentType, rep.size, "")
		w.WriteHeader(http.StatusOK)
		if r.Method != http.MethodHead {
			rep.stream(w, r).span(span{0, rep.size})
		}
	case len(spans) == 1:
		rep.describe(w, rep.contentType, spans[0].len(), contentRange(spans[0], rep.size))
		w.WriteHeader(http.StatusPartialContent)
		rep.stream(w, r).span(spans[0])
	default:
		rep.multipart(w, r, spans)
	}
}

// asked reads the Range of a request. Only GET has range handling (RFC 9110, section 14.2), the field may not repeat,
// and If-Range can take it back.
func (rep *representation) asked(r *http.Request) ([]span, rangeVerdict) {
	lines := r.Header["Range"]
	if r.Method != http.MethodGet || len(lines) != 1 || !ifRange(r.Header, rep.validators) {
		return nil, whole
	}
	spans, verdict := parseRange(lines[0], rep.size)
	if len(spans) > 1 && rep.encoding != "" {
		return nil, whole // in front of a multipart the encoding would be that of the multipart
	}
	return spans, verdict
}

// describe sets the fields of a 200 or 206 whose content is n bytes of the given type; ranged is its Content-Range.
func (rep *representation) describe(w http.ResponseWriter, contentType string, n int64, ranged string) {
	h := w.Header()
	values := make(values, 0, 8)
	values.set(h, "Accept-Ranges", "bytes")
	values.set(h, "Cache-Control", "no-transform") // a proxy that compresses would move every offset
	values.set(h, "Content-Type", contentType)
	values.set(h, "Content-Length", strconv.FormatInt(n, 10))
	values.set(h, "Content-Range", ranged)
	values.set(h, "ETag", rep.etag) // Header.Set would spell it Etag, and some consumers compare the case
	if !rep.modified.IsZero() {
		values.set(h, "Last-Modified", rep.modified.UTC().Format(http.TimeFormat))
	}
	values.set(h, "Content-Disposition", rep.disposition)
	values.set(h, "Repr-Digest", rep.digest)
	values.set(h, "Content-Encoding", rep.encoding)
	if rep.varies {
		values.set(h, "Vary", "Accept-Encoding")
	}
	values.set(h, "Date", rep.date)
}

// Values are the values of fields, together in one piece of memory.
type values []string

// set sets a field, whose name is sent as it is written here, to a value; to none if it is "".
func (v *values) set(h http.Header, name, value string) {
	if value == "" {
		return
	}
	n := len(*v)
	*v = append(*v, value)
	h[name] = (*v)[n : n+1 : n+1]
}

// notModified sends a 304 with the fields RFC 9110, section 15.4.5, asks for and no others.
func (rep *representation) notModified(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Cache-Control", "no-transform")
	if rep.etag != "" {
		h["ETag"] = []string{rep.etag}
	} else if !rep.modified.IsZero() {
		h.Set("Last-Modified", rep.modified.UTC().Format(http.TimeFormat))
	}
	if rep.varies {
		h.Set("Vary", "Accept-Encoding")
	}
	if rep.date != "" {
		h.Set("Date", rep.date)
	}
	w.WriteHeader(http.StatusNotModified)
}

// contentRange is the Content-Range of a part (RFC 9110, section 14.4).
func contentRange(s span, size int64) string {
	b := make([]byte, 0, 64)
	b = append(b, "bytes "...)
	b = strconv.AppendInt(b, s.off, 10)
	b = append(b, '-')
	b = strconv.AppendInt(b, s.end-1, 10)
	b = append(b, '/')
	b = strconv.AppendInt(b, size, 10)
	return string(b)
}

// A stream is the content of one response on its way out.
type stream struct {
	w    http.ResponseWriter
	time timing
	body body
	conn *conn // that the content goes out on as it is; nil if something lies between, or it is not known
}

func (rep *representation) stream(w http.ResponseWriter, r *http.Request) stream {
	return stream{w, patienceFor(w, r), rep.body, bareConn(w, r)}
}

// span sends the bytes of s, piece by piece.
func (st stream) span(s span) {
	for s.len() > 0 {
		n := min(s.len(), st.time.piece)
		if err := st.time.allow(n); err != nil {
			abort()
		}
		if err := st.send(s.off, n); err != nil {
			abort()
		}
		s.off += n
	}
}

// send sends a piece. A small one leaves together with the header.
func (st stream) send(off, n int64) error {
	if st.conn == nil || n <= corkable || n > small {
		return st.body.send(st.w, off, n)
	}
	st.conn.cork()
	if err := st.body.send(st.w, off, n); err != nil {
		return err
	}
	return st.conn.uncork()
}

// text sends a few bytes of our own.
func (st stream) text(s string) {
	if _, err := io.WriteString(st.w, s); err != nil {
		abort()
	}
}

// abort ends the response with bytes missing. The connection is closed, which is how the client learns of it: there is
// no other way to take back a status that has been sent, and padding would pass for content.
func abort() { panic(http.ErrAbortHandler) }
