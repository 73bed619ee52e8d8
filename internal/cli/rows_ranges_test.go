package cli

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"regexp"
	"strings"
	"testing"
)

func TestRowsWhole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.file(t, "f.csv.gz", []byte("not what is asked for"))
	s.hold(t, s.wholeRows())
}

func (s *site) wholeRows() []requirement {
	const f = "GET /f.bin"
	gzipped := []string{"Accept-Encoding: gzip, br;q=1.0, *;q=0.5"}
	return []requirement{
		{1, f, nil, 200, "", s.all, hasFields("Content-Length", "10000", "Accept-Ranges", "bytes", "Last-Modified", s.modified, "ETag", s.etag)},
		{1, "GET /empty", nil, 200, "", []byte{}, hasFields("Content-Length", "0")},
		{2, "HEAD /f.bin", nil, 200, "", []byte{}, hasFields("Content-Length", "10000", "Accept-Ranges", "bytes", "Last-Modified", s.modified, "ETag", s.etag)},
		{4, f, []string{"If-Modified-Since: " + s.modified}, 304, "", []byte{}, nil},
		{4, f, []string{"If-Modified-Since: " + restyled(s.modified, rfc850)}, 304, "", []byte{}, nil},
		{4, f, []string{"If-Modified-Since: " + restyled(s.modified, asctime)}, 304, "", []byte{}, nil},
		{4, f, []string{"If-Modified-Since: 2094-11-06T08:49:37Z"}, 200, "", s.all, nil},
		{6, "GET /f.csv", gzipped, 200, "", s.all, hasFields("Content-Type", "text/csv; charset=utf-8")}, // a stored variant is sent only if asked for when started
		{8, "GET /nope", nil, 404, "", nil, nil},
		{8, f, []string{`If-Match: "other"`}, 412, "", nil, nil},
		{8, f, []string{"Range: bytes=10000-"}, 416, "bytes */10000", nil, nil},
		{111, "GET /echo-me", []string{"X-Echo: echo-me"}, 404, "", nil, hasFields("X-Content-Type-Options", "nosniff", "Content-Security-Policy", "default-src 'none'")},
		{113, f, append(gzipped, "Range: bytes=5-6"), 206, "bytes 5-6/10000", s.all[5:7], nil},
		{113, "GET /f.csv", append(gzipped, "Range: bytes=5-6"), 206, "bytes 5-6/10000", s.all[5:7], nil},
	}
}

// Rows 6, 87 and 113, where a stored variant is sent to who prefers it. Its bytes are what everything counts.
func TestRowsStoredVariants(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	stored := []byte("what the variant has need not be compressed for this")
	s.file(t, "f.csv.gz", stored)
	s.addr = served(t, "--precompressed", s.dir)
	c := dial(t, s.addr)
	const gzip = "Accept-Encoding: gzip"
	plain, coded := c.get("GET /f.csv"), c.get("GET /f.csv", gzip)
	tag := coded.Header.Get("ETag")
	if !bytes.Equal(plain.body, s.all) || !bytes.Equal(coded.body, stored) || tag == plain.Header.Get("ETag") ||
		coded.Header.Get("Content-Encoding") != "gzip" || plain.Header.Get("Content-Encoding") != "" || coded.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("plain: %v\ncoded: %v", plain.Header, coded.Header)
	}
	part := c.get("GET /f.csv", gzip, "Range: bytes=5-6", "If-Range: "+tag)
	if part.StatusCode != 206 || !bytes.Equal(part.body, stored[5:7]) || part.Header.Get("ETag") != tag || part.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("a part of the variant: %s, %q, %v", part.Status, part.body, part.Header)
	}
	same := c.get("GET /f.csv", gzip, "If-None-Match: "+tag)
	if same.StatusCode != 304 || same.Header.Get("ETag") != tag {
		t.Errorf("the same variant: %s, %v", same.Status, same.Header)
	}
	for what, a := range map[string]answer{"plain": plain, "coded": coded, "a part": part, "the same": same} {
		if a.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: %s, Vary is %q", what, a.Status, a.Header.Get("Vary"))
		}
	}
}

// hasFields wants fields of a header to have exactly these values.
func hasFields(pairs ...string) func(answer) string {
	return func(a answer) string {
		for i := 0; i < len(pairs); i += 2 {
			if got := a.Header.Get(pairs[i]); got != pairs[i+1] {
				return fmt.Sprintf("%s is %q, not %q", pairs[i], got, pairs[i+1])
			}
		}
		return ""
	}
}

func TestRowsOneRange(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.hold(t, s.rangeRows())
}

