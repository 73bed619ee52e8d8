package check

import (
	"fmt"
	"net/http"
)

const noTag = `"braid-no-such-tag"`

// ifRangeProbes are about If-Range, on which a resume rests: if it does not name
// what would be sent, by a strong validator, Range MUST be ignored.
func ifRangeProbes() []probe {
	const same = "the same version: the range is sent"
	const differs = "another version: Range MUST be ignored"
	return []probe{
		{id: "if-range-tag", section: "13.1.5", rule: same, needs: all(needRanges, needTag, needStrong),
			ask: ifRange(func(f *facts) string { return f.tag() }), judge: judgeHolds},
		{id: "if-range-other", section: "13.1.5", rule: differs, needs: needRanges,
			ask: ifRange(func(*facts) string { return noTag }), judge: judgeFails},
		{id: "if-range-weak", section: "13.1.5, 8.8.3.2", rule: "a weak tag matches nothing: Range MUST be ignored", needs: all(needRanges, needTag),
			ask: ifRange(func(f *facts) string { return "W/" + opaque(f.tag()) }), judge: judgeFails},
		{id: "if-range-date", section: "13.1.5", rule: same, needs: all(needRanges, needDate),
			ask: ifRange((*facts).modified), judge: judgeHolds},
		{id: "if-range-earlier", section: "13.1.5", rule: "a date must be the same exactly: " + differs, needs: all(needRanges, needDate),
			ask: ifRange(func(f *facts) string { return f.day(-1) }), judge: judgeFails},
		{id: "if-range-later", section: "13.1.5", rule: "a date must be the same exactly: " + differs, needs: all(needRanges, needDate),
			ask: ifRange(func(f *facts) string { return f.day(1) }), judge: judgeFails},
		{id: "if-range-past-end", section: "13.1.5, 13.2.2", rule: "another version: Range MUST be ignored, though it is unsatisfiable", needs: needRanges,
			ask: func(f *facts) request {
				return get("Range", fmt.Sprintf("bytes=%d-", f.size), "If-Range", noTag)
			}, judge: judgeFails},
		{id: "if-range-alone", section: "13.1.5", rule: "without a Range it MUST be ignored", needs: all(needRanges, needTag),
			ask: func(f *facts) request { return get("If-Range", f.tag()) },
			judge: func(f *facts, a *answer) (Verdict, string) {
				switch a.status {
				case http.StatusOK:
					return Pass, ""
				case http.StatusPartialContent:
					return Fail, "a part of what was asked for whole"
				}
				return other(a)
			}},
	}
}

func needStrong(f *facts) string {
	if !strong(f.tag()) {
		return "the ETag is weak"
	}
	return ""
}

// ifRange asks for a range on a condition.
func ifRange(value func(*facts) string) func(*facts) request {
	return func(f *facts) request {
		return get("Range", bytesOf(f.span(0, f.piece())), "If-Range", value(f))
	}
}

// judgeHolds judges an If-Range that holds.
func judgeHolds(f *facts, a *answer) (Verdict, string) {
	if a.status == http.StatusOK {
		return Allowed, "the whole file, though the version is the same: a resume would begin anew (SHOULD, 13.1.5)"
	}
	return judgeRange(f, a, f.span(0, f.piece()))
}

// judgeFails judges an If-Range that does not hold.
func judgeFails(f *facts, a *answer) (Verdict, string) {
	switch a.status {
	case http.StatusOK:
		return Pass, ""
	case http.StatusPartialContent:
		return Fail, "it is sent a part, to be joined with another version"
	case http.StatusRequestedRangeNotSatisfiable:
		return Fail, "Range is not ignored"
	}
	return other(a)
}
