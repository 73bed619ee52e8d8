package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// commonTime is the time of the Common Log Format: that of strftime's [%d/%b/%Y:%H:%M:%S %z].
const commonTime = "[02/Jan/2006:15:04:05 -0700]"

// AppendCommon appends a, as a line of the Common Log Format, to b: host ident user [time] "request" status bytes. What is
// not known is a dash, and a status that was never sent 000. No client can break out of its line or its field: quotes and
// backslashes are escaped with a backslash, all else that is not printable ASCII as \xHH, as Apache does it.
func (a Access) AppendCommon(b []byte) []byte {
	return append(a.appendCommon(b), '\n')
}

// AppendCombined is [Access.AppendCommon] with two fields more, "referer" and "user-agent".
func (a Access) AppendCombined(b []byte) []byte {
	b = append(a.appendCommon(b), ' ')
	b = appendQuoted(b, orDash(a.Referer))
	b = append(b, ' ')
	b = appendQuoted(b, orDash(a.Agent))
	return append(b, '\n')
}

func (a Access) appendCommon(b []byte) []byte {
	b = appendEscaped(b, orDash(a.host()), " ")
	b = append(b, " - "...)
	b = appendEscaped(b, orDash(a.User), " ")
	b = append(b, ' ')
	b = a.Time.AppendFormat(b, commonTime)
	b = append(b, ' ')
	b = appendQuoted(b, a.Method+" "+a.Path+" "+a.Protocol)
	b = append(b, ' ')
	if a.Status == 0 {
		b = append(b, "000"...)
	} else {
		b = strconv.AppendInt(b, int64(a.Status), 10)
	}
	b = append(b, ' ')
	if a.Bytes == 0 {
		return append(b, '-')
	}
	return strconv.AppendInt(b, a.Bytes, 10)
}

// host is the client's address without the port.
func (a Access) host() string {
	host, _, err := net.SplitHostPort(a.Remote)
	if err != nil {
		return a.Remote
	}
	return host
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func appendQuoted(b []byte, s string) []byte {
	return append(appendEscaped(append(b, '"'), s, ""), '"')
}

// appendEscaped appends s without anything that could end a line or a field, of which also has the letters besides.
func appendEscaped(b []byte, s, also string) []byte {
	const hex = "0123456789abcdef"
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"', c == '\\':
			b = append(b, '\\', c)
		case c < ' ', c > '~', strings.IndexByte(also, c) >= 0:
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return b
}

// AppendJSON appends a, as one line of JSON, to b. Its members are never renamed; there may be more of them one day:
//
//	time      when the request's header had been read: RFC 3339, in UTC, with milliseconds
//	remote    the client's address and port
//	user      who has given the right password
//	method    path    protocol    tls    range    referer    agent
//	status    0 if none was sent
//	bytes     of content that went out
//	wait      seconds until the response began
//	duration  seconds until it had been handed to the system
//	cut       true if the response ended early
//	faults    names of the faults that were played
//
// Those that are strings and empty are left out, and so is cut when false.
func (a Access) AppendJSON(b []byte) []byte {
	line := bytes.NewBuffer(b)
	to := json.NewEncoder(line)
	to.SetEscapeHTML(false)
	_ = to.Encode(accessJSON{ // neither a Buffer nor one of these types can fail
		Time:     a.Time.UTC().Format("2006-01-02T15:04:05.000Z"),
		Remote:   a.Remote,
		User:     a.User,
		Method:   a.Method,
		Path:     a.Path,
		Protocol: a.Protocol,
		TLS:      a.TLS,
		Range:    a.Range,
		Referer:  a.Referer,
		Agent:    a.Agent,
		Status:   a.Status,
		Bytes:    a.Bytes,
		Wait:     microseconds(a.Wait),
		Duration: microseconds(a.Duration),
		Cut:      a.Cut,
		Faults:   a.Faults,
	})
	return withoutControls(line.Bytes(), len(b))
}

// withoutControls escapes, in JSON from an index on, the controls that JSON lets stand and a terminal would obey: DEL and
// those of C1 (ECMA-48), such as U+009B, which begins a sequence as ESC [ does.
func withoutControls(b []byte, from int) []byte {
	control := func(r rune) bool { return 0x7f <= r && r <= 0x9f }
	if !bytes.ContainsFunc(b[from:], control) {
		return b
	}
	line := string(b[from:])
	b = b[:from]
	for _, r := range line {
		if control(r) {
			b = fmt.Appendf(b, `\u%04x`, r)
		} else {
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

// accessJSON is an Access as it is written.
type accessJSON struct {
	Time     string  `json:"time"`
	Remote   string  `json:"remote"`
	User     string  `json:"user,omitempty"`
	Method   string  `json:"method"`
	Path     string  `json:"path"`
	Protocol string  `json:"protocol"`
	TLS      string  `json:"tls,omitempty"`
	Range    string  `json:"range,omitempty"`
	Referer  string  `json:"referer,omitempty"`
	Agent    string  `json:"agent,omitempty"`
	Status   int     `json:"status"`
	Bytes    int64   `json:"bytes"`
	Wait     float64 `json:"wait"`
	Duration float64 `json:"duration"`
	Cut      bool    `json:"cut,omitempty"`
	Faults   string  `json:"faults,omitempty"`
}

// microseconds is d in seconds, as exact as it is worth writing down.
func microseconds(d time.Duration) float64 { return d.Round(time.Microsecond).Seconds() }
