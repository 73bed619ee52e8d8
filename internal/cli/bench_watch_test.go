package cli

import (
	"strings"
	"testing"

	"braid/internal/bench"
)

// What a server makes an error say does nothing to a terminal.
func TestBenchTableIsSafe(t *testing.T) {
	r := &bench.Result{Steps: []bench.Step{{Connections: 1, All: bench.Figures{Count: bench.Count{
		Failed: 1, Errors: bench.Kinds{"tls": {Count: 1, First: "certificate is valid for \x1b]0;owned\x07, not here"}},
	}}}}}
	var out strings.Builder
	w := &watcher{env: &env{out: &out}}
	w.result(r)
	if got := out.String(); strings.ContainsAny(got, "\x1b\x07") || !strings.Contains(got, `\x1b]0;owned`) {
		t.Errorf("%q", got)
	}
}
