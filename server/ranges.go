package server

import (
	"math"
	"slices"
	"strings"
)

// Limits on a Range field. A field beyond them is ignored, which RFC 9110, section 14.2, always allows; section 17.15
// asks for such limits, because one small field can otherwise ask for a file a thousand times over.
const (
	maxRangeField = 1 << 10 // bytes in the field's value
	maxRanges     = 16      // ranges in it
)

// A span is the bytes [off, end) of a representation.
type span struct{ off, end int64 }

func (s span) len() int64 { return s.end - s.off }

// overlaps says whether a byte is in both.
func (s span) overlaps(t span) bool { return s.off < t.end && t.off < s.end }

// A rangeVerdict says what a Range field asks of a representation of a known size.
type rangeVerdict int

const (
	whole         rangeVerdict = iota // answer as if there were no Range field
	partial                           // answer with the spans: 206
	unsatisfiable                     // none of the ranges holds a byte: 416
)

// parseRange reads the value of a Range field (RFC 9110, section 14.2) against a representation of size bytes. With the
// verdict partial it returns at least one span; every span holds at least one byte, lies within [0, size), and they come
// in the order asked for. Ranges that hold no byte are dropped, and two that overlap are one, in the place of the first:
// no byte is sent twice.
//
// The verdict is whole for an unknown unit, for anything that breaks the grammar in any of its ranges, for a field
// beyond the limits, for an empty representation (no Content-Range can describe one), and for a set of ranges that asks
// for more bytes than there are or has more than two ranges overlapping. Numbers too large for an int64 saturate.
//
// It takes time linear in the field and allocates only the spans.
func parseRange(field string, size int64) ([]span, rangeVerdict) {
	if len(field) > maxRangeField || size == 0 {
		return nil, whole
	}
	unit, list, found := strings.Cut(field, "=")
	if !found || !strings.EqualFold(unit, "bytes") {
		return nil, whole
	}
	var spans []span
	count := 0
	for list != "" {
		var element string
		element, list, _ = strings.Cut(list, ",")
		if element = strings.Trim(element, " \t"); element == "" {
			continue // empty list elements do not count: RFC 9110, section 5.6.1.2
		}
		if count++; count > maxRanges {
			return nil, whole
		}
		s, ok := parseSpan(element, size)
		if !ok {
			return nil, whole
		}
		if s.len() > 0 {
			spans = append(spans, s)
		}
	}
	switch {
	case count == 0:
		return nil, whole
	case len(spans) == 0:
		return nil, unsatisfiable
	case excessive(spans, size):
		return nil, whole
	}
	return coalesced(spans), partial
}

// parseSpan reads one int-range or suffix-range. A range that holds none of the size bytes gives an empty span; ok is
// false if the element is no range at all.
func parseSpan(element string, size int64) (s span, ok bool) {
	a, b, found := strings.Cut(element, "-")
	if !found {
		return span{}, false
	}
	if a == "" {
		suffix, ok := parseDigits(b)
		return span{size - min(suffix, size), size}, ok
	}
	first, ok := parseDigits(a)
	if !ok {
		return span{}, false
	}
	last := int64(math.MaxInt64)
	if b != "" {
		if last, ok = parseDigits(b); !ok || last < first {
			return span{}, false
		}
	}
	if first >= size {
		return span{}, true
	}
	return span{first, min(last, size-1) + 1}, true
}

// parseDigits reads 1*DIGIT. Values beyond an int64 become the largest int64, which is past the end of any file.
func parseDigits(s string) (n int64, ok bool) {
	for i := range len(s) {
		d := int64(s[i]) - '0'
		if d < 0 || d > 9 {
			return 0, false
		}
		if n > (math.MaxInt64-d)/10 {
			n = math.MaxInt64
			continue // not a return: what follows must be digits too
		}
		n = n*10 + d
	}
	return n, s != ""
}

// coalesced makes one span of two that overlap (RFC 9110, section 15.3.7.2). Spans that only touch stay apart: whoever
// asks for them so is after the parts.
func coalesced(spans []span) []span {
	for i := range spans {
		for j := len(spans) - 1; j > i; j-- {
			if s, t := spans[i], spans[j]; s.overlaps(t) {
				spans[i] = span{min(s.off, t.off), max(s.end, t.end)}
				spans = slices.Delete(spans, j, j+1)
				return spans // there is no other pair: that would have been excessive
			}
		}
	}
	return spans
}

// excessive says whether several spans ask for more bytes than there are, or have more than two of them overlapping.
func excessive(spans []span, size int64) bool {
	var sum int64
	for _, s := range spans {
		if sum += s.len(); sum > size { // cannot overflow: both are at most size
			return len(spans) > 1
		}
	}
	overlapping := 0
	for i, s := range spans { // at most maxRanges of them, so the square is small
		for j, t := range spans {
			if i != j && s.overlaps(t) {
				overlapping++
				break
			}
		}
	}
	return overlapping > 2
}
