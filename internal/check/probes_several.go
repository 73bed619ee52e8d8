package check

import (
	"fmt"
	"net/http"
	"strings"

	"braid/segment"
)

// severalProbes are Ranges of more than one range.
func severalProbes() []probe {
	const shown = 16 << 10 // of a multipart, to see its end
	several := func(id, section, rule string, needs func(*facts) string, ask func(*facts) []segment.Range) probe {
		return probe{
			id: id, section: section, rule: rule, needs: needs, read: shown,
			ask:   func(f *facts) request { return get("Range", set(ask(f))) },
			judge: func(f *facts, a *answer) (Verdict, string) { return judgeSet(f, a, ask(f)) },
		}
	}
	const parts = "a multipart/byteranges, with a Content-Range in each part"
	return []probe{
		several("multi", "15.3.7.2, 14.6", parts, need(400),
			func(f *facts) []segment.Range { return []segment.Range{f.span(0, 100), f.span(200, 100)} }),
		several("overlapping", "15.3.7.2", "ranges that overlap MAY be sent as one", need(400),
			func(f *facts) []segment.Range { return []segment.Range{f.span(50, 100), f.span(100, 100)} }),
		{id: "one-satisfiable", section: "14.1.1, 15.3.7.2", rule: "what the file has not got is left out", needs: need(400), read: shown,
			ask: func(f *facts) request { return get("Range", fmt.Sprintf("bytes=%d-,0-9", f.size+1000)) },
			judge: func(f *facts, a *answer) (Verdict, string) {
				if a.status == http.StatusPartialContent && a.multipart && len(a.parts) == 1 && a.parts[0].Range == f.span(0, 10) {
					return Pass, "as a multipart of one part, which it MAY be"
				}
				return judgeRange(f, a, f.span(0, 10))
			}},
		none("none-satisfiable", "15.5.17", "if the file has none of them: 416",
			func(f *facts) string { return fmt.Sprintf("bytes=%d-%d,%d-", f.size+1000, f.size+1999, f.size+5000) }),
	}
}

// excess asks for the file eight times over.
func excess() probe {
	return probe{id: "excess", section: "14.2, 17.15", rule: "many overlapping ranges MAY be ignored, merged or rejected: a defence", needs: need(400), read: 16 << 10,
		ask:   func(f *facts) request { return get("Range", "bytes="+strings.Repeat("0-,", 7)+"0-") },
		judge: judgeExcess,
	}
}

// set is the Range that asks for all of them.
func set(all []segment.Range) string {
	var texts []string
	for _, r := range all {
		texts = append(texts, fmt.Sprintf("%d-%d", r.Off, r.End-1))
	}
	return "bytes=" + strings.Join(texts, ",")
}

// judgeSet judges the answer to several ranges. How they are cut into parts is
// the server's to say; each of their bytes should be there.
func judgeSet(f *facts, a *answer, want []segment.Range) (Verdict, string) {
	switch a.status {
	case http.StatusOK:
		return NotOffered, "several ranges at once are ignored (14.2)"
	case http.StatusRequestedRangeNotSatisfiable:
		return NotOffered, "several ranges at once are rejected (14.2)"
	case http.StatusPartialContent:
	default:
		return other(a)
	}
	missing, touched := 0, false
	for _, r := range want {
		if !held(a, r) {
			missing++
		}
		for _, p := range a.parts {
			touched = touched || p.Off < r.End && r.Off < p.End
		}
	}
	switch {
	case !touched:
		return Fail, "none of the bytes that were asked for is there"
	case missing > 0:
		return Allowed, fmt.Sprintf("only %d of %d ranges are there in full, and so it says (15.3.7)", len(want)-missing, len(want))
	}
	return Pass, ""
}

// held says whether one of the parts has all of r.
func held(a *answer, r segment.Range) bool {
	for _, p := range a.parts {
		if p.Off <= r.Off && r.End <= p.End {
			return true
		}
	}
	return false
}

func judgeExcess(f *facts, a *answer) (Verdict, string) {
	switch a.status {
	case http.StatusOK, http.StatusRequestedRangeNotSatisfiable, http.StatusBadRequest:
		return Pass, ""
	case http.StatusPartialContent:
		if a.multipart && (a.length < 0 || a.length > 2*f.size) {
			return Allowed, "the file is sent several times over for one small request, which 17.15 warns of"
		}
		return Pass, ""
	}
	return other(a)
}
