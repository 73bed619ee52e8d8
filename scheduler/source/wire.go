package source

import (
	"errors"
	"fmt"
	"math"
	"mime"
	"net/http"
	"strings"
	"time"

	"braid/segment"
)

// maxSize is the longest file that is believed in, in bytes: beyond it, borders
// of blocks could not be counted.
const maxSize = 1 << 60

// unbounded is the End of a range that goes to the end of the file, wherever
// that is.
const unbounded = math.MaxInt64

// formatRange is the Range header that asks for r (RFC 9110, section 14.2).
func formatRange(r segment.Range) string {
	if r.End == unbounded {
		return fmt.Sprintf("bytes=%d-", r.Off)
	}
	return fmt.Sprintf("bytes=%d-%d", r.Off, r.End-1)
}

var errContentRange = errors.New("no valid Content-Range")

// parseContentRange reads a Content-Range (RFC 9110, section 14.4). The range
// is not empty in "bytes a-b/N" and "bytes a-b/*", and empty in "bytes */N".
// The total is -1 if it is not told. Nothing is accepted that says less than
// one of these, or contradicts itself.
func parseContentRange(s string) (r segment.Range, total int64, err error) {
	none := segment.Range{}
	unit, rest, ok := strings.Cut(strings.Trim(s, " \t"), " ")
	if !ok || !strings.EqualFold(unit, "bytes") {
		return none, -1, errContentRange
	}
	span, size, ok := strings.Cut(strings.Trim(rest, " \t"), "/")
	if !ok {
		return none, -1, errContentRange
	}
	total = -1
	if size != "*" {
		if total, ok = parseNumber(size); !ok || total > maxSize {
			return none, -1, errContentRange
		}
	}
	if span == "*" {
		if total < 0 {
			return none, -1, errContentRange
		}
		return none, total, nil
	}
	first, last, _ := strings.Cut(span, "-")
	a, okA := parseNumber(first)
	b, okB := parseNumber(last)
	if !okA || !okB || a > b || b == math.MaxInt64 || total >= 0 && b >= total {
		return none, -1, errContentRange
	}
	return segment.Range{Off: a, End: b + 1}, total, nil
}

// parseNumber reads decimal digits and nothing else: no sign, no space, and
// nothing that does not fit.
func parseNumber(s string) (n int64, ok bool) {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' || n > (math.MaxInt64-int64(c-'0'))/10 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, s != ""
}

// longestWait bounds what is made of a Retry-After. Whoever waits has a bound
// of their own; this one only keeps the arithmetic sane.
const longestWait = 24 * time.Hour

// parseRetryAfter is the wait that a response asks for (RFC 9110, section
// 10.2.3): seconds, or a date, which is held against the response's own Date
// and not against a clock of ours. Garbage and the past are 0.
func parseRetryAfter(h http.Header) time.Duration {
	s := strings.Trim(h.Get("Retry-After"), " \t")
	if s != "" && strings.Trim(s, "0123456789") == "" {
		n, ok := parseNumber(s)
		if !ok || n > int64(longestWait/time.Second) {
			return longestWait
		}
		return time.Duration(n) * time.Second
	}
	then, err1 := http.ParseTime(s)
	now, err2 := http.ParseTime(h.Get("Date"))
	if err1 != nil || err2 != nil {
		return 0
	}
	return min(max(then.Sub(now), 0), longestWait)
}

// maxETag is the longest entity-tag that is believed: checkpoints have no room
// for longer ones.
const maxETag = 255

// identity is what a response says about the version of the file.
func identity(h http.Header, size int64) segment.Identity {
	id := segment.Identity{Size: size, ETag: h.Get("ETag")}
	if len(id.ETag) > maxETag {
		id.ETag = ""
	}
	if t, err := http.ParseTime(h.Get("Last-Modified")); err == nil {
		id.Modified = t.UTC()
	}
	if t, err := http.ParseTime(h.Get("Date")); err == nil {
		id.Date = t.UTC()
	}
	return id
}

// difference names what b says otherwise than a, which conflicts with it.
func difference(a, b segment.Identity) string {
	switch {
	case a.Size >= 0 && b.Size >= 0 && a.Size != b.Size:
		return fmt.Sprintf("its size was %d and is %d", a.Size, b.Size)
	case a.ETag != b.ETag && a.ETag != "" && b.ETag != "":
		return fmt.Sprintf("its ETag was %s and is %s", clean(a.ETag, 80), clean(b.ETag, 80))
	}
	return fmt.Sprintf("it was last modified at %s and now at %s",
		a.Modified.Format(time.RFC3339), b.Modified.Format(time.RFC3339))
}

// coding is the Content-Encoding of a response, "" if the bytes are sent as
// they are.
func coding(h http.Header) string {
	s := strings.ToLower(strings.Trim(strings.Join(h.Values("Content-Encoding"), ", "), " \t"))
	if s == "identity" {
		return ""
	}
	return s
}

// mediaType is the type and subtype of the Content-Type, lower case, "" if
// there is none that is valid.
func mediaType(h http.Header) string {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return ""
	}
	return t
}