func (s *site) rangeRows() []requirement {
	const f = "GET /f.bin"
	some := func(row int, field string, off, end int) requirement {
		return requirement{row, f, []string{"Range: " + field}, 206, fmt.Sprintf("bytes %d-%d/10000", off, end-1), s.all[off:end], nil}
	}
	whole := func(row int, fields ...string) requirement { return requirement{row, f, fields, 200, "", s.all, nil} }
	none := func(row int, field string) requirement {
		return requirement{row, f, []string{"Range: " + field}, 416, "bytes */10000", nil, nil}
	}
	hundred := strings.Repeat("9", 100)
	rows := []requirement{
		some(9, "bytes=0-499", 0, 500),
		some(10, "bytes=9500-", 9500, 10000), some(10, "bytes=-500", 9500, 10000),
		some(11, "bytes=-20000", 0, 10000), some(11, "bytes=-10000", 0, 10000),
		some(12, "bytes=9000-99999", 9000, 10000), some(12, "bytes=9000-10000", 9000, 10000),
		some(13, "bytes=0-", 0, 10000),
		some(14, "bytes=9999-9999", 9999, 10000), some(14, "bytes=9999-", 9999, 10000), some(14, "bytes=-1", 9999, 10000),
		none(15, "bytes=10000-"), none(15, "bytes=10000-10000"), none(15, "bytes=20000-30000"),
		none(16, "bytes=-0"), none(16, "bytes=-00"),
		some(17, "Bytes=0-3", 0, 4), some(17, "BYTES=0-3", 0, 4), some(17, "bYtEs=-1", 9999, 10000),
		whole(18, "Range: items=0-5"), whole(18, "Range: bytesX=1-2"), whole(18, "Range: items=10000-"), whole(18, "Range: bytes =1-2"), whole(18, "Range: none"),
		some(19, "bytes= 0-999", 0, 1000), some(19, "bytes=\t0-999 \t", 0, 1000),
		whole(29, "Range: bytes=0-1", "Range: bytes=0-1"), whole(29, "Range: bytes=0-1", "Range: bytes=10000-"), whole(29, "Range: bytes=0-1", "Range:"),
		{30, "GET /nope", []string{"Range: bytes=0-1"}, 404, "", nil, nil},
		{30, "GET /", []string{"Range: bytes=0-1", "Accept: application/json"}, 200, "", nil, nil},
		whole(31, "Content-Range: bytes 0-1/10000"),
		{31, f, []string{"Content-Range: bytes 0-1/10000", "Range: bytes=5-6"}, 206, "bytes 5-6/10000", s.all[5:7], nil},
		some(22, "bytes=0000-0004", 0, 5),
		some(26, "bytes=0-18446744073709551615", 0, 10000), some(26, "bytes=0-9223372036854775807", 0, 10000),
		some(26, "bytes=0-9223372036854775808", 0, 10000), some(26, "bytes=5-"+hundred, 5, 10000),
		none(27, "bytes=18446744073709551616-"), none(27, "bytes=18446744073709551617-18446744073709551620"),
		none(27, "bytes=9223372036854775808-"), none(27, "bytes=9223372036854775807-"), none(27, "bytes="+hundred+"-"),
		some(28, "bytes=-9223372036854775808", 0, 10000), some(28, "bytes=-18446744073709551617", 0, 10000), some(28, "bytes=-"+hundred, 0, 10000),
	}
	for n, fields := range map[int][]string{
		21: {"bytes=", "bytes=,", "bytes=-", "bytes", "", "=0-1", "0-1"},
		23: {"bytes=+1-2", "bytes=1-+2", "bytes=0x01-0x02", "bytes=a-b", "bytes=1-b", "bytes=٠-٣", "bytes=1_0-20", "bytes=1.0-2", "bytes=0-" + hundred + "x"},
		24: {"bytes=5-4", "bytes=--5", "bytes=1--2", "bytes=1-2-3", "bytes=7", "bytes=20000-19999"},
		25: {"bytes=1 - 2", "bytes=1- 2", "bytes=1 -2", "bytes=1 2-3", "bytes=- 5"},
	} {
		for _, field := range fields {
			rows = append(rows, whole(n, "Range: "+field))
		}
	}
	return rows
}

func TestRowsSeveralRanges(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.hold(t, s.severalRows())
}

