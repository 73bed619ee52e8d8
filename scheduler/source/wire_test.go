package source

import (
	"math"
	"strings"
	"testing"
	"time"

	"braid/segment"
)

func TestFormatRange(t *testing.T) {
	for want, r := range map[string]segment.Range{
		"bytes=0-0":                   span(0, 1),
		"bytes=50-99":                 span(50, 100),
		"bytes=7-":                    span(7, unbounded),
		"bytes=0-9223372036854775805": span(0, math.MaxInt64-1),
		"bytes=9223372036854775804-9223372036854775805": span(math.MaxInt64-3, math.MaxInt64-1),
	} {
		if got := formatRange(r); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestParseContentRange(t *testing.T) {
	good := []struct {
		in    string
		r     segment.Range
		total int64
	}{
		{"bytes 0-0/1", span(0, 1), 1},
		{"bytes 0-499/1234", span(0, 500), 1234},
		{"bytes 734-1233/1234", span(734, 1234), 1234},
		{"BYTES 1-2/*", span(1, 3), -1},
		{"bytes */0", span(0, 0), 0},
		{"bytes */1234", span(0, 0), 1234},
		{" bytes  1-2/3 ", span(1, 3), 3},
		{"bytes 0-1152921504606846975/1152921504606846976", span(0, 1<<60), 1 << 60},
		{"bytes 007-008/009", span(7, 9), 9},
	}
	for _, row := range good {
		if r, total, err := parseContentRange(row.in); err != nil || r != row.r || total != row.total {
			t.Errorf("%q: %v, %d, %v", row.in, r, total, err)
		}
	}
	for _, in := range []string{
		"", "bytes", "bytes ", "bytes */*", "bytes 0-1", "bytes 0-1/", "bytes /2", "bytes 0-/2", "bytes -1/2", "bytes 1-0/2",
		"bytes 0-2/2", "bytes 0-1/1", "bytes +0-1/2", "bytes 0-+1/2", "bytes -0-1/2", "bytes 0-1/-2", "bytes 0--1/2",
		"bytes 0x0-1/2", "bytes 0 - 1/2", "bytes 0-1/2/3", "bytes 0-1,3-4/9", "bytes=0-1/2", "bytes: 0-1/2", "items 0-1/2",
		"bytes 0-9223372036854775807/*", "bytes 0-9223372036854775808/*", "bytes 0-1/9223372036854775808",
		"bytes 18446744073709551616-18446744073709551617/*", "bytes ٠-١/٢", "bytes 0-0/0", "bytes 0-1/2\n",
	} {
		if r, total, err := parseContentRange(in); err == nil {
			t.Errorf("%q: %v, %d", in, r, total)
		}
	}
}

func FuzzParseContentRange(f *testing.F) {
	for _, s := range []string{"bytes 0-499/1234", "bytes 1-2/*", "bytes */0", "bytes 0-9223372036854775807/*", "bytes 2-1/3", "lines 1-2/3", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, total, err := parseContentRange(s)
		switch {
		case err != nil:
			if !r.Empty() || total != -1 {
				t.Errorf("%q: an error, and %v of %d", s, r, total)
			}
		case r.Empty():
			if r != (segment.Range{}) || total < 0 {
				t.Errorf("%q: %v of %d", s, r, total)
			}
		case r.Off < 0 || r.End < 0 || total >= 0 && r.End > total || total < -1:
			t.Errorf("%q: %v of %d", s, r, total)
		}
	})
}

func TestParseRetryAfter(t *testing.T) {
	rows := []struct {
		in, date string
		want     time.Duration
	}{
		{"", date, 0},
		{"0", date, 0},
		{"120", date, 2 * time.Minute},
		{" 5 ", "", 5 * time.Second},
		{"-5", date, 0},
		{"1.5", date, 0},
		{"5s", date, 0},
		{"soon", date, 0},
		{"86400", date, longestWait},
		{"86401", date, longestWait},
		{"9223372036854775807", date, longestWait},
		{"99999999999999999999999", date, longestWait},
		{"Tue, 15 Nov 1994 08:12:41 GMT", date, 10 * time.Second},
		{"Tuesday, 15-Nov-94 08:12:41 GMT", date, 10 * time.Second},
		{"Tue, 15 Nov 1994 08:12:41 GMT", "", 0},
		{"Tue, 15 Nov 1994 08:12:41 GMT", "Date: yesterday", 0},
		{"Tue, 15 Nov 1994 08:12:21 GMT", date, 0},
		{"Tue, 15 Nov 2994 08:12:41 GMT", date, longestWait},
	}
	for _, row := range rows {
		if got := parseRetryAfter(head("Retry-After: "+row.in, row.date)); got != row.want {
			t.Errorf("%q against %q: %v, want %v", row.in, row.date, got, row.want)
		}
	}
}

func TestIdentity(t *testing.T) {
	id := identity(head(`ETag: W/"x"`, old, date), 7)
	if id.Size != 7 || id.ETag != `W/"x"` || id.Date.Sub(id.Modified) != 24*time.Hour || id.Modified.Location() != time.UTC {
		t.Errorf("%+v", id)
	}
	if id := identity(head("Last-Modified: never", "ETag: \""+strings.Repeat("x", 254)+"\""), -1); id != (segment.Identity{Size: -1}) {
		t.Errorf("%+v", id)
	}
}

func TestMediaType(t *testing.T) {
	for in, want := range map[string]string{
		"":                         "",
		"Text/HTML; charset=utf-8": "text/html",
		"text/html; =":             "text/html",
		"application/octet-stream": "application/octet-stream",
		"///":                      "",
	} {
		if got := mediaType(head("Content-Type: " + in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
