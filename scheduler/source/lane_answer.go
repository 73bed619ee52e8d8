package source

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"

	"braid/segment"
)

// pending is the answer that a Lane reads. The zero value is none.
type pending struct {
	resp  *http.Response
	parts *multipart.Reader // nil if there is one only
	span  segment.Range     // of that one
	asked []segment.Range
	had   []bool // of them; nil if there is one part only
	begun bool   // the one part was given away
	body  counted
}

func (a *pending) over() bool { return a.resp == nil }

// begin passes an answer through the gate.
func (a *pending) begin(l *Lane, resp *http.Response, ranges []segment.Range) error {
	re := answer{
		status: resp.StatusCode, header: resp.Header, length: resp.ContentLength,
		chunked: len(resp.TransferEncoding) > 0,
	}
	q := question{r: ranges[0], ranged: true, doubts: 1} // of another version means changed at once
	*a = pending{resp: resp, asked: ranges}
	if len(ranges) > 1 {
		q.r.End = ranges[len(ranges)-1].End
		a.had = make([]bool, len(ranges))
		if mediaType(re.header) == "multipart/byteranges" && re.status == http.StatusPartialContent {
			return a.beginParts(l, q)
		}
	}
	v := judge(q, l.known, re)
	if v.class != accept {
		if v.tag != "" || v.doubt {
			v.class = changed
		}
		return v.refusal(l.at)
	}
	if v.whole {
		return l.wrong("asked for a range, it sends the whole file")
	}
	told, _, _ := parseContentRange(re.header.Get("Content-Range"))
	switch {
	case told != q.r:
		return l.wrong("asked for bytes %v, it sends bytes %v", q.r, told)
	case re.length >= 0 && re.length != told.Len():
		return l.wrong("it says that it sends bytes %v, and that these are %d", told, re.length)
	}
	a.span = told
	return nil
}

// beginParts is begin for an answer of several parts (RFC 9110, section 14.6).
func (a *pending) beginParts(l *Lane, q question) error {
	h := a.resp.Header
	if coding := coding(h); coding != "" {
		return q.encoded(coding).refusal(l.at)
	}
	if _, refused := q.judgeIdentity(l.known.id, identity(h, l.known.id.Size)); refused != nil {
		refused.class = changed
		return refused.refusal(l.at)
	}
	_, parameters, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || parameters["boundary"] == "" {
		return l.wrong("it sends several parts, and not what stands between them")
	}
	a.parts = multipart.NewReader(a.resp.Body, parameters["boundary"])
	return nil
}

// Part gives the next part of the answer: which bytes of the file it is, all of
// which body has. The last is followed by io.EOF, which also says that nothing
// comes after it and nothing was left out.
func (l *Lane) Part() (r segment.Range, body io.Reader, err error) {
	a := &l.answer
	switch {
	case a.resp == nil:
		return r, nil, io.EOF
	case a.body.left > 0:
		return r, nil, l.broke(fmt.Errorf("%w: %d bytes are unread", io.ErrUnexpectedEOF, a.body.left))
	case a.parts != nil:
		return l.nextPart()
	case a.begun:
		return r, nil, l.finish()
	}
	a.begun = true
	for i := range a.had {
		a.had[i] = true // the range that was judged has them all
	}
	a.body = counted{l: l, from: a.resp.Body, left: a.span.Len()}
	return a.span, &a.body, nil
}

func (l *Lane) nextPart() (r segment.Range, body io.Reader, err error) {
	a := &l.answer
	if a.body.from != nil {
		var past [1]byte
		if n, _ := a.body.from.Read(past[:]); n > 0 {
			return r, nil, l.broke(l.wrong("it sends a part that is longer than it says"))
		}
	}
	part, err := a.parts.NextRawPart()
	if errors.Is(err, io.EOF) {
		if i := slices.Index(a.had, false); i >= 0 {
			return r, nil, l.broke(l.wrong("asked for bytes %v among others, it leaves them out", a.asked[i]))
		}
		return r, nil, l.finish()
	}
	if err != nil {
		return r, nil, l.broke(l.garbled(err, "its parts cannot be told apart"))
	}
	r, total, err := parseContentRange(part.Header.Get("Content-Range"))
	if err != nil || r.Empty() || total >= 0 && total != l.known.id.Size || r.End > l.known.id.Size {
		return r, nil, l.broke(l.wrong(`it sends a part and calls it "%s"`, clean(part.Header.Get("Content-Range"), 80)))
	}
	wanted := false
	for i, want := range a.asked {
		if r.Off <= want.Off && want.End <= r.End {
			wanted = wanted || !a.had[i]
			a.had[i] = true
		}
	}
	if !wanted {
		return r, nil, l.broke(l.wrong("it sends bytes %v, which nobody asked for", r))
	}
	a.body = counted{l: l, from: part, left: r.Len()}
	return r, &a.body, nil
}

// finish sees the answer end, which frees the connection for the next.
func (l *Lane) finish() error {
	a := &l.answer
	var past [1]byte
	if n, err := a.resp.Body.Read(past[:]); n > 0 || err != io.EOF && err != nil {
		if n > 0 {
			return l.broke(l.wrong("it sends more than it said"))
		}
		return l.broke(l.broken(err))
	}
	if l.in.Buffered() > 0 { // the next answer cannot have begun: nobody has asked for it
		return l.broke(l.wrong("it sends more than it said"))
	}
	if a.resp.Close || a.resp.ContentLength < 0 && len(a.resp.TransferEncoding) == 0 {
		l.Close()
	}
	l.answer = pending{}
	return io.EOF
}

// broke gives up the connection, which is somewhere in an answer.
func (l *Lane) broke(err error) error {
	l.Close()
	return err
}

func (l *Lane) wrong(format string, args ...any) error {
	return &ProtocolError{Host: l.at.host(), Reason: fmt.Sprintf(format, args...)}
}

// counted is the bytes of one part. It ends early with an error only.
type counted struct {
	l    *Lane
	from io.Reader
	left int64
}

func (c *counted) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n, err := c.from.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	switch {
	case c.left == 0:
		return n, nil
	case err == io.EOF:
		return n, &netError{host: c.l.at.host(), err: io.ErrUnexpectedEOF}
	case err != nil:
		return n, c.l.broken(err)
	}
	return n, nil
}

// appendRanges writes the value of a Range header, behind "bytes=" (RFC 9110,
// section 14.2).
func appendRanges(b []byte, suffix bool, ranges []segment.Range) []byte {
	if suffix {
		return strconv.AppendInt(append(b, '-'), ranges[0].Len(), 10)
	}
	for i, r := range ranges {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, r.Off, 10)
		b = strconv.AppendInt(append(b, '-'), r.End-1, 10)
	}
	return b
}
