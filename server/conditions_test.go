package server

import (
	"net/http"
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

func FuzzMatchAny(f *testing.F) {
	for _, s := range []string{`*`, `"x"`, `W/"x", "y"`, `,, "a" ,`, `"`, `W/`, `"x" "x"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, field string) {
		strong, weak := matchAny(field, `"x"`, true), matchAny(field, `"x"`, false)
		if strong && !weak {
			t.Fatalf("%q matches strongly but not weakly", field)
		}
		if twice := field + ", " + field; weak && !matchAny(twice, `"x"`, false) && field != "" && twice[0] == '"' {
			t.Fatalf("%q matches, but not when it is repeated", field)
		}
	})
}
