package source

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"braid/segment"
)

// head is a header from "Key: value" lines.
func head(lines ...string) http.Header {
	h := http.Header{}
	for _, line := range lines {
		key, value, _ := strings.Cut(line, ": ")
		h.Add(key, value)
	}
	return h
}

func span(off, end int64) segment.Range { return segment.Range{Off: off, End: end} }

const (
	date    = "Date: Tue, 15 Nov 1994 08:12:31 GMT"
	old     = "Last-Modified: Mon, 14 Nov 1994 08:12:31 GMT"
	older   = "Last-Modified: Sun, 13 Nov 1994 08:12:31 GMT"
	justNow = "Last-Modified: Tue, 15 Nov 1994 08:12:30 GMT"
)

func TestJudge(t *testing.T) {
	// Every row asks for bytes 50-99 of a file of 100 that is known, unless it
	// says otherwise.
	middle := question{r: span(50, 100), ranged: true}
	again := question{r: span(50, 100), ranged: true, strikes: 1}
	first := question{r: span(0, 30), ranged: true}
	probe := question{r: span(0, unbounded), ranged: true, probe: true}
	probe50 := question{r: span(50, unbounded), ranged: true, probe: true}
	probeAgain := question{r: span(50, unbounded), ranged: true, probe: true, strikes: 1}
	resumed := question{r: span(50, unbounded), ranged: true, probe: true, resume: true}
	resumedAgain := question{r: span(50, unbounded), ranged: true, probe: true, resume: true, strikes: 1}
	resumed0 := question{r: span(0, unbounded), ranged: true, probe: true, resume: true}
	plainProbe := question{r: span(0, unbounded), probe: true}
	plain := question{r: span(0, 100)}
	plainAgain := question{r: span(0, 100), strikes: 1}
	endless := question{r: span(0, unbounded)}

	known := fact{id: identity(head(`ETag: "a"`, old, date), 100)}
	tagged := fact{id: identity(head(`ETag: "a"`), 100)}
	dated := fact{id: identity(head(old, date), 100)}
	epoch := fact{id: identity(head(`ETag: "a"`, "Last-Modified: Thu, 01 Jan 1970 00:00:01 GMT", date), 100)}
	bare := fact{id: segment.Identity{Size: 100}}
	unknown := fact{id: segment.Identity{Size: -1}}
	gzipped := fact{id: segment.Identity{Size: 100}, coding: "gzip"}

	tags := func(seen ...string) question { return question{r: span(50, 100), ranged: true, tags: seen} }
	there := question{r: span(50, 100), ranged: true, redirected: true}
	anew := question{r: span(50, 100), ranged: true, redirected: true, resolved: true}
	stream := question{r: span(50, 100), ranged: true, stream: true}
	plainStream := question{r: span(50, 100), stream: true, strikes: 1}

	type want struct {
		Class  class
		Strike bool
		Doubt  bool
		Tag    string
		Fickle bool
		Final  bool
		Span   segment.Range
		Skip   int64
		After  time.Duration
	}
	good := want{Span: span(50, 100)}
	vain := want{Span: span(50, 100), Fickle: true}
	first30 := want{Span: span(0, 30)}
	whole := want{Span: span(0, 100)}
	strike := want{Class: retry, Strike: true}
	out := want{Class: noRange, Strike: true}
	none := want{Class: noRange}
	other := want{Class: retry, Doubt: true} // and, if caches were told to stand aside, changed
	tag := want{Class: retry, Tag: `"b"`}
	less := want{Class: shrink}
	alone := want{Class: shrink, Final: true}
	elsewhere := want{Class: reresolve}
	end := want{Class: fatal}
	soon := want{Class: retry}

	rows := []struct {
		name   string
		q      question
		known  fact
		status int
		header http.Header
		length int64
		want   want
	}{
		{"exactly", middle, known, 206, head("Content-Range: bytes 50-99/100", `ETag: "a"`, old, date), 50, good},
		{"the last byte alone", question{r: span(99, 100), ranged: true}, bare, 206, head("Content-Range: bytes 99-99/100"), 1, want{Span: span(99, 100)}},
		{"an open range", question{r: span(50, unbounded), ranged: true}, bare, 206, head("Content-Range: bytes 50-99/100"), 50, good},

		{"case 1: 200 to a range", middle, bare, 200, head(), 100, strike},
		{"case 1: 200 to a range, again", again, bare, 200, head(), 100, out},
		{"case 1: 200 to a range from 0 holds it", first, bare, 200, head(), 100, first30},
		{"case 1: 203 is a 200", middle, bare, 203, head(), 100, strike},
		{"case 2: Accept-Ranges proves nothing", middle, bare, 200, head("Accept-Ranges: bytes"), 100, strike},
		{"case 2: nor does none disprove", middle, bare, 206, head("Accept-Ranges: none", "Content-Range: bytes 50-99/100"), 50, good},
		{"case 2: in the probe", probe, unknown, 200, head("Accept-Ranges: bytes"), 100, whole},
		{"case 3: starts later", middle, bare, 206, head("Content-Range: bytes 51-99/100"), 49, strike},
		{"case 3: starts later, again", again, bare, 206, head("Content-Range: bytes 51-99/100"), 49, out},
		{"case 3: starts at 0 and ends before", middle, bare, 206, head("Content-Range: bytes 0-49/100"), 50, strike},
		{"case 3: starts at 0 and ends before, again", again, bare, 206, head("Content-Range: bytes 0-49/100"), 50, out},
		{"case 3: in the probe", probe50, unknown, 206, head("Content-Range: bytes 51-99/100"), 49, strike},
		{"case 3: in the probe, again", probeAgain, unknown, 206, head("Content-Range: bytes 51-99/100"), 49, out},
		{"case 4: starts earlier", middle, bare, 206, head("Content-Range: bytes 40-99/100"), 60, want{Span: span(50, 100), Skip: 10}},
		{"case 4: starts at 0 and covers", middle, bare, 206, head("Content-Range: bytes 0-99/100"), 100, want{Span: span(50, 100), Skip: 50}},
		{"case 4: by one byte", middle, bare, 206, head("Content-Range: bytes 0-50/100"), 51, want{Span: span(50, 51), Skip: 50}},
		{"case 4: too much earlier", question{r: span(maxSkip+1, maxSkip+2), ranged: true}, unknown, 206, head("Content-Range: bytes 0-16777217/*"), -1, strike},
		{"case 4: in the probe", probe50, unknown, 206, head("Content-Range: bytes 0-99/100"), 100, want{Span: span(50, 100), Skip: 50}},
		{"case 5: no Content-Range", middle, bare, 206, head(), 50, strike},
		{"case 5: no Content-Range, again", again, bare, 206, head(), 50, out},
		{"case 5: in the probe", probe, unknown, 206, head(), 100, strike},
		{"case 5: two Content-Ranges", middle, bare, 206, head("Content-Range: bytes 50-99/100", "Content-Range: bytes 0-99/100"), 50, strike},
		{"case 5: another unit", middle, bare, 206, head("Content-Range: lines 50-99/100"), 50, strike},
		{"case 5: garbage", middle, bare, 206, head("Content-Range: bytes 50-x/100"), 50, strike},
		{"case 5: unsatisfied in a 206", middle, bare, 206, head("Content-Range: bytes */100"), 50, strike},
		{"case 5: ends past the total", middle, bare, 206, head("Content-Range: bytes 50-100/100"), 51, strike},
		{"case 5: inverted", middle, bare, 206, head("Content-Range: bytes 50-49/100"), 0, strike},
		{"case 5: overflow", middle, bare, 206, head("Content-Range: bytes 50-9223372036854775808/*"), -1, strike},
		{"case 6: shorter than asked", middle, bare, 206, head("Content-Range: bytes 50-69/100"), 20, want{Span: span(50, 70)}},
		{"case 7: longer than asked", first, bare, 206, head("Content-Range: bytes 0-99/100"), 100, first30},
		{"case 8: Content-Length is less", middle, bare, 206, head("Content-Range: bytes 50-99/100"), 40, want{Span: span(50, 90)}},
		{"case 8: Content-Length is more", middle, bare, 206, head("Content-Range: bytes 50-69/100"), 50, want{Span: span(50, 70)}},
		{"case 8: Content-Length does not reach the range", middle, bare, 206, head("Content-Range: bytes 0-99/100"), 50, strike},
		{"case 8: Content-Length 0", again, bare, 206, head("Content-Range: bytes 50-99/100"), 0, out},
		{"case 9: total not told", middle, bare, 206, head("Content-Range: bytes 50-99/*"), 50, good},
		{"case 9: total not told, past the end", middle, bare, 206, head("Content-Range: bytes 50-100/*"), 51, other},
		{"case 9: in the probe", probe, unknown, 206, head("Content-Range: bytes 0-99/*"), 100, none},
		{"case 10: several parts", middle, bare, 206, head("Content-Type: multipart/byteranges; boundary=x"), 300, none},
		{"case 10: in the probe", probe, unknown, 206, head("Content-Type: Multipart/ByteRanges; boundary=x"), 300, none},
		{"case 11: total changes", middle, bare, 206, head("Content-Range: bytes 50-99/101"), 50, other},
		{"case 11: total of a 200 changes", first, bare, 200, head(), 101, other},
		{"case 11: total of a plain 200 changes", plain, bare, 200, head(), 101, other},
		{"case 11: the range is looked at before the total", middle, bare, 206, head("Content-Range: bytes 51-99/101"), 49, strike},
		{"case 11: the range is looked at before the total, again", middle, bare, 206, head("Content-Range: bytes 0-49/101"), 50, strike},
		{"case 12: ETag changes", middle, known, 206, head("Content-Range: bytes 50-99/100", `ETag: "b"`, old, date), 50, tag},
		{"case 12: ETag of a plain 200 changes: it is joined with nothing", plain, known, 200, head(`ETag: "b"`, old), 100, whole},
		{"case 12: ETag changes and Last-Modified is gone", middle, known, 206, head("Content-Range: bytes 50-99/100", `ETag: "b"`), 50, other},
		{"case 12: ETag and Last-Modified are gone", middle, known, 206, head("Content-Range: bytes 50-99/100"), 50, other},
		{"case 12: ETag is gone", middle, known, 206, head("Content-Range: bytes 50-99/100", old), 50, good},
		{"case 12: Last-Modified is gone", middle, known, 206, head("Content-Range: bytes 50-99/100", `ETag: "a"`), 50, good},
		{"case 12: ETag is gone, and there was no Last-Modified", middle, tagged, 206, head("Content-Range: bytes 50-99/100", old), 50, other},
		{"case 12: the only Last-Modified is gone", middle, dated, 206, head("Content-Range: bytes 50-99/100"), 50, other},
		{"case 12: ETag turns weak", middle, tagged, 206, head("Content-Range: bytes 50-99/100", `ETag: W/"a"`), 50, other},
		{"case 12: ETag of a plain 200 is gone", plain, tagged, 200, head(), 100, whole},
		{"case 12: ETag of a 200 to a range from 0 is gone", first, tagged, 200, head(), 100, other},
		{"case 12: ETag is gone, total not told", middle, tagged, 206, head("Content-Range: bytes 50-99/*"), 50, other},
		{"case 12: the same ETag, total not told", middle, tagged, 206, head("Content-Range: bytes 50-99/*", `ETag: "a"`), 50, good},
		{"case 13: weak ETag per edge, equal Last-Modified", middle, fact{id: identity(head(`ETag: W/"a"`, old, date), 100)}, 206, head("Content-Range: bytes 50-99/100", `ETag: W/"b"`, old, date), 50, good},
		{"case 12: the other ETag stays", tags(`"b"`, `"b"`, `"b"`, `"b"`, `"b"`, `"b"`), known, 206, head("Content-Range: bytes 50-99/100", `ETag: "b"`, old, date), 50, other},
		{"case 12: the other ETag comes again", tags(`"b"`, `"b"`), known, 206, head("Content-Range: bytes 50-99/100", `ETag: "b"`, old, date), 50, tag},
		{"case 12: after another ETag, Last-Modified changes", tags(`"b"`), known, 206, head("Content-Range: bytes 50-99/100", `ETag: "c"`, older, date), 50, other},
		{"case 13: the old ETag comes back", tags(`"b"`), known, 206, head("Content-Range: bytes 50-99/100", `ETag: "a"`, old, date), 50, vain},
		{"case 14: a third ETag", tags(`"b"`), known, 206, head("Content-Range: bytes 50-99/100", `ETag: "c"`, old, date), 50, vain},
		{"case 14: a third ETag, and no Last-Modified", tags(`"b"`), tagged, 206, head("Content-Range: bytes 50-99/100", `ETag: "c"`), 50, none},
		{"case 13: the old ETag comes back, and there is no Last-Modified", tags(`"b"`), tagged, 206, head("Content-Range: bytes 50-99/100", `ETag: "a"`), 50, good},
		{"case 13: the old ETag comes back, with a Last-Modified that is no date", tags(`"b"`), epoch, 206, head("Content-Range: bytes 50-99/100", `ETag: "a"`, "Last-Modified: Thu, 01 Jan 1970 00:00:01 GMT", date), 50, good},
		{"case 19: Last-Modified is made up for each answer", middle, fact{id: identity(head(justNow, date), 100)}, 206, head("Content-Range: bytes 50-99/100", "Last-Modified: Tue, 15 Nov 1994 09:12:30 GMT", "Date: Tue, 15 Nov 1994 09:12:31 GMT"), 50, none},
		{"case 14: a third ETag, of another total", tags(`"b"`), tagged, 206, head("Content-Range: bytes 50-99/101", `ETag: "c"`), 50, other},
		{"case 12: Last-Modified changes", middle, known, 206, head("Content-Range: bytes 50-99/100", older, date), 50, other},
		{"case 15: weak ETag changes", middle, fact{id: identity(head(`ETag: W/"a"`), 100)}, 206, head("Content-Range: bytes 50-99/100", `ETag: W/"b"`), 50, want{Class: retry, Tag: `W/"b"`}},
		{"case 15: the same weak ETag", middle, fact{id: identity(head(`ETag: W/"a"`), 100)}, 206, head("Content-Range: bytes 50-99/100", `ETag: W/"a"`), 50, good},
		{"case 15: another weak ETag than the strong one", middle, tagged, 206, head("Content-Range: bytes 50-99/100", `ETag: W/"b"`), 50, want{Class: retry, Tag: `W/"b"`}},
		{"case 15: weak against strong, equal Last-Modified", middle, known, 206, head("Content-Range: bytes 50-99/100", `ETag: W/"b"`, old), 50, good},
		{"case 16: 200, as to an If-Range, which is never sent", middle, known, 200, head(`ETag: "a"`, old, date), 100, strike},
		{"case 17: a part of another version, as to an If-Range that was not heeded", middle, known, 206, head("Content-Range: bytes 50-99/100", `ETag: "b"`, older, date), 50, other},
		{"case 18: no validator", middle, bare, 206, head("Content-Range: bytes 50-99/100"), 50, good},
		{"case 19: Last-Modified is young and the same", middle, fact{id: identity(head(justNow, date), 100)}, 206, head("Content-Range: bytes 50-99/100", justNow, date), 50, good},
		{"case 20: 416 with the same total", middle, bare, 416, head("Content-Range: bytes */100"), 10, strike},
		{"case 20: 416 with the same total, again", again, bare, 416, head("Content-Range: bytes */100"), 10, out},
		{"case 20: 416 with another total", middle, bare, 416, head("Content-Range: bytes */40"), 10, other},
		{"case 20: 416 without total", middle, bare, 416, head(), 10, strike},
		{"case 20: the probe past the end", probe50, unknown, 416, head("Content-Range: bytes */40"), 10, none},
		{"case 20: the probe refused without a word", probe50, unknown, 416, head(), 10, none},
		{"case 20: 416 without a range", plain, bare, 416, head(), 10, end},
		{"case 21: an empty file", probe, unknown, 416, head("Content-Range: bytes */0"), 10, want{}},
		{"case 21: an empty file, from 50", probe50, unknown, 416, head("Content-Range: bytes */0"), 10, want{}},
		{"case 21: a 200 with nothing", probe, unknown, 200, head(), 0, want{}},
		{"case 22: 404 for a range", middle, bare, 404, head(), 10, elsewhere},
		{"case 23: gzip in a segment", middle, bare, 206, head("Content-Encoding: gzip", "Content-Range: bytes 50-99/100"), 50, end},
		{"case 23: gzip before Content-Range is looked at", middle, bare, 206, head("Content-Encoding: gzip"), 50, end},
		{"case 23: identity is no coding", middle, bare, 206, head("Content-Encoding: identity", "Content-Range: bytes 50-99/100"), 50, good},
		{"case 23: two codings", middle, bare, 206, head("Content-Encoding: identity", "Content-Encoding: br", "Content-Range: bytes 50-99/100"), 50, end},
		{"case 23: gzip in the probe", probe, unknown, 206, head("Content-Encoding: gzip", "Content-Range: bytes 0-99/100"), 100, none},
		{"case 23: gzip in a plain probe", plainProbe, unknown, 200, head("Content-Encoding: gzip"), 100, whole},
		{"case 23: still gzip", plain, gzipped, 200, head("Content-Encoding: GZIP"), 100, whole},
		{"case 23: no longer gzip", plain, gzipped, 200, head(), 100, end},
		{"case 23: gzip all at once", plain, bare, 200, head("Content-Encoding: gzip"), 100, end},
		{"case 24: chunked", middle, bare, 206, head("Content-Range: bytes 50-99/100"), -1, good},
		{"case 27: 403 to a ranged probe", probe, unknown, 403, head(), 10, none},
		{"case 27: 503 to a ranged probe", probe, unknown, 503, head(), 10, none},
		{"case 27: 503 that asks to wait", probe, unknown, 503, head("Retry-After: 7"), 10, want{Class: retry, After: 7 * time.Second}},
		{"case 27: 404 to a ranged probe", probe, unknown, 404, head(), 10, none},
		{"case 27: 403 to a plain probe", plainProbe, unknown, 403, head(), 10, end},
		{"case 33: 429", middle, bare, 429, head("Retry-After: 7"), 10, want{Class: shrink, After: 7 * time.Second}},
		{"case 33: 503 with a date", middle, bare, 503, head("Retry-After: Tue, 15 Nov 1994 08:13:01 GMT", date), 10, want{Class: shrink, After: 30 * time.Second}},
		{"case 34: garbage", middle, bare, 503, head("Retry-After: soon"), 10, less},
		{"case 34: in the past", middle, bare, 503, head("Retry-After: Tue, 15 Nov 1994 08:12:01 GMT", date), 10, less},
		{"case 34: absurd", middle, bare, 503, head("Retry-After: 99999999999999999999"), 10, want{Class: shrink, After: longestWait}},
		{"case 26: 403 to a large range", middle, bare, 403, head(), 10, alone},
		{"case 28: 405, as to HEAD, which is never sent", probe, unknown, 405, head("Allow: GET"), 10, end},
		{"case 29: only the response says how long it is", probe, unknown, 206, head("Content-Range: bytes 0-98/99"), 99, want{Span: span(0, 99)}},
		{"case 31: 503", middle, bare, 503, head(), 10, less},
		{"case 32: 403 where redirects led", there, bare, 403, head(), 10, elsewhere},
		{"case 32: 403 where redirects led anew", anew, bare, 403, head(), 10, alone},
		{"case 35: 410 where redirects led", there, bare, 410, head(), 10, elsewhere},
		{"case 35: 400 where redirects led", there, bare, 400, head(), 10, elsewhere},
		{"case 36: 404 where redirects led", there, bare, 404, head(), 10, elsewhere},
		{"case 36: 404 again", anew, bare, 404, head(), 10, end},
		{"case 37: 401 again", anew, bare, 401, head(), 10, end},
		{"case 42: a part without a length, whose end TLS must prove", middle, bare, 206, head("Content-Range: bytes 50-99/100"), -1, good},
		{"case 59: a cache has another version", middle, dated, 206, head("Content-Range: bytes 50-99/100", older, date), 50, other},
		{"case 60: a part that is stale", middle, known, 206, head("Content-Range: bytes 50-99/90", `ETag: "0"`, older, date, "Age: 86400"), 50, strike},
		{"case 61: another mirror with other bytes", anew, known, 206, head("Content-Range: bytes 50-99/100", older, date), 50, other},
		{"case 62: a body without end to a range", first, bare, 200, head(), -1, first30},
		{"case 63: another Content-Disposition", middle, known, 206, head("Content-Range: bytes 50-99/100", `ETag: "a"`, `Content-Disposition: attachment; filename="../x"`), 50, good},
		{"case 64: the server's clock is ten years off", middle, known, 206, head("Content-Range: bytes 50-99/100", `ETag: "a"`, old, "Date: Tue, 15 Nov 2004 08:12:31 GMT"), 50, good},
		{"405 is meant", middle, bare, 405, head(), 10, end},
		{"case 37: 401", middle, bare, 401, head(), 10, elsewhere},
		{"case 37: 407", middle, bare, 407, head(), 10, elsewhere},
		{"case 38: 500", middle, bare, 500, head(), 10, soon},
		{"case 38: 502", middle, bare, 502, head(), 10, soon},
		{"408", middle, bare, 408, head(), 10, soon},
		{"425", middle, bare, 425, head(), 10, soon},
		{"600 is no server error", middle, bare, 600, head(), 10, end},
		{"case 39: 304", middle, bare, 304, head(), 0, strike},
		{"case 39: 304 again", again, bare, 304, head(), 0, want{Class: fatal, Strike: true}},
		{"case 39: 412", middle, bare, 412, head(), 10, strike},
		{"case 39: 412 again", again, bare, 412, head(), 10, want{Class: fatal, Strike: true}},
		{"101", middle, bare, 101, head(), 0, end},
		{"204", probe, unknown, 204, head(), 0, end},
		{"202", probe, unknown, 202, head(), 10, end},
		{"300", probe, unknown, 300, head(), 10, end},
		{"302 without Location", probe, unknown, 302, head(), 10, end},

		{"resume: whole", resumed, unknown, 200, head(`ETag: "a"`), 100, strike},
		{"resume: whole, again", resumedAgain, unknown, 200, head(`ETag: "a"`), 100, whole},
		{"resume: whole, after a 416", resumed0, unknown, 200, head(`ETag: "a"`), 100, strike},
		{"resume: 403", resumed, unknown, 403, head(), 10, strike},
		{"resume: 403, again", resumedAgain, unknown, 403, head(), 10, none},
		{"resume: 407", resumed, unknown, 407, head(), 10, strike},
		{"resume: 407, again", resumedAgain, unknown, 407, head(), 10, end},
		{"resume: 405", resumed, unknown, 405, head(), 10, end},
		{"resume: 503", resumed, unknown, 503, head(), 10, strike},
		{"resume: 503, again", resumedAgain, unknown, 503, head(), 10, none},
		{"resume: gzip", resumed, unknown, 206, head("Content-Encoding: gzip", "Content-Range: bytes 50-99/100"), 50, strike},
		{"resume: gzip, again", resumedAgain, unknown, 206, head("Content-Encoding: gzip", "Content-Range: bytes 50-99/100"), 50, none},
		{"resume: gzip, whole", resumed, unknown, 200, head("Content-Encoding: gzip"), 50, strike},
		{"resume: no validator", resumed, unknown, 206, head("Content-Range: bytes 50-99/100"), 50, strike},
		{"resume: no validator, again", resumedAgain, unknown, 206, head("Content-Range: bytes 50-99/100"), 50, good},
		{"resume: a strong validator", resumed, unknown, 206, head("Content-Range: bytes 50-99/100", `ETag: "a"`), 50, good},
		{"resume: several parts", resumed, unknown, 206, head("Content-Type: multipart/byteranges"), 50, strike},
		{"resume: total not told", resumed, unknown, 206, head("Content-Range: bytes 50-99/*", `ETag: "a"`), 50, strike},
		{"resume: an empty file", resumed, unknown, 416, head("Content-Range: bytes */0"), 10, strike},
		{"resume: past the end", resumed, unknown, 416, head("Content-Range: bytes */40"), 10, none},
		{"resume: 416 to byte 0", resumed0, unknown, 416, head(), 10, strike},
		{"resume: 404", resumed, unknown, 404, head(), 10, strike},

		{"stream: the whole file, read on", stream, known, 200, head(`ETag: "a"`), 100, want{Span: span(50, 100), Skip: 50}},
		{"stream: a part after all", stream, known, 206, head("Content-Range: bytes 50-99/100", `ETag: "a"`), 50, good},
		{"stream: a wrong part", stream, known, 206, head("Content-Range: bytes 0-49/100", `ETag: "a"`), 50, strike},
		{"stream: several parts", stream, known, 206, head("Content-Type: multipart/byteranges"), 300, strike},
		{"stream: without a range", plainStream, known, 200, head(`ETag: "a"`), 100, want{Span: span(50, 100), Skip: 50}},
		{"stream: another version", plainStream, known, 200, head(`ETag: "a"`), 101, other},

		{"whole", plain, bare, 200, head(), 100, whole},
		{"whole, length not told", plain, bare, 200, head(), -1, whole},
		{"whole, nothing known", endless, unknown, 200, head(), -1, want{Span: span(0, math.MaxInt64)}},
		{"whole, length told at last", endless, unknown, 200, head(), 70, want{Span: span(0, 70)}},
		{"206 where no range was asked for", plain, bare, 206, head("Content-Range: bytes 0-99/100"), 100, strike},
		{"206 where no range was asked for, again", plainAgain, bare, 206, head("Content-Range: bytes 0-99/100"), 100, want{Class: fatal, Strike: true}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			a := answer{status: row.status, header: row.header, length: row.length, chunked: row.length < 0}
			v := judge(row.q, row.known, a)
			got := want{v.class, v.strike, v.doubt, v.tag, v.fickle, v.final, v.span, v.skip, v.after}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("%s (-want +got)\nreason: %s", diff, v.reason)
			}
			if v.class != accept && v.reason == "" && v.status == 0 {
				t.Error("no reason given")
			}
			if v.class == accept && (v.reach < v.span.End || v.skip < 0) {
				t.Errorf("it holds bytes up to %d, after %d", v.reach, v.skip)
			}
			q := row.q
			q.doubts = maxSilent
			if v := judge(q, row.known, a); row.want.Doubt && v.class != changed {
				t.Errorf("asked past the caches: %+v", v)
			}
		})
	}
}

