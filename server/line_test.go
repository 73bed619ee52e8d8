package server

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"
)

// someAccess is one of the kind that a client makes who wants to write lines of its own into the log.
func someAccess() Access {
	return Access{
		Time:     time.Date(2000, 10, 10, 13, 55, 36, 123_456_789, time.FixedZone("", -7*3600)),
		Remote:   "127.0.0.1:5000",
		Method:   "GET",
		Path:     "/a\"b\\c\nd\x1b[2J\u00e9\xff",
		Protocol: "HTTP/1.1",
		Status:   206,
		Bytes:    2326,
		Wait:     1500 * time.Microsecond,
		Duration: 2*time.Second + 123_456_789*time.Nanosecond,
	}
}

func TestCommonLines(t *testing.T) {
	plain := Access{Time: someAccess().Time, Remote: "[::1]:80", Method: "GET", Path: "/apache_pb.gif", Protocol: "HTTP/1.0", User: "frank", Status: 200, Bytes: 2326}
	forging := someAccess()
	forging.Referer, forging.Agent = "\" 200 0\r\n", "x\x00"
	nothing := Access{Time: plain.Time, User: "a b\"", Method: "HEAD", Path: "/", Protocol: "HTTP/2.0"}
	for _, tt := range []struct {
		a                Access
		common, combined string
	}{
		{plain, `::1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326`, ` "-" "-"`},
		{forging, `127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET /a\"b\\c\x0ad\x1b[2J\xc3\xa9\xff HTTP/1.1" 206 2326`, ` "\" 200 0\x0d\x0a" "x\x00"`},
		{nothing, `- - a\x20b\" [10/Oct/2000:13:55:36 -0700] "HEAD / HTTP/2.0" 000 -`, ` "-" "-"`},
	} {
		if got := string(tt.a.AppendCommon(nil)); got != tt.common+"\n" {
			t.Errorf("common:\n%swant\n%s", got, tt.common)
		}
		if got := string(tt.a.AppendCombined([]byte("before "))); got != "before "+tt.common+tt.combined+"\n" {
			t.Errorf("combined:\n%swant\n%s", got, tt.common+tt.combined)
		}
	}
}

func TestJSONLines(t *testing.T) {
	a := someAccess()
	a.Path = strings.TrimSuffix(a.Path, "\xff") // which JSON has no way to say
	a.User, a.TLS, a.Range, a.Cut, a.Faults = "<u>", "TLS 1.3", "bytes=0-", true, "gzip"
	got := string(a.AppendJSON([]byte("before\n")))
	want := `{"time":"2000-10-10T20:55:36.123Z","remote":"127.0.0.1:5000","user":"<u>","method":"GET",` +
		`"path":"/a\"b\\c\nd\u001b[2Jé","protocol":"HTTP/1.1","tls":"TLS 1.3","range":"bytes=0-","status":206,` +
		`"bytes":2326,"wait":0.0015,"duration":2.123457,"cut":true,"faults":"gzip"}`
	if got != "before\n"+want+"\n" {
		t.Errorf("%swant\n%s", got, want)
	}
	var all map[string]any
	if err := json.Unmarshal([]byte(strings.TrimPrefix(got, "before\n")), &all); err != nil {
		t.Error(err)
	}
}

// What a terminal would obey is not sent to it, whichever of the two ways it is written.
func TestJSONLinesHaveNoControls(t *testing.T) {
	const agent = "\u009b2J\x7f\u0080é\x1b[2J\u2028 \u00a0"
	got := string(Access{Agent: agent}.AppendJSON([]byte("\u009bbefore\n")))
	line, kept := strings.CutPrefix(got, "\u009bbefore\n")
	if !kept || strings.ContainsFunc(strings.TrimSuffix(line, "\n"), unicode.IsControl) {
		t.Errorf("%q", got)
	}
	var a struct{ Agent string }
	if err := json.Unmarshal([]byte(line), &a); err != nil || a.Agent != agent {
		t.Errorf("%q, %v, want %q", a.Agent, err, agent)
	}
}
