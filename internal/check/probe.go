package check

import (
	"fmt"
	"net/http"

	"braid/segment"
)

// A probe is one thing to find out, as a row of a table.
type probe struct {
	id      string
	rule    string
	section string // of RFC 9110, if no other is named
	read    int64  // how much of the content is read, in bytes; 0 means some

	// needs says what is missing to ask it; "" if nothing is. nil needs nothing.
	needs func(*facts) string
	// ask says what to ask. nil asks nothing: judge then looks at the reference,
	// and at what is known.
	ask func(*facts) request
	// judge says what a sound answer is worth, and why if it is not just a pass.
	judge func(*facts, *answer) (Verdict, string)
	// came is what came, if not the answer.
	came func(*facts) string
	// asked is what was asked, if there is no ask.
	asked string
}

// silent is what needs says if there is nothing to tell.
const silent = "-"

// A group is some probes under one heading.
type group struct {
	name   string
	probes []probe
}

// groups are the probes of a request each, in the order in which they are made.
func groups() []group {
	return []group{
		{"the file", fileProbes()},
		{"one range", rangeProbes()},
		{"several ranges", severalProbes()},
		{"odd ranges", oddProbes()},
		{"if-range", ifRangeProbes()},
		{"preconditions", conditionProbes()},
		{"digests and codings", append(digestProbes(), codingProbes()...)},
	}
}

// The usual needs.

func needBytes(f *facts) string {
	switch {
	case f.size == 0:
		return silent
	case f.size < 0:
		return "the server does not say how long the file is"
	}
	return ""
}

func needRanges(f *facts) string {
	if !f.ranges {
		return silent
	}
	return needBytes(f)
}

// need is needRanges for files of n bytes at least.
func need(n int64) func(*facts) string {
	return func(f *facts) string {
		if why := needRanges(f); why != "" {
			return why
		}
		if f.size < n {
			return fmt.Sprintf("the file has less than %d bytes", n)
		}
		return ""
	}
}

func needTag(f *facts) string {
	switch {
	case f.tag() == "":
		return "there is no ETag"
	case f.fickle:
		return "the ETag is another in each answer"
	}
	return ""
}

func needDate(f *facts) string {
	switch {
	case f.modified() == "":
		return "there is no Last-Modified"
	case f.id.MadeUp():
		return "the Last-Modified is that of the answer: nothing can be told by it"
	}
	return ""
}

func all(needs ...func(*facts) string) func(*facts) string {
	return func(f *facts) string {
		for _, n := range needs {
			if why := n(f); why != "" {
				return why
			}
		}
		return ""
	}
}

// The usual judgements.

// other is for a status that no rule speaks of.
func other(a *answer) (Verdict, string) {
	if text := http.StatusText(a.status); text != "" {
		return Allowed, "the RFC leaves it to the server to refuse a request: " + text
	}
	return Allowed, "a status that says nothing"
}

// judgeRange judges the answer to a range that stands for want.
func judgeRange(f *facts, a *answer, want segment.Range) (Verdict, string) {
	switch a.status {
	case http.StatusPartialContent:
		return judgePart(a, want)
	case http.StatusOK:
		return ignored(f, a)
	case http.StatusRequestedRangeNotSatisfiable:
		return Allowed, "the file has these bytes; a 206 SHOULD be the answer (14.2)"
	}
	return other(a)
}

func judgePart(a *answer, want segment.Range) (Verdict, string) {
	if a.multipart {
		return Fail, "a multipart MUST NOT be the answer to a single range (15.3.7.2)"
	}
	switch got := a.parts[0].Range; {
	case got == want && a.parts[0].total < 0:
		return Allowed, "the total is not told, though it is known"
	case got == want:
		return Pass, ""
	case want.Off <= got.Off && got.End <= want.End:
		return Allowed, "only a part of what was asked for, and so it says (15.3.7)"
	case got.Off <= want.Off && want.End <= got.End:
		return Allowed, "more than what was asked for, and so it says"
	}
	return Fail, fmt.Sprintf("these are not the bytes %d-%d that were asked for", want.Off, want.End-1)
}

// ignored judges a 200 to a range.
func ignored(f *facts, a *answer) (Verdict, string) {
	switch {
	case f.ranges:
		return Allowed, "this Range is ignored (14.2), though others are not"
	case a.header.Get("Accept-Ranges") == "bytes":
		return NotOffered, "ranges are ignored, though Accept-Ranges says bytes"
	}
	return NotOffered, "ranges are ignored"
}

// judgeNone judges the answer to a range that holds no byte.
func judgeNone(f *facts, a *answer) (Verdict, string) {
	switch a.status {
	case http.StatusRequestedRangeNotSatisfiable:
		if !a.has("Content-Range") {
			return Allowed, "it SHOULD say how long the file is, in a Content-Range (15.5.17)"
		}
		return Pass, ""
	case http.StatusOK:
		return ignored(f, a)
	case http.StatusPartialContent:
		return Fail, "the file has no such bytes"
	}
	return other(a)
}

// judgeUnread judges the answer to a Range that is invalid: ignoring and
// rejecting it are equally good.
func judgeUnread(f *facts, a *answer) (Verdict, string) {
	switch a.status {
	case http.StatusOK, http.StatusRequestedRangeNotSatisfiable, http.StatusBadRequest:
		return Pass, ""
	case http.StatusPartialContent:
		return Allowed, "it makes sense of what has none; the bytes are those that it says"
	}
	return other(a)
}
