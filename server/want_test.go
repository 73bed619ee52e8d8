package server

import (
	"net/http"
	"strings"
	"testing"
)

func TestWantsDigest(t *testing.T) { // row 85
	tests := []struct {
		lines []string
		want  bool
	}{
		{nil, true},
		{[]string{""}, true},
		{[]string{"sha-512=3, sha-256=10"}, true},
		{[]string{"sha-256=1"}, true},
		{[]string{"sha-512=10"}, true}, // sha-256 or nothing, and it is not said to be unacceptable
		{[]string{"sha-256=0"}, false},
		{[]string{"  sha-256=0  "}, false},
		{[]string{"sha-512=10,sha-256=0"}, false},
		{[]string{"sha-512=10 \t,\t sha-256=0"}, false},
		{[]string{"sha-512=10", "sha-256=0"}, false},
		{[]string{"sha-256=0;a=1;b"}, false},
		{[]string{"sha-256=-0"}, false},
		{[]string{"sha-256=00"}, false},
		{[]string{`a="x, sha-256=0"`}, true}, // within a string
		{[]string{`a="x\", sha-256=0", sha-256=0`}, false},
		{[]string{"a=(1 2);q, sha-256=0"}, false},
		{[]string{"sha-256=0, sha-256=5"}, true}, // the last one counts
		{[]string{"sha-256=5", "sha-256=0"}, false},
		{[]string{"sha-256"}, true},
		{[]string{"sha-256=?0"}, true},
		{[]string{"sha-256=0.0"}, true},
		{[]string{`sha-256="0"`}, true},
		{[]string{"sha-256=(0)"}, true},
		{[]string{"sha-256=0,"}, true}, // from here on no dictionaries
		{[]string{"SHA-256=0"}, true},
		{[]string{"sha-256 = 0"}, true},
		{[]string{"sha-256=0 sha-512=1"}, true},
		{[]string{"sha-256=0;"}, true},
		{[]string{"sha-256=0", "junk;;"}, true},
		{[]string{"sha-256=0", strings.Repeat(" ", maxWant)}, true},
		{[]string{"sha-256=9999999999999999"}, true},
	}
	for _, tt := range tests {
		if got := wantsDigest(http.Header{"Want-Repr-Digest": tt.lines}); got != tt.want {
			t.Errorf("%.60q: %v", tt.lines, got)
		}
	}
}

func FuzzWantsDigest(f *testing.F) {
	for _, s := range []string{"sha-512=3, sha-256=10", "sha-256=0", `a="\"", sha-256=0;x=?1`, "a=(1 2), b=:aGk=:, c=@1", "=,", "%\"%c3\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := wantsDigest(http.Header{"Want-Repr-Digest": {s}})
		if !want && (len(s) > maxWant || !strings.Contains(s, "sha-256=")) {
			t.Fatalf("%q does without sha-256", s)
		}
		// However it is split into lines, and whatever else is wanted.
		more := wantsDigest(http.Header{"Want-Repr-Digest": {"md5=1", s}})
		if !want && more && len(s) < maxWant-10 {
			t.Fatalf("%q does without sha-256, but not after another line", s)
		}
	})
}
