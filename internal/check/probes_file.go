package check

import (
	"fmt"
	"net/http"
	"strings"

	"braid/scheduler/source"
)

// fileProbes are about the file as a whole: what it is recognised by, and HEAD.
func fileProbes() []probe {
	return []probe{
		{id: "get", asked: "GET", section: "9.3.1, 8.6", rule: "GET brings the file, and Content-Length says how long it is",
			judge: func(f *facts, a *answer) (Verdict, string) {
				switch {
				case a.length < 0 && a.whole:
					return Allowed, "the length is not told beforehand"
				case a.length < 0:
					return Allowed, "the length is not told: nobody knows how far a download is"
				case a.length == 0:
					return Pass, "the file is empty: there is nothing to have a range of"
				}
				return Pass, ""
			}},
		{id: "content-type", asked: "Content-Type", section: "8.3", rule: "it says what the file is",
			came: field("Content-Type"),
			judge: func(f *facts, a *answer) (Verdict, string) {
				if why := source.Mismatch(f.name, "", a.kind); why != "" {
					return Allowed, why
				}
				return Pass, ""
			}},
		{id: "coding-unasked", asked: "Content-Encoding", section: "12.5.3", rule: "what is sent to Accept-Encoding: identity SHOULD not be encoded",
			came: func(f *facts) string { return orNone(f.reference.coding) },
			judge: func(f *facts, a *answer) (Verdict, string) {
				if a.coding != "" {
					return Allowed, "it comes compressed though nobody asked for that: ranges are of the compressed bytes"
				}
				return Pass, ""
			}},
		{id: "accept-ranges", asked: "Accept-Ranges", section: "14.3", rule: "the server MAY say that it has ranges",
			came:  field("Accept-Ranges"),
			judge: judgeAcceptRanges},
		{id: "etag", asked: "ETag", section: "8.8.3", rule: `an entity-tag is "…" or W/"…"`,
			came:  field("ETag"),
			judge: judgeTag},
		{id: "last-modified", asked: "Last-Modified", section: "8.8.2.1", rule: "it MUST NOT be later than Date",
			came:  field("Last-Modified"),
			judge: judgeModified},
		{id: "head", section: "9.3.2, 8.6, 9.1", rule: "HEAD is answered as GET is, without content; its Content-Length MUST be that of GET",
			ask:   func(*facts) request { return request{method: http.MethodHead} },
			judge: judgeHead},
		{id: "head-range", section: "14.2", rule: "only GET has ranges: on HEAD, Range MUST be ignored",
			needs: needBytes,
			ask: func(f *facts) request {
				q := get("Range", bytesOf(f.span(0, f.piece())))
				q.method = http.MethodHead
				return q
			},
			judge: func(f *facts, a *answer) (Verdict, string) {
				switch a.status {
				case http.StatusOK:
					return Pass, ""
				case http.StatusPartialContent, http.StatusRequestedRangeNotSatisfiable:
					return Fail, "Range is not ignored"
				}
				return other(a)
			}},
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// field is what the reference says in a field.
func field(name string) func(*facts) string {
	return func(f *facts) string { return orNone(strings.Join(f.reference.header.Values(name), ", ")) }
}

func judgeAcceptRanges(f *facts, a *answer) (Verdict, string) {
	switch value := strings.ToLower(a.header.Get("Accept-Ranges")); value {
	case "bytes":
		return Pass, ""
	case "none":
		return NotOffered, "it says that it has no ranges"
	case "":
		return NotOffered, "it need not say so: a range that is served is the proof"
	}
	return Allowed, "other units than bytes"
}

func judgeTag(f *facts, a *answer) (Verdict, string) {
	lines := a.header.Values("ETag")
	switch tag := a.header.Get("ETag"); {
	case len(lines) == 0:
		return NotOffered, ""
	case len(lines) > 1:
		return Fail, "there is more than one (5.3)"
	case strong(tag) && !strings.Contains(tag[1:len(tag)-1], `"`):
		return Pass, ""
	case strings.HasPrefix(tag, "W/") && strong(tag[2:]):
		return Allowed, "it is weak: no proof that two parts are of one version"
	}
	return Fail, "it is no entity-tag"
}

func judgeModified(f *facts, a *answer) (Verdict, string) {
	switch text := a.header.Get("Last-Modified"); {
	case text == "":
		return NotOffered, ""
	case f.id.Modified.IsZero():
		return Fail, "it is no date (5.6.7)"
	case f.id.Date.IsZero():
		return Allowed, "there is no Date to hold it against, which only a server without a clock may leave out (6.6.1)"
	case f.id.Modified.After(f.id.Date):
		return Fail, "it is later than Date, " + a.header.Get("Date")
	case f.id.MadeUp():
		return Allowed, "it is that of the answer: the file is new, or the date is made up"
	}
	return Pass, ""
}

func judgeHead(f *facts, a *answer) (Verdict, string) {
	switch {
	case a.status == http.StatusMethodNotAllowed, a.status == http.StatusNotImplemented:
		return Fail, "every general-purpose server MUST have HEAD (9.1)"
	case a.status != f.reference.status:
		return other(a)
	case a.length >= 0 && f.size >= 0 && a.coding == f.reference.coding && a.length != f.size:
		return Fail, fmt.Sprintf("GET brings %d bytes", f.size)
	case a.length < 0 && f.size >= 0:
		return Allowed, "it does not tell the length"
	case a.id.ETag != f.tag() && !f.fickle:
		return Allowed, "it has not the ETag of GET, which it SHOULD have (9.3.2)"
	}
	return Pass, ""
}