func TestJudgeFacts(t *testing.T) {
	q := question{r: span(0, unbounded), ranged: true, probe: true}
	unknown := fact{id: segment.Identity{Size: -1}}
	rows := []struct {
		name     string
		answer   answer
		size     int64
		whole    bool
		unproven bool
		coding   string
	}{
		{"206", answer{status: 206, header: head("Content-Range: bytes 0-9/10"), length: 10}, 10, false, false, ""},
		{"chunked 206 (case 24)", answer{status: 206, header: head("Content-Range: bytes 0-9/10"), length: -1, chunked: true}, 10, false, false, ""},
		{"200", answer{status: 200, length: 10}, 10, true, false, ""},
		{"chunked 200 (case 25)", answer{status: 200, length: -1, chunked: true}, -1, true, false, ""},
		{"200 until it closes (case 41)", answer{status: 200, length: -1}, -1, true, true, ""},
		{"gzip (case 23)", answer{status: 200, header: head("Content-Encoding: gzip"), length: 10}, 10, true, false, "gzip"},
		{"empty (case 21)", answer{status: 416, header: head("Content-Range: bytes */0"), length: 3}, 0, true, false, ""},
	}
	for _, row := range rows {
		v := judge(q, unknown, row.answer)
		if v.class != accept || v.fact.id.Size != row.size || v.whole != row.whole || v.unproven != row.unproven || v.fact.coding != row.coding {
			t.Errorf("%s: %+v", row.name, v)
		}
	}
}

func TestChangeNamesWhatChanged(t *testing.T) {
	a := identity(head(`ETag: "a"`, old, date), 5)
	rows := []struct {
		b    segment.Identity
		want string
	}{
		{identity(head(`ETag: "a"`, old), 6), "its size was 5 and is 6"},
		{identity(head("ETag: \"b\x1b[2J\u202e\"", old), 5), `its ETag was "a" and is "b\x1b[2J\u202e"`},
		{identity(head(older), 5), "it was last modified at 1994-11-14T08:12:31Z and now at 1994-11-13T08:12:31Z"},
	}
	for _, row := range rows {
		if !a.Conflicts(row.b) {
			t.Errorf("%v does not conflict", row.b)
		}
		if got := difference(a, row.b); got != row.want {
			t.Errorf("got %s\nwant %s", got, row.want)
		}
	}
}
