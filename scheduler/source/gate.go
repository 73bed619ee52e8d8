package source

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"

	"braid/segment"
)

// A class says what is to be done with an answer.
type class int

const (
	accept    class = iota // its bytes are those of verdict.span
	retry                  // ask for the same bytes again
	shrink                 // ask for less at once: fewer requests, or a smaller range
	reresolve              // ask again where the user's URL leads to
	changed                // the file is another one now
	noRange                // what it sends cannot be put at an offset
	fatal                  // asking again cannot help
)

// A question is what was asked.
type question struct {
	r       segment.Range // End is unbounded if the end of the file was meant
	ranged  bool          // by a Range header; else for the whole file
	probe   bool          // nothing is known of the file yet
	resume  bool          // there are bytes from an earlier run, which no single stray answer may cost
	strikes int           // the answers in a row, before this one, that were let off
	stream  bool          // ranges are not served: a whole file will do, and is read up to r

	redirected bool     // it goes to where redirects led, not to the user's URL
	resolved   bool     // it goes to the user's URL because the other place refused
	fresh      bool     // caches were told to stand aside, after an answer of another version
	tags       []string // the entity-tags of the answers to it so far, which were not the known one
}

// A fact is what the first answer has told.
type fact struct {
	id     segment.Identity
	coding string // "" if the bytes are sent as they are
}

// streams says whether the file can be read from its beginning more than once,
// to get at what is missing.
func (f fact) streams() bool { return f.id.Strong() && f.id.Size >= 0 && f.coding == "" }

// An answer is what came back, as far as it is judged.
type answer struct {
	status  int
	header  http.Header
	length  int64 // of the body, in bytes; -1 if it is not told
	chunked bool  // or framed in another way that proves the end
}

// A verdict is what the gate makes of an answer.
type verdict struct {
	class
	reason string        // why it is not accepted
	status int           // of one that is refused for its status; else 0
	after  time.Duration // how long to wait, if it is to be asked again; 0 if it does not say
	strike bool          // the answer is one to be let off once: a stray, perhaps

	tag      string        // the entity-tag that alone speaks against it
	doubt    bool          // it may have come from a cache that has another version
	final    bool          // of one that is to shrink: waiting does not help
	span     segment.Range // of an accepted one: the bytes of the file that count
	skip     int64         // and how many come before them
	reach    int64         // where the bytes end that it holds
	fickle   bool          // its entity-tag is not the known one, but none of this server's means anything
	whole    bool          // it is the whole file
	unproven bool          // where its end is, nothing but the closing of the connection says
	fact     fact          // what it says of the file
}

// maxSkip is the most bytes that are skipped to get at a range. Beyond it the
// server does serve something, but not ranges.
const maxSkip = 16 << 20

// judge is the gate that every answer goes through before a byte of it counts.
// It looks at the status, the content coding, the Content-Range, the total, the
// validators and the framing, in that order.
func judge(q question, known fact, a answer) verdict {
	v := judgeStatus(q, known, a)
	switch {
	case v.class == changed && !q.fresh && !q.probe:
		// A cache on the way may have kept an old version, or parts of one.
		v.class, v.doubt = retry, true
	case v.class == noRange && q.stream:
		v.class, v.strike = retry, true
	case !q.resume || q.strikes > 0:
	case v.class == noRange && !(v.status == http.StatusRequestedRangeNotSatisfiable && q.r.Off > 0),
		v.class == accept && (v.whole || !v.fact.id.Strong()):
		// On its word, what an earlier run left would be given up.
		return verdict{class: retry, strike: true, status: v.status, reason: cmp.Or(v.reason, "it does not let an earlier download be continued")}
	}
	return v
}

func judgeStatus(q question, known fact, a answer) verdict {
	switch a.status {
	case http.StatusPartialContent:
		return judgePart(q, known, a)
	case http.StatusOK, http.StatusNonAuthoritativeInfo:
		return judgeWhole(q, known, a)
	case http.StatusRequestedRangeNotSatisfiable:
		if q.ranged {
			return judgeUnsatisfied(q, known, a)
		}
	}
	return judgeRefusal(q, a)
}

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

