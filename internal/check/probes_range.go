package check

import (
	"fmt"
	"net/http"

	"braid/segment"
)

// bytesOf is the Range that asks for r.
func bytesOf(r segment.Range) string { return fmt.Sprintf("bytes=%d-%d", r.Off, r.End-1) }

// one makes a probe of a range that has bytes: what to send, and what it stands
// for.
func one(id, section, rule string, needs func(*facts) string, ask func(*facts) (string, segment.Range)) probe {
	return probe{
		id: id, section: section, rule: rule, needs: needs,
		ask: func(f *facts) request {
			text, _ := ask(f)
			return get("Range", text)
		},
		judge: func(f *facts, a *answer) (Verdict, string) {
			_, want := ask(f)
			return judgeRange(f, a, want)
		},
	}
}

// rangeProbes are ranges as every download asks for them.
func rangeProbes() []probe {
	return []probe{
		one("single", "14.1.2, 15.3.7.1", "a 206 MUST say in Content-Range which bytes it holds", tellBytes,
			func(f *facts) (string, segment.Range) {
				if f.size < 0 { // a first range finds out
					return "bytes=0-99", segment.Range{Off: 0, End: 100}
				}
				r := f.span(0, f.piece())
				return bytesOf(r), r
			}),
		one("inner", "14.1.2", "as above, where the file does not begin", needBytes,
			func(f *facts) (string, segment.Range) {
				r := f.span(min(f.size/3, 20000), f.piece())
				return bytesOf(r), r
			}),
		one("from-zero", "14.1.2", "bytes=0- is a range: with it players find out whether there are any", needRanges,
			func(f *facts) (string, segment.Range) { return "bytes=0-", segment.Range{Off: 0, End: f.size} }),
		one("suffix-long", "14.1.2", "a suffix longer than the file is the whole file", needRanges,
			func(f *facts) (string, segment.Range) {
				return fmt.Sprintf("bytes=-%d", f.size+1000), segment.Range{Off: 0, End: f.size}
			}),
		one("open", "14.1.2", "bytes=A- goes to the end", needRanges,
			func(f *facts) (string, segment.Range) {
				r := segment.Range{Off: f.size - f.piece(), End: f.size}
				return fmt.Sprintf("bytes=%d-", r.Off), r
			}),
		one("suffix", "14.1.2", "bytes=-N is the last N bytes", needRanges,
			func(f *facts) (string, segment.Range) {
				r := segment.Range{Off: f.size - f.piece(), End: f.size}
				return fmt.Sprintf("bytes=-%d", r.Len()), r
			}),
		one("clamp", "14.1.2", "a last byte beyond the end stands for the end", needRanges,
			func(f *facts) (string, segment.Range) {
				r := segment.Range{Off: f.size - f.piece(), End: f.size}
				return fmt.Sprintf("bytes=%d-%d", r.Off, f.size+999), r
			}),
		one("last-byte", "14.1.2", "the last byte alone", needRanges,
			func(f *facts) (string, segment.Range) {
				r := segment.Range{Off: f.size - 1, End: f.size}
				return bytesOf(r), r
			}),
		none("past-end", "15.5.17", "no byte is there: 416, with the length in Content-Range",
			func(f *facts) string { return fmt.Sprintf("bytes=%d-", f.size) }),
		none("suffix-zero", "14.1.2", "a suffix of no bytes is never satisfiable", func(*facts) string { return "bytes=-0" }),
	}
}

// tellBytes lets the first range through though the size is not known yet: its
// answer may tell.
func tellBytes(f *facts) string {
	if f.size == 0 {
		return silent
	}
	return ""
}

// none makes a probe of a range that holds no byte.
func none(id, section, rule string, text func(*facts) string) probe {
	return probe{
		id: id, section: section, rule: rule, needs: needRanges,
		ask:   func(f *facts) request { return get("Range", text(f)) },
		judge: judgeNone,
	}
}

// unread makes a probe of a Range that is invalid.
func unread(id, text, rule string) probe {
	return probe{
		id: id, section: "14.1.1, 14.2", rule: rule, needs: needRanges,
		ask:   func(*facts) request { return get("Range", text) },
		judge: judgeUnread,
	}
}

// oddProbes are ranges that parsers trip over.
func oddProbes() []probe {
	const huge = "18446744073709551616" // 2 to the 64th
	return []probe{
		one("unit-case", "14.1", "names of units ignore case", needRanges,
			func(f *facts) (string, segment.Range) { return "Bytes=0-3", f.span(0, 4) }),
		one("blank", "14.1.2", "a blank may follow the =, as in the RFC's own example", needRanges,
			func(f *facts) (string, segment.Range) { return "bytes= 0-3", f.span(0, 4) }),
		one("empty-elements", "5.6.1.2", "empty members of a list count for nothing", needRanges,
			func(f *facts) (string, segment.Range) { return "bytes=,0-3,", f.span(0, 4) }),
		none("huge-first", "14.1.2", "numbers of any size MUST be read without overflow", func(*facts) string { return "bytes=" + huge + "-" }),
		one("huge-last", "14.1.2", "numbers of any size MUST be read without overflow", needRanges,
			func(f *facts) (string, segment.Range) { return "bytes=0-" + huge, segment.Range{Off: 0, End: f.size} }),
		one("huge-suffix", "14.1.2", "numbers of any size MUST be read without overflow", needRanges,
			func(f *facts) (string, segment.Range) {
				return "bytes=-9223372036854775808", segment.Range{Off: 0, End: f.size}
			}),
		{id: "unit-unknown", section: "14.2", rule: "a Range of an unknown unit MUST be ignored", needs: needRanges,
			ask: func(*facts) request { return get("Range", "items=0-5") },
			judge: func(f *facts, a *answer) (Verdict, string) {
				switch a.status {
				case http.StatusOK:
					return Pass, ""
				case http.StatusPartialContent, http.StatusRequestedRangeNotSatisfiable:
					return Fail, "it is not ignored"
				}
				return other(a)
			}},
		unread("reversed", "bytes=5-4", "an invalid Range MAY be ignored or rejected"),
		unread("one-invalid", "bytes=0-3,x", "one invalid member makes the whole Range invalid"),
		excess(),
	}
}
