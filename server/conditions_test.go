package server

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func fields(pairs ...string) http.Header {
	h := make(http.Header)
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

const (
	at      = "Sun, 06 Nov 1994 08:49:37 GMT"
	earlier = "Sun, 06 Nov 1994 08:49:36 GMT"
	later   = "Sun, 06 Nov 1994 08:49:38 GMT"
	rfc850  = "Sunday, 06-Nov-94 08:49:37 GMT"
	asctime = "Sun Nov  6 08:49:37 1994"
	faraway = "Sun, 06 Nov 2094 08:49:37 GMT"
)

func strongly() validators {
	return validators{etag: `"x"`, modified: time.Date(1994, 11, 6, 8, 49, 37, 5e8, time.UTC), settled: true}
}

func weakly() validators {
	v := strongly()
	v.etag = `W/"x"`
	return v
}

func TestEvaluate(t *testing.T) {
	const im, inm, ims, ius = "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"
	tests := []struct {
		row  int
		v    validators
		h    http.Header
		want outcome
	}{
		{54, strongly(), fields(im, `*`), proceed},
		{54, strongly(), fields(im, `"a", "x"`), proceed},
		{54, weakly(), fields(im, `*`), proceed},
		{55, strongly(), fields(im, `"y"`), preconditionFailed},
		{55, strongly(), fields(im, `W/"x"`), preconditionFailed},
		{55, weakly(), fields(im, `"x"`), preconditionFailed},
		{55, weakly(), fields(im, `W/"x"`), preconditionFailed},
		{55, validators{}, fields(im, `"x"`), preconditionFailed},
		{55, strongly(), fields(im, ``), preconditionFailed},
		{56, strongly(), fields(im, `"a"`, im, `"x"`), proceed},
		{56, strongly(), fields(im, `,, "a" ,	,"x",`), proceed},
		{56, strongly(), fields(im, `"a,"x"`), preconditionFailed},
		{56, strongly(), fields(im, `"a,", "x"`), proceed},
		{56, strongly(), fields(im, `"a" "x"`), preconditionFailed},
		{58, strongly(), fields(ius, earlier), preconditionFailed},
		{58, strongly(), fields(ius, at), proceed},
		{58, strongly(), fields(ius, later), proceed},
		{59, strongly(), fields(ius, "yesterday"), proceed},
		{59, strongly(), fields(ius, earlier, ius, earlier), proceed},
		{59, strongly(), fields(ius, earlier+", "+earlier), proceed},
		{60, strongly(), fields(im, `"x"`, ius, earlier), proceed},
		{61, strongly(), fields(inm, `"x"`), notModified},
		{61, strongly(), fields(inm, `W/"x"`), notModified},
		{61, weakly(), fields(inm, `"x"`), notModified},
		{61, weakly(), fields(inm, `W/"x"`), notModified},
		{61, strongly(), fields(inm, `*`), notModified},
		{61, strongly(), fields(inm, `"a", "x"`), notModified},
		{61, strongly(), fields(inm, `"a"`, inm, `"x"`), notModified},
		{61, strongly(), fields(inm, `"a"`), proceed},
		{61, validators{}, fields(inm, `"x"`), proceed},
		{63, strongly(), fields(inm, `"*"`), proceed},
		{63, strongly(), fields(im, `"*"`), preconditionFailed},
		{63, strongly(), fields(inm, `"a", *`), proceed},
		{63, strongly(), fields(im, `"a", *`), preconditionFailed},
		{63, strongly(), fields(im, `*`, im, `"a"`), preconditionFailed},
		{64, strongly(), fields(inm, `"y"`, ims, later), proceed},
		{64, strongly(), fields(inm, `"x"`, ims, earlier), notModified},
		{65, strongly(), fields(ims, at), notModified},
		{65, strongly(), fields(ims, later), notModified},
		{65, strongly(), fields(ims, faraway), notModified},
		{65, strongly(), fields(ims, rfc850), notModified},
		{65, strongly(), fields(ims, asctime), notModified},
		{65, strongly(), fields(ims, earlier), proceed},
		{65, validators{}, fields(ims, later), proceed},
		{66, strongly(), fields(ims, "x"), proceed},
		{66, strongly(), fields(ims, later, ims, later), proceed},
		{66, strongly(), fields(ims, later+"; length=5"), proceed},
		{67, strongly(), fields(im, `"x"`, inm, `"x"`), notModified},
		{67, strongly(), fields(im, `"y"`, inm, `"x"`), preconditionFailed},
		{70, strongly(), fields(im, `x`), preconditionFailed},
		{70, strongly(), fields(inm, `x`), proceed},
		{70, strongly(), fields(inm, `"x`), proceed},
		{70, strongly(), fields(inm, `w/"x"`), proceed},
		{70, strongly(), fields(inm, `"x", y`), proceed},
		{70, strongly(), fields(im, `"x", y`), preconditionFailed},
		{70, strongly(), fields(inm, `W/`), proceed},
		{0, strongly(), fields(), proceed},
	}
	for _, tt := range tests {
		if got := evaluate(tt.h, tt.v); got != tt.want {
			t.Errorf("row %d: %v against %s: %d, want %d", tt.row, tt.h, tt.v.etag, got, tt.want)
		}
	}
}

func TestIfRange(t *testing.T) {
	fresh := strongly()
	fresh.settled = false
	tests := []struct {
		row  int
		v    validators
		h    http.Header
		want bool
	}{
		{71, strongly(), fields("If-Range", `"x"`), true},
		{72, strongly(), fields("If-Range", `W/"x"`), false},
		{72, weakly(), fields("If-Range", `"x"`), false},
		{72, weakly(), fields("If-Range", `W/"x"`), false},
		{73, strongly(), fields("If-Range", `"y"`), false},
		{73, strongly(), fields("If-Range", `x`), false},
		{73, strongly(), fields("If-Range", ``), false},
		{73, strongly(), fields("If-Range", `*`), false},
		{73, strongly(), fields("If-Range", `"x", "y"`), false},
		{73, strongly(), fields("If-Range", `"x"`, "If-Range", `"x"`), false},
		{74, strongly(), fields("If-Range", at), true},
		{74, weakly(), fields("If-Range", at), true},
		{75, strongly(), fields("If-Range", earlier), false},
		{75, strongly(), fields("If-Range", later), false},
		{76, fresh, fields("If-Range", at), false},
		{77, strongly(), fields("If-Range", rfc850), true},
		{77, strongly(), fields("If-Range", asctime), true},
		{78, strongly(), fields(), true},
	}
	for _, tt := range tests {
		if got := ifRange(tt.h, tt.v); got != tt.want {
			t.Errorf("row %d: %v against %s: %v, want %v", tt.row, tt.h, tt.v.etag, got, tt.want)
		}
	}
}

// tagList is a list of entity-tags by the grammar of RFC 9110, sections 5.6.1.2 and 8.8.3.
var (
	oneTag  = regexp.MustCompile(`(W/)?"[^\x00-\x20\x7f"]*"`)
	tagList = regexp.MustCompile(`^[ \t,]*(` + oneTag.String() + `[ \t]*(,[ \t,]*|$))*$`)
)

// matchSlowly is matchAny by the grammar.
func matchSlowly(field, etag string, strong bool) bool {
	if strings.Trim(field, " \t") == "*" {
		return true
	}
	if !tagList.MatchString(field) {
		return false
	}
	return slices.ContainsFunc(oneTag.FindAllString(field, -1), func(tag string) bool {
		if strong {
			return tag == etag && tag[0] == '"'
		}
		return strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(etag, "W/")
	})
}

func FuzzMatchAny(f *testing.F) {
	for _, s := range []string{`*`, `"x"`, `W/"x", "y"`, `,, "a" ,`, `"`, `W/`, `"x" "x"`, "\"x\"\t,", `"a,"x"`, `"a", *`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, field string) {
		for _, etag := range []string{`"x"`, `W/"x"`} {
			for _, strong := range []bool{true, false} {
				if got, want := matchAny(field, etag, strong), matchSlowly(field, etag, strong); got != want {
					t.Fatalf("matchAny(%q, %s, %v) = %v, want %v", field, etag, strong, got, want)
				}
			}
		}
	})
}

