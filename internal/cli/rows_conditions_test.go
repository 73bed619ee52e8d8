package cli

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The forms of a date beside that of RFC 9110, and some other dates.
const (
	rfc850  = "Monday, 02-Jan-06 15:04:05 GMT"
	asctime = "Mon Jan _2 15:04:05 2006"

	longAgo = "Sun, 06 Nov 1994 08:49:37 GMT"
	faraway = "Sun, 06 Nov 2094 08:49:37 GMT"
)

// restyled is a date in another form.
func restyled(date, form string) string {
	t, err := http.ParseTime(date)
	if err != nil {
		return "" // of a site that has not been served
	}
	return t.UTC().Format(form)
}

// shifted is a date d later.
func shifted(date string, d time.Duration) string {
	t, err := http.ParseTime(date)
	if err != nil {
		return ""
	}
	return t.UTC().Add(d).Format(http.TimeFormat)
}

func TestRowsConditions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.hold(t, s.conditionRows())
}

func (s *site) conditionRows() []requirement {
	const f, im, inm, ims, ius = "GET /f.bin", "If-Match: ", "If-None-Match: ", "If-Modified-Since: ", "If-Unmodified-Since: "
	ok := func(row int, fields ...string) requirement { return requirement{row, f, fields, 200, "", s.all, nil} }
	failed := func(row int, fields ...string) requirement { return requirement{row, f, fields, 412, "", nil, nil} }
	same := func(row int, fields ...string) requirement {
		return requirement{row, f, fields, 304, "", []byte{}, hasFields("ETag", s.etag, "Cache-Control", "no-transform")}
	}
	before, after := shifted(s.modified, -time.Second), shifted(s.modified, time.Second)
	return []requirement{
		ok(54, im+"*"), ok(54, im+s.etag), ok(54, im+`"a", `+s.etag),
		{54, f, []string{im + s.etag, "Range: bytes=5-6"}, 206, "bytes 5-6/10000", s.all[5:7], nil},
		failed(55, im+`"y"`), failed(55, im+"W/"+s.etag), failed(55, im), failed(55, im+strings.ToLower(`"Y"`)),
		{55, "HEAD /f.bin", []string{im + `"y"`}, 412, "", []byte{}, nil},
		ok(56, im+`"y"`, im+s.etag), ok(56, im+`,, "a" ,	,`+s.etag+","), failed(56, im+`"y"`, im+`"z"`), failed(56, im+`"a" `+s.etag),
		{57, "GET /nope", []string{im + `"y"`}, 404, "", nil, nil}, {57, "GET /nope", []string{inm + "*"}, 404, "", nil, nil},
		{57, "GET /nope", []string{ius + longAgo}, 404, "", nil, nil}, {57, "GET /nope", []string{ims + faraway}, 404, "", nil, nil},
		failed(58, ius+before), failed(58, ius+longAgo), ok(58, ius+s.modified), ok(58, ius+after), ok(58, ius+faraway),
		failed(58, ius+restyled(before, rfc850)), failed(58, ius+restyled(before, asctime)),
		ok(59, ius+"x"), ok(59, ius+longAgo, ius+longAgo), ok(59, ius+longAgo+", "+longAgo), ok(59, ius+"0"),
		ok(60, im+s.etag, ius+longAgo), ok(60, im+"*", ius+longAgo),
		same(61, inm+s.etag), same(61, inm+"W/"+s.etag), same(61, inm+"*"), same(61, inm+`"a", `+s.etag), same(61, inm+`"a"`, inm+s.etag), ok(61, inm+`"a"`),
		{61, "HEAD /f.bin", []string{inm + s.etag}, 304, "", []byte{}, nil}, {61, "HEAD /f.bin", []string{inm + "*"}, 304, "", []byte{}, nil},
		same(62, inm+s.etag, "Accept-Encoding: gzip"),
		ok(63, inm+`"*"`), failed(63, im+`"*"`), ok(63, inm+`"a", *`), failed(63, im+`"a", *`), failed(63, im+"*", im+`"a"`),
		ok(64, inm+`"y"`, ims+after), ok(64, inm+`"y"`, ims+faraway), same(64, inm+s.etag, ims+longAgo),
		same(65, ims+s.modified), same(65, ims+after), same(65, ims+faraway), ok(65, ims+before), ok(65, ims+longAgo),
		{65, "HEAD /f.bin", []string{ims + s.modified}, 304, "", []byte{}, nil},
		ok(66, ims+"x"), ok(66, ims+after, ims+after), ok(66, ims+after+"; length=5"), ok(66, ims+after+", "+after),
		same(67, im+s.etag, inm+s.etag), failed(67, im+`"y"`, inm+s.etag), same(67, im+"*", inm+"*"), failed(67, ius+longAgo, inm+s.etag),
		same(68, inm+s.etag, "Range: bytes=0-1"), same(68, inm+s.etag, "Range: bytes=10000-"), same(68, ims+s.modified, "Range: bytes=0-1"),
		failed(69, im+`"y"`, "Range: bytes=10000-"), failed(69, ius+longAgo, "Range: bytes=10000-"),
		failed(70, im+"foo"), ok(70, inm+"foo"), ok(70, inm+`"foo`), ok(70, inm+"w/"+s.etag), ok(70, inm+s.etag+", y"), failed(70, im+s.etag+", y"), ok(70, inm+"W/"),
	}
}