func (s *site) severalRows() []requirement {
	const f = "GET /f.csv"
	parts := func(row int, field string, spans ...[2]int) requirement {
		return requirement{row, f, []string{"Range: " + field}, 206, "", nil, s.partsOf(spans)}
	}
	some := func(row int, field string, off, end int) requirement {
		return requirement{row, f, []string{"Range: " + field}, 206, fmt.Sprintf("bytes %d-%d/10000", off, end-1), s.all[off:end], nil}
	}
	whole := func(row int, field string) requirement {
		return requirement{row, f, []string{"Range: " + field}, 200, "", s.all, nil}
	}
	none := func(row int, field string) requirement {
		return requirement{row, f, []string{"Range: " + field}, 416, "bytes */10000", nil, nil}
	}
	list := func(n int, each func(i int) string) string {
		all := make([]string, n)
		for i := range all {
			all[i] = each(i)
		}
		return "bytes=" + strings.Join(all, ",")
	}
	apart := func(i int) string { return fmt.Sprintf("%d-%d", 10*i, 10*i) }
	sixteen := make([][2]int, 16)
	for i := range sixteen {
		sixteen[i] = [2]int{10 * i, 10*i + 1}
	}
	killer := "bytes=0-" // CVE-2011-3192, as its exploit sends it
	for i := range 1300 {
		killer += fmt.Sprintf(",5-%d", i)
	}
	return []requirement{
		parts(20, "bytes=,\t,1-3 ,, ,5-9,", [2]int{1, 4}, [2]int{5, 10}),
		parts(32, "bytes=0-1,97-98", [2]int{0, 2}, [2]int{97, 99}),
		parts(32, "bytes=601-999,500-599", [2]int{601, 1000}, [2]int{500, 600}),
		parts(34, "bytes=0-0,-1", [2]int{0, 1}, [2]int{9999, 10000}),
		parts(35, "bytes=500-600,601-999", [2]int{500, 601}, [2]int{601, 1000}),
		some(36, "bytes=500-700,601-999", 500, 1000), some(36, "bytes=601-999,500-700", 500, 1000), some(36, "bytes=0-9,5-7", 0, 10),
		parts(36, "bytes=601-999,0-9,500-700", [2]int{500, 1000}, [2]int{0, 10}),
		some(37, "bytes=100000-,0-9", 0, 10), some(37, "bytes=-0,0-9", 0, 10),
		parts(37, "bytes=1-2,100000-,-7", [2]int{1, 3}, [2]int{9993, 10000}),
		none(38, "bytes=100000-,-0"), none(38, "bytes=10000-,20000-30000"),
		whole(39, "bytes=1-4,x"), whole(39, "bytes=1-4,5-2"), whole(39, "bytes=100000-,5-2"),
		whole(40, "bytes=0-9,5-14,10-19"), whole(40, "bytes=0-9,5-14,100-109,105-114"),
		whole(41, "bytes=0-,0-"), whole(41, "bytes=0-5000,5000-9999"),
		parts(41, "bytes=0-4999,5000-9999", [2]int{0, 5000}, [2]int{5000, 10000}),
		parts(42, list(16, apart), sixteen...),
		whole(42, list(17, apart)), whole(42, list(17, func(int) string { return "100000-" })),
		some(43, "bytes=0-9", 0, 10), some(43, "bytes=,0-9,", 0, 10),
		whole(44, killer),
		whole(45, list(700, apart)),
		whole(46, list(100, func(int) string { return "0-9" })),
		some(48, "bytes=0-1"+strings.Repeat(",", 1024-9), 0, 2), whole(48, "bytes=0-1"+strings.Repeat(",", 1024)),
		{48, f, []string{"X-Filler: " + strings.Repeat("x", 15<<10)}, 200, "", s.all, nil},
	}
}

// partsOf wants an answer of these parts [off, end), in this order, and nothing else.
func (s *site) partsOf(spans [][2]int) func(answer) string {
	return func(a answer) string {
		kind, params, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
		boundary := params["boundary"]
		if err != nil || kind != "multipart/byteranges" || !regexp.MustCompile(`^[0-9A-Za-z]{16,70}$`).MatchString(boundary) ||
			strings.Contains(a.Header.Get("Content-Type"), `"`) {
			return "Content-Type is " + a.Header.Get("Content-Type")
		}
		if a.ContentLength != int64(len(a.body)) || !bytes.HasPrefix(a.body, []byte("--"+boundary+"\r\n")) || !bytes.HasSuffix(a.body, []byte("\r\n--"+boundary+"--\r\n")) {
			return fmt.Sprintf("Content-Length %d: %d bytes, %.60q … %.60q", a.ContentLength, len(a.body), a.body, a.body[max(0, len(a.body)-60):])
		}
		parts := multipart.NewReader(bytes.NewReader(a.body), boundary)
		for _, span := range spans {
			p, err := parts.NextRawPart()
			if err != nil {
				return err.Error()
			}
			got, err := io.ReadAll(p)
			if err != nil || !bytes.Equal(got, s.all[span[0]:span[1]]) {
				return fmt.Sprintf("part %v: %d other bytes, %v", span, len(got), err)
			}
			if p.Header.Get("Content-Range") != fmt.Sprintf("bytes %d-%d/10000", span[0], span[1]-1) || p.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
				return fmt.Sprintf("part %v has %v", span, p.Header)
			}
		}
		if _, err := parts.NextRawPart(); err != io.EOF {
			return fmt.Sprintf("there are more than %d parts (%v)", len(spans), err)
		}
		return ""
	}
}

