package source

import (
	"cmp"
	"net/http"
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
	doubts     int      // the answers in a row, before this one, that were of another version; caches are told to stand aside since
	tags       []string // the entity-tags of the answers to it so far, which were not the known one
}

// A fact is what the first answer has told.
type fact struct {
	id     segment.Identity
	coding string // "" if the bytes are sent as they are
	once   bool   // it is to be had in one piece, whatever it says
}

// streams says whether the file can be read from its beginning more than once,
// to get at what is missing.
func (f fact) streams() bool { return f.id.Strong() && f.id.Size >= 0 && f.coding == "" && !f.once }

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
	adrift   bool          // nothing tells its versions apart: not even from its beginning can it be put together
	silent   bool          // it only does not say which version it is of
	doubt    bool          // it may have come from a cache that has another version
	final    bool          // of one that is to shrink: waiting does not help
	span     segment.Range // of an accepted one: the bytes of the file that count
	skip     int64         // and how many come before them
	reach    int64         // where the bytes end that it holds
	fickle   bool          // its entity-tag is not the known one, but none of this server's means anything
	whole    bool          // it is the whole file
	prove    bool          // nothing says how long it is; it must end where it should
	unproven bool          // where its end is, nothing but the closing of the connection says
	fact     fact          // what it says of the file
}

// judge is the gate that every answer goes through before a byte of it counts.
// It looks at the status, the content coding, the Content-Range, the total, the
// validators and the framing, in that order.
func judge(q question, known fact, a answer) verdict {
	v := judgeStatus(q, known, a)
	switch {
	case v.class == changed && !q.probe && (q.doubts == 0 || v.silent && q.doubts < maxSilent):
		// A cache on the way may have kept an old version, or parts of one.
		v.class, v.doubt = retry, true
	case v.class == noRange && q.stream && !v.adrift:
		v.class, v.strike = retry, true
	case !q.resume || q.strikes > 0:
	case v.class == fatal && expires(v.status), v.class == noRange && !(v.status == http.StatusRequestedRangeNotSatisfiable && q.r.Off > 0),
		v.class == accept && (v.whole || !v.fact.id.Strong()):
		// On its word, what an earlier run left would be given up.
		return verdict{class: retry, strike: true, status: v.status, reason: cmp.Or(v.reason, "it does not let an earlier download be continued")}
	}
	return v
}

// maxSilent is how many answers in a row may leave out the version.
const maxSilent = 5

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