// judgeRefusal judges an answer that brings no bytes.
func judgeRefusal(q question, a answer) verdict {
	v := verdict{class: fatal, status: a.status, after: parseRetryAfter(a.header)}
	switch status := a.status; {
	case status == http.StatusNotModified || status == http.StatusPreconditionFailed:
		return q.strikeOut(fatal, fmt.Sprintf("it answers %d to a request without conditions", status))
	case status < 300:
		return verdict{class: fatal, reason: fmt.Sprintf("%d %s brings no file", status, http.StatusText(status))}
	case status < 400:
		return verdict{class: fatal, reason: fmt.Sprintf("it redirects with %d and does not say where to", status)}
	case q.probe && q.ranged && v.after == 0 && refusesRange(status):
		v.class = noRange
	case q.probe && (status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable):
		v.class = retry // there is one request only
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		v.class = shrink
	case status == http.StatusForbidden && !q.probe && (q.resolved || !q.redirected):
		v.class, v.final = shrink, true
	case !q.probe && !q.resolved && expires(status):
		v.class = reresolve
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status >= 500 && status < 600:
		v.class = retry
	}
	return v
}

// refusesRange says whether some servers answer so to a range, and not to a
// request for the whole.
func refusesRange(status int) bool {
	return status == http.StatusForbidden || status == http.StatusNotFound || status == http.StatusServiceUnavailable
}

// expires says whether a link that has been good may be answered so once its
// time is over, or its credentials.
func expires(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusProxyAuthRequired, http.StatusGone:
		return true
	}
	return false
}

// maxTags is how many answers may bear one other entity-tag before it is the
// one that counts.
const maxTags = 6

// judgeIdentity holds what an answer says of the file against what is known.
//
// Some servers make up an entity-tag for every host, or for every answer. They
// are found out by asking again: the file has changed only if the new tag stays.
// If the old one comes back, or a third one comes, none of them means anything,
// and whoever asked has to compare some bytes.
func (q question) judgeIdentity(known, id segment.Identity) (fickle bool, refused *verdict) {
	tagged, untagged := id, known
	untagged.ETag = ""
	id.ETag = ""
	onlyTag := known.Conflicts(tagged) && !untagged.Conflicts(id) && known.Modified.Equal(id.Modified)
	again := slices.Contains(q.tags, tagged.ETag)
	switch {
	case !known.Conflicts(tagged) && vouched(known, tagged):
		return len(q.tags) > 0, nil
	case !known.Conflicts(tagged):
		return false, &verdict{class: changed, reason: "it no longer says which version of the file it sends"}
	case onlyTag && len(q.tags) > 0 && !again:
		return true, nil
	case onlyTag && len(q.tags) < maxTags:
		return false, &verdict{class: retry, tag: tagged.ETag, reason: difference(known, tagged)}
	}
	return false, &verdict{class: changed, reason: difference(known, tagged)}
}

// vouched says whether an answer that does not conflict with a known strong
// identity repeats anything of it. One that leaves out what told the versions
// apart may be of any of them.
func vouched(known, id segment.Identity) bool {
	return !known.Strong() || known.ETag != "" && known.ETag == id.ETag ||
		!known.Modified.IsZero() && known.Modified.Equal(id.Modified)
}

// strikeOut lets the first answer off that cannot be put at an offset, or not
// with any certainty: caches and load balancers have their moments. The second
// in a row is then.
func (q question) strikeOut(then class, reason string) verdict {
	v := verdict{class: retry, reason: reason, strike: true}
	if q.strikes > 0 {
		v.class = then
	}
	return v
}

// encoded judges an answer in a content coding that was not asked for. Such
// bytes may be kept, in one piece, but not be put together from parts.
func (q question) encoded(coding string) verdict {
	v := verdict{class: fatal, reason: "it does not send the file in the content coding of before"}
	if coding != "" {
		v.reason = fmt.Sprintf(`it sends the file in the content coding "%s"`, clean(coding, 40))
	}
	if q.probe {
		v.class = noRange
	}
	return v
}