// FuzzConditions compares evaluate and ifRange with RFC 9110, section 13.2.2, written down step by step. A field that
// is empty is absent; a line break in it begins another line of the same field.
func FuzzConditions(f *testing.F) {
	for _, s := range []string{``, `*`, `"x"`, `W/"x"`, `"a"` + "\n" + `"x"`, at, later, earlier, at + "\n" + at} {
		f.Add(s, "", s, "", s, true)
		f.Add("", s, "", s, `"x"`, false)
		f.Add(s, s, s, s, s, false)
	}
	f.Fuzz(func(t *testing.T, im, ius, inm, ims, ir string, weak bool) {
		v := strongly()
		if weak {
			v = weakly()
		}
		h := make(http.Header)
		field := func(name, lines string) (value string, present bool) {
			if lines == "" {
				return "", false
			}
			for line := range strings.SplitSeq(lines, "\n") {
				h.Add(name, line)
			}
			return strings.ReplaceAll(lines, "\n", ", "), true
		}
		match, hasMatch := field("If-Match", im)
		none, hasNone := field("If-None-Match", inm)
		unmodified, err := http.ParseTime(first(field("If-Unmodified-Since", ius)))
		hasUnmodified := err == nil
		modified, err := http.ParseTime(first(field("If-Modified-Since", ims)))
		hasModified := err == nil
		second := v.modified.Unix()

		want := func() outcome {
			switch { // steps 1 and 2
			case hasMatch && !matchSlowly(match, v.etag, true), !hasMatch && hasUnmodified && second > unmodified.Unix():
				return preconditionFailed
			}
			switch { // steps 3 and 4
			case hasNone && matchSlowly(none, v.etag, false), !hasNone && hasModified && second <= modified.Unix():
				return notModified
			}
			return proceed
		}()
		if got := evaluate(h, v); got != want {
			t.Fatalf("%q against %s: %d, want %d", h, v.etag, got, want)
		}
		since, hasRange := field("If-Range", ir)
		date, err := http.ParseTime(since)
		holds := !hasRange || since == v.etag && !weak || err == nil && date.Unix() == second
		if got := ifRange(h, v); got != holds {
			t.Fatalf("If-Range %q against %s: %v, want %v", ir, v.etag, got, holds)
		}
	})
}

func first[T, U any](v T, _ U) T { return v }