func TestRowsIfRange(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.hold(t, s.ifRangeRows())
}

func (s *site) ifRangeRows() []requirement {
	const f, span = "GET /f.bin", "Range: bytes=5-6"
	some := func(row int, field string) requirement {
		return requirement{row, f, []string{"If-Range: " + field, span}, 206, "bytes 5-6/10000", s.all[5:7],
			hasFields("ETag", s.etag, "Last-Modified", s.modified, "Cache-Control", "no-transform", "Accept-Ranges", "bytes")}
	}
	whole := func(row int, fields ...string) requirement { return requirement{row, f, fields, 200, "", s.all, nil} }
	other := func(row int, field string) requirement { return whole(row, "If-Range: "+field, span) }
	return []requirement{
		some(71, s.etag),
		other(72, "W/"+s.etag),
		other(73, `"y"`), other(73, "foo"), other(73, ""), other(73, "*"), other(73, s.etag+`, "y"`), other(73, `"y", `+s.etag),
		whole(73, "If-Range: "+s.etag, "If-Range: "+s.etag, span), whole(73, "If-Range: "+s.modified, "If-Range: "+s.etag, span),
		some(74, s.modified),
		other(75, shifted(s.modified, -time.Second)), other(75, shifted(s.modified, time.Second)), other(75, longAgo), other(75, faraway),
		some(77, restyled(s.modified, rfc850)), some(77, restyled(s.modified, asctime)),
		whole(78, "If-Range: "+s.etag), whole(78, `If-Range: "y"`),
		whole(79, `If-Range: "y"`, "Range: bytes=10000-"), whole(79, "If-Range: "+longAgo, "Range: bytes=10000-"),
		{80, f, []string{"If-Range: " + s.etag, "Range: bytes=10000-"}, 416, "bytes */10000", nil, nil},
		{80, f, []string{"If-Range: " + s.modified, "Range: bytes=-0"}, 416, "bytes */10000", nil, nil},
		some(81, s.etag),
		{81, f, []string{span}, 206, "bytes 5-6/10000", s.all[5:7], hasFields("ETag", s.etag, "Last-Modified", s.modified, "Cache-Control", "no-transform", "Accept-Ranges", "bytes")},
		{81, f, []string{"Range: bytes=0-1,5-6"}, 206, "", nil, hasFields("ETag", s.etag, "Last-Modified", s.modified, "Cache-Control", "no-transform", "Accept-Ranges", "bytes")},
	}
}

// Rows 3, 5 and 76: a file that changed this very second, and one that claims to be from the future.
func TestRowsFresh(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := filepath.Join(s.dir, "fresh")
	c := dial(t, s.addr)
	for try := 0; ; try++ {
		if err := os.WriteFile(path, s.all, 0o644); err != nil {
			t.Fatal(err)
		}
		written := time.Now()
		a := c.get("GET /fresh")
		tag, then := a.Header.Get("ETag"), a.Header.Get("Last-Modified")
		byTag := c.get("GET /fresh", "Range: bytes=5-6", "If-Range: "+tag)
		byDate := c.get("GET /fresh", "Range: bytes=5-6", "If-Range: "+then)
		if time.Since(written) >= 2*time.Second && try < 5 {
			continue // it has aged meanwhile
		}
		if !strings.HasPrefix(tag, "W/") || byTag.StatusCode != 200 || byDate.StatusCode != 200 || !bytes.Equal(byTag.body, s.all) {
			t.Errorf("rows 5, 72 and 76: ETag %s, and If-Range gives %s and %s", tag, byTag.Status, byDate.Status)
		}
		break
	}
	aged(t, path, time.Hour)
	a := c.get("GET /fresh")
	if then := a.Header.Get("Last-Modified"); then != a.Header.Get("Date") || !strings.HasPrefix(a.Header.Get("ETag"), "W/") {
		t.Errorf("row 3: Last-Modified %s, Date %s, ETag %s", then, a.Header.Get("Date"), a.Header.Get("ETag"))
	}
	for _, date := range []string{a.Header.Get("Last-Modified"), shifted(a.Header.Get("Date"), time.Hour)} {
		if b := c.get("GET /fresh", "Range: bytes=5-6", "If-Range: "+date); b.StatusCode != 200 {
			t.Errorf("row 76: If-Range with %s: %s", date, b.Status)
		}
	}
	for _, fault := range append(faults(a), faults(c.get("GET /fresh", "If-None-Match: *"))...) {
		t.Errorf("row 3: %s", fault)
	}
}