// Row 33: a boundary is not to be guessed.
func TestRowsBoundary(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	seen := map[string]bool{}
	c := dial(t, s.addr)
	for range 20 {
		a := c.get("GET /f.csv", "Range: bytes=0-1,97-98")
		if kind := a.Header.Get("Content-Type"); seen[kind] || a.StatusCode != 206 {
			t.Errorf("%s: %s again", a.Status, kind)
		} else {
			seen[kind] = true
		}
	}
}

func TestRowsEmptyHeadAndOld(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.hold(t, s.emptyRows())
}

func (s *site) emptyRows() []requirement {
	rows := []requirement{
		{51, "HEAD /f.bin", []string{"Range: bytes=0-1"}, 200, "", []byte{}, hasFields("Content-Length", "10000")},
		{51, "HEAD /f.bin", []string{"Range: bytes=0-1,5-6"}, 200, "", []byte{}, hasFields("Content-Length", "10000")},
		{51, "HEAD /f.bin", []string{"Range: bytes=10000-"}, 200, "", []byte{}, hasFields("Content-Length", "10000")},
		{52, "HEAD /f.bin", []string{"Range: bytes=0-1", "If-Range: " + s.etag}, 200, "", []byte{}, hasFields("Content-Length", "10000")},
		{52, "HEAD /f.bin", []string{"Range: bytes=0-1", `If-Range: "y"`}, 200, "", []byte{}, hasFields("Content-Length", "10000")},
		{53, "GET /f.bin HTTP/1.0", []string{"Range: bytes=0-1"}, 206, "bytes 0-1/10000", s.all[:2], nil},
		{53, "GET /f.bin HTTP/1.0", []string{"Range: bytes=0-1,5-6"}, 206, "", nil, nil},
		{53, "GET /f.bin HTTP/1.0", nil, 200, "", s.all, nil},
	}
	for _, field := range []string{"bytes=0-", "bytes=0-0", "bytes=-0", "bytes=5-9"} {
		rows = append(rows, requirement{49, "GET /empty", []string{"Range: " + field}, 200, "", []byte{}, hasFields("Content-Length", "0")})
	}
	for _, field := range []string{"bytes=-5", "bytes=-1"} {
		rows = append(rows, requirement{50, "GET /empty", []string{"Range: " + field}, 200, "", []byte{}, hasFields("Content-Length", "0")})
	}
	return rows
}

// Row 2.
func TestRowsHeadEqualsGet(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/f.bin", "/transfer/f.bin", "/pattern/5000?seed=3", "/", "/nope", "/pattern/x", "/empty"} {
		c := dial(t, s.addr)
		get, head := c.get("GET "+path), c.get("HEAD "+path)
		get.Header.Del("Date")
		head.Header.Del("Date")
		if fmt.Sprint(get.StatusCode, get.Header) != fmt.Sprint(head.StatusCode, head.Header) || len(head.body) > 0 {
			t.Errorf("%s: %s %v on GET; %s %v and %d bytes on HEAD", path, get.Status, get.Header, head.Status, head.Header, len(head.body))
		}
	}
}

// Row 7.
func TestRowsMethods(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, line := range []string{"OPTIONS /f.bin", "OPTIONS *", "OPTIONS /nope"} {
		a := dial(t, s.addr).get(line, "Range: bytes=0-1", `If-Match: "y"`)
		if a.StatusCode != 204 || a.Header.Get("Allow") != "GET, HEAD, OPTIONS" || len(a.body) > 0 {
			t.Errorf("%s: %s, Allow %q", line, a.Status, a.Header.Get("Allow"))
		}
	}
	for _, line := range []string{"POST /f.bin", "PUT /new", "DELETE /f.bin", "PATCH /f.bin", "TRACE /f.bin", "PROPFIND /", "get /f.bin", "CONNECT x:80"} {
		a := dial(t, s.addr).ask(line, `If-Match: "y"`)
		if a.StatusCode != 405 || a.Header.Get("Allow") != "GET, HEAD, OPTIONS" || strings.HasPrefix(line, "CONNECT") && !a.Close {
			t.Errorf("%s: %s, Allow %q, close %v", line, a.Status, a.Header.Get("Allow"), a.Close)
		}
	}
}

// Row 48, whose answer comes before there is a request.
func TestRowsHeaderTooLarge(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if a := dial(t, s.addr).ask("GET /f.bin", "X-Filler: "+strings.Repeat("x", 16<<10)); a.StatusCode != 431 {
		t.Errorf("more than 16 KiB of header: %s", a.Status)
	}
}
