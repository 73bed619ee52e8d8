package source

import (
	"net/http"
	"strings"
	"testing"

	"braid/segment"
)

// Whatever an answer says, the gate lets through only bytes that were asked for,
// that the answer itself claims to be these, and of no other version than the
// known one.
func FuzzJudge(f *testing.F) {
	for _, text := range []string{
		"Content-Range: bytes 50-99/100\nETag: \"a\"",
		"Content-Range: bytes 0-99/100\nETag: \"b\"\nLast-Modified: Mon, 14 Nov 1994 08:12:31 GMT",
		"Content-Range: bytes 9223372036854775806-9223372036854775807/*",
		"Content-Range: bytes */40", "Content-Encoding: gzip", "Content-Type: multipart/byteranges; boundary=x",
		"Retry-After: 99999999999", "ETag: W/\"a\"\nDate: Tue, 15 Nov 1994 08:12:31 GMT",
	} {
		f.Add(206, text, int64(50), int64(50), int64(100), int64(100), uint16(1))
		f.Add(200, text, int64(100), int64(0), int64(100), int64(100), uint16(2))
		f.Add(416, text, int64(-1), int64(50), int64(unbounded), int64(-1), uint16(3))
	}
	f.Fuzz(func(t *testing.T, status int, text string, length, off, end, size int64, flags uint16) {
		flag := func(i int) bool { return flags>>i&1 == 1 }
		header := http.Header{}
		for line := range strings.Lines(text) {
			if key, value, ok := strings.Cut(strings.TrimRight(line, "\n"), ": "); ok {
				header.Add(key, value)
			}
		}
		q := question{
			r: segment.Range{Off: max(off, 0), End: end}, ranged: flag(0), probe: flag(1), resume: flag(1) && flag(2),
			strikes: int(flags >> 3 & 1), stream: flag(4) && !flag(1), redirected: flag(5), resolved: flag(6), doubts: int(flags >> 7 & 1),
		}
		if flag(8) {
			q.tags = []string{`"b"`}
		}
		known := fact{id: segment.Identity{Size: max(size, -1)}}
		if flag(9) && size >= 0 {
			known.id.ETag = `"a"`
		}
		switch {
		case q.r.Empty():
			return
		case q.probe:
			known = fact{id: segment.Identity{Size: -1}}
		case size >= 0 && q.r.Off >= size:
			return // never asked for
		}
		v := judge(q, known, answer{status: status, header: header, length: max(length, -1), chunked: flag(10)})
		if v.class != accept {
			if v.reason == "" && v.status == 0 {
				t.Error("refused without a reason")
			}
			return
		}
		told, total, err := parseContentRange(header.Get("Content-Range"))
		switch {
		case v.span.Empty() && !(q.probe && v.fact.id.Size == 0) && known.id.Size != 0 && length != 0:
			t.Errorf("nothing of %v is accepted", q.r)
		case !q.probe && !v.span.Empty() && (v.span.Off != q.r.Off || v.span.End > q.r.End):
			t.Errorf("asked for %v, accepted %v", q.r, v.span)
		case v.span.End > v.reach || v.skip < 0 || v.skip > v.span.Off:
			t.Errorf("accepted %v after %d, of what goes to %d", v.span, v.skip, v.reach)
		case status == 206 && (err != nil || told.Intersect(v.span) != v.span || v.reach > told.End || v.span.Off-v.skip != told.Off):
			t.Errorf("accepted %v after %d, of an answer that is %v", v.span, v.skip, told)
		case status == 206 && known.id.Size >= 0 && total >= 0 && total != known.id.Size:
			t.Errorf("accepted a part of %d bytes, the file has %d", total, known.id.Size)
		case status == 206 && header.Get("Content-Encoding") != "" && coding(header) != "":
			t.Error("accepted a part of a coded file")
		case !q.probe && !q.stream && q.ranged && q.r.Off > 0 && v.whole:
			t.Error("accepted the whole file for a range")
		case known.id.ETag != "" && header.Get("ETag") != known.id.ETag && !v.fickle:
			t.Errorf("accepted %q of %q", header.Get("ETag"), known.id.ETag)
		}
	})
}
