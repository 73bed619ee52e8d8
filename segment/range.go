package segment

import "fmt"

// A Range is the half-open interval of bytes [Off, End). HTTP counts the last
// byte in, so the range [0, 500) is asked for as "bytes=0-499"
// (RFC 9110, section 14.1.2).
type Range struct {
	Off int64 // the first byte
	End int64 // one past the last byte
}

// Len is the number of bytes in r; an inverted range has none.
func (r Range) Len() int64 { return max(0, r.End-r.Off) }

// Empty says whether r holds no byte.
func (r Range) Empty() bool { return r.End <= r.Off }

// Intersect is the bytes that are in both r and o.
func (r Range) Intersect(o Range) Range {
	both := Range{Off: max(r.Off, o.Off), End: min(r.End, o.End)}
	if both.Empty() {
		return Range{Off: both.Off, End: both.Off}
	}
	return both
}

// String writes r as "a-b" with both ends counted in, as HTTP does, since that
// is what people compare it with.
func (r Range) String() string {
	if r.Empty() {
		return fmt.Sprintf("nothing at %d", r.Off)
	}
	return fmt.Sprintf("%d-%d", r.Off, r.End-1)
}
