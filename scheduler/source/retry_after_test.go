package source

import (
	"net/http"
	"strings"
	"testing"
)

func FuzzParseRetryAfter(f *testing.F) {
	const now = "Tue, 15 Nov 1994 08:12:31 GMT"
	for _, s := range []string{
		"", "0", "120", "-5", "1.5", " 7 ", "86401", "99999999999999999999999", "soon", "Tue, 15 Nov 1994 08:12:41 GMT", "Tuesday, 15-Nov-94 08:12:41 GMT",
		"Tue Nov 15 08:12:41 1994", "Tue, 15 Nov 9999 08:12:41 GMT", "Tue, 15 Nov 0000 08:12:41 GMT", "٥", "1e3", "+1", "0x10",
	} {
		f.Add(s, now)
		f.Add(s, "")
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, after, date string) {
		h := http.Header{"Retry-After": {after}, "Date": {date}}
		wait := parseRetryAfter(h)
		if wait < 0 || wait > longestWait {
			t.Errorf("%v", wait)
		}
		seconds := strings.Trim(after, " \t0123456789") == ""
		if _, err := http.ParseTime(date); wait > 0 && !seconds && err != nil {
			t.Errorf("%v for a date against %q, which is none", wait, date)
		}
	})
}
