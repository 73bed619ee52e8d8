package check

import (
	"fmt"
	"net/http"
)

// conditionProbes are about If-Match and its kind, and which of them comes
// first.
func conditionProbes() []probe {
	const unmodified = "the same version: MUST be 304"
	return []probe{
		{id: "if-match", section: "13.1.1", rule: "it matches: go on", needs: all(needTag, needStrong),
			ask: func(f *facts) request { return get("If-Match", f.tag()) }, judge: judgeOn},
		{id: "if-match-other", section: "13.1.1, 13.2.1", rule: "it does not match: GET MUST NOT be performed",
			ask: func(*facts) request { return get("If-Match", noTag) }, judge: judgeFailed},
		{id: "if-match-weak", section: "13.1.1, 8.8.3.2", rule: "tags MUST be compared strongly: a weak one never matches", needs: needTag,
			ask: func(f *facts) request { return get("If-Match", "W/"+opaque(f.tag())) }, judge: judgeFailed},
		{id: "if-none-match", section: "13.1.2", rule: unmodified, needs: needTag,
			ask: func(f *facts) request { return get("If-None-Match", f.tag()) }, judge: judgeUnmodified},
		{id: "if-none-match-weak", section: "13.1.2, 8.8.3.2", rule: "in a list, and compared weakly: MUST be 304", needs: needTag,
			ask: func(f *facts) request { return get("If-None-Match", noTag+", W/"+opaque(f.tag())) }, judge: judgeUnmodified},
		{id: "if-none-match-lines", section: "13.1.2, 5.2", rule: "two lines are one list: MUST be 304", needs: needTag,
			ask: func(f *facts) request { return get("If-None-Match", noTag, "If-None-Match", f.tag()) }, judge: judgeUnmodified},
		{id: "if-none-match-any", section: "13.1.2", rule: "* matches any version: MUST be 304",
			ask: func(*facts) request { return get("If-None-Match", "*") }, judge: judgeUnmodified},
		{id: "if-none-match-other", section: "13.1.2", rule: "another version: go on",
			ask: func(*facts) request { return get("If-None-Match", noTag) }, judge: judgeOn},
		{id: "if-modified-since", section: "13.1.3", rule: "not modified since: SHOULD be 304", needs: needDate,
			ask: func(f *facts) request { return get("If-Modified-Since", f.modified()) }, judge: judgeUnmodifiedSince},
		{id: "if-modified-since-later", section: "13.1.3", rule: "not modified since: SHOULD be 304", needs: needDate,
			ask: func(f *facts) request { return get("If-Modified-Since", f.day(1)) }, judge: judgeUnmodifiedSince},
		{id: "if-modified-since-earlier", section: "13.1.3", rule: "modified since: go on", needs: needDate,
			ask: func(f *facts) request { return get("If-Modified-Since", f.day(-1)) }, judge: judgeOn},
		{id: "if-unmodified-since", section: "13.1.4", rule: "not modified since: go on", needs: needDate,
			ask: func(f *facts) request { return get("If-Unmodified-Since", f.modified()) }, judge: judgeOn},
		{id: "if-unmodified-since-earlier", section: "13.1.4, 13.2.1", rule: "modified since: GET MUST NOT be performed", needs: needDate,
			ask: func(f *facts) request { return get("If-Unmodified-Since", f.day(-1)) }, judge: judgeFailed},

		{id: "tag-before-date", section: "13.1.3", rule: "beside If-None-Match, If-Modified-Since MUST be ignored", needs: all(needTag, needDate),
			ask: func(f *facts) request {
				return get("If-None-Match", f.tag(), "If-Modified-Since", f.day(-1))
			}, judge: judgeUnmodified},
		{id: "other-tag-before-date", section: "13.1.3", rule: "beside If-None-Match, If-Modified-Since MUST be ignored", needs: needDate,
			ask: func(f *facts) request {
				return get("If-None-Match", noTag, "If-Modified-Since", f.modified())
			}, judge: judgeOn},
		{id: "match-before-unmodified", section: "13.1.4", rule: "beside If-Match, If-Unmodified-Since MUST be ignored", needs: all(needTag, needStrong, needDate),
			ask: func(f *facts) request {
				return get("If-Match", f.tag(), "If-Unmodified-Since", f.day(-1))
			}, judge: judgeOn},
		{id: "match-before-range", section: "13.2.2, 14.2", rule: "If-Match comes before an unsatisfiable Range", needs: needRanges,
			ask: func(f *facts) request { return get("If-Match", noTag, "Range", fmt.Sprintf("bytes=%d-", f.size)) }, judge: judgeFailed},
		{id: "none-match-before-range", section: "13.2.2, 14.2", rule: "If-None-Match comes before Range: MUST be 304", needs: all(needRanges, needTag),
			ask: func(f *facts) request {
				return get("If-None-Match", f.tag(), "Range", bytesOf(f.span(0, f.piece())))
			}, judge: judgeUnmodified},
	}
}

// judgeOn judges a condition that lets the request through.
func judgeOn(f *facts, a *answer) (Verdict, string) {
	switch a.status {
	case f.reference.status, http.StatusPartialContent:
		return Pass, ""
	case http.StatusPreconditionFailed, http.StatusNotModified:
		return Fail, "the condition is misread"
	}
	return other(a)
}

// judgeFailed judges a condition that must stop the request at an origin.
func judgeFailed(f *facts, a *answer) (Verdict, string) {
	switch a.status {
	case http.StatusPreconditionFailed:
		return Pass, ""
	case http.StatusNotModified: // which none of these conditions asks for
	default:
		if a.has("Age") || a.has("Via") {
			return Allowed, "it comes by way of a cache or a gateway, which MAY ignore the condition (13.1.1, 13.1.4)"
		}
	}
	switch a.status {
	case f.reference.status, http.StatusPartialContent, http.StatusNotModified:
		return Fail, "the condition is not evaluated, or misread"
	case http.StatusRequestedRangeNotSatisfiable:
		return Fail, "Range is evaluated before the condition"
	}
	return other(a)
}

// judgeUnmodified judges a condition that asks for a 304.
func judgeUnmodified(f *facts, a *answer) (Verdict, string) {
	switch a.status {
	case http.StatusNotModified:
		return Pass, ""
	case f.reference.status, http.StatusPartialContent, http.StatusPreconditionFailed:
		return Fail, "the condition is not evaluated, or misread"
	}
	return other(a)
}

// judgeUnmodifiedSince is judgeUnmodified by a date, which is a SHOULD.
func judgeUnmodifiedSince(f *facts, a *answer) (Verdict, string) {
	if a.status == f.reference.status {
		return Allowed, "the file is sent again, though it is the same"
	}
	return judgeUnmodified(f, a)
}
