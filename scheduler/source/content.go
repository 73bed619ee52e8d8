package source

import (
	"fmt"

	"braid/segment"
)

// maxSkip is the most bytes that are skipped to get at a range. Beyond it the
// server does serve something, but not ranges.
const maxSkip = 16 << 20

// judgePart judges a 206 (RFC 9110, section 15.3.7).
func judgePart(q question, known fact, a answer) verdict {
	if !q.ranged {
		return q.strikeOut(fatal, "it sends a part where the whole was asked for")
	}
	if coding := coding(a.header); coding != "" {
		return q.encoded(coding)
	}
	if mediaType(a.header) == "multipart/byteranges" {
		return verdict{class: noRange, reason: "it answers one range with several parts"}
	}
	values := a.header.Values("Content-Range")
	if len(values) != 1 {
		return q.strikeOut(noRange, "it sends a part and does not say which")
	}
	span, total, err := parseContentRange(values[0])
	switch {
	case err != nil || span.Empty():
		return q.strikeOut(noRange, fmt.Sprintf(`it sends a part and calls it "%s"`, clean(values[0], 80)))
	case span.Off > q.r.Off || span.End <= q.r.Off || q.r.Off-span.Off > maxSkip:
		return q.strikeOut(noRange, fmt.Sprintf("asked for byte %d, it sends bytes %v", q.r.Off, span))
	}
	if total < 0 && q.probe {
		return verdict{class: noRange, reason: "it does not say how long the file is"}
	}
	if total < 0 && known.id.Size >= 0 && span.End > known.id.Size {
		return verdict{class: changed, reason: fmt.Sprintf("its size was %d and it now has byte %d", known.id.Size, span.End-1)}
	}
	id := identity(a.header, total)
	fickle, refused := q.judgeIdentity(known.id, id)
	if refused != nil {
		return *refused
	}
	if a.length >= 0 && a.length < span.Len() {
		span.End = span.Off + a.length // of two lengths, the one that both allow
	}
	if span.End <= q.r.Off {
		return q.strikeOut(noRange, "it says that it sends the range, and sends nothing of it")
	}
	v := verdict{class: accept, skip: q.r.Off - span.Off, reach: span.End, fickle: fickle, fact: fact{id: id}}
	v.span = span.Intersect(q.r)
	return v
}

// judgeWhole judges a 200, and a 203, which is a 200 that a proxy has touched.
// What it says about ranges proves nothing: only a 206 does.
func judgeWhole(q question, known fact, a answer) verdict {
	if a.length > maxSize {
		return verdict{class: fatal, reason: fmt.Sprintf("it says that it has %d bytes", a.length)}
	}
	if q.ranged && !q.probe && !q.stream && q.r.Off > 0 {
		return q.strikeOut(noRange, "asked for a range, it sends the whole file")
	}
	coding := coding(a.header)
	if !q.probe && coding != known.coding {
		return q.encoded(coding)
	}
	id := identity(a.header, a.length)
	fickle, refused := q.judgeIdentity(known.id, id)
	if refused != nil {
		return *refused
	}
	end := int64(unbounded)
	switch {
	case a.length >= 0:
		end = a.length
	case known.id.Size >= 0:
		end = known.id.Size
	}
	v := verdict{
		class: accept, span: segment.Range{Off: 0, End: end}, reach: end, whole: true,
		unproven: a.length < 0 && !a.chunked, fickle: fickle,
		fact: fact{id: id, coding: coding},
	}
	v.prove = a.length < 0 && known.id.Size >= 0
	if !q.probe {
		v.skip = q.r.Off
		v.span = v.span.Intersect(q.r)
	}
	return v
}

// judgeUnsatisfied judges a 416 to a range (RFC 9110, section 15.5.17). Its
// body is never of the file.
func judgeUnsatisfied(q question, known fact, a answer) verdict {
	r, total, err := parseContentRange(a.header.Get("Content-Range"))
	told := err == nil && r.Empty()
	switch {
	case q.probe && told && total == 0:
		return verdict{class: accept, whole: true, fact: fact{id: identity(a.header, 0)}}
	case q.probe:
		return verdict{class: noRange, status: a.status, reason: "it refuses the range"}
	case told && known.id.Size >= 0 && total != known.id.Size:
		return verdict{class: changed, reason: fmt.Sprintf("its size was %d and is %d", known.id.Size, total)}
	}
	return q.strikeOut(noRange, "it refuses a range that lies inside the file")
}
