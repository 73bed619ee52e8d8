package cli

import (
	"strings"
	"testing"
	"time"

	"braid/server"
)

func TestRounded(t *testing.T) {
	for d, want := range map[time.Duration]string{
		444_531_021 * time.Nanosecond: "444.5ms", 12_345_678_901 * time.Nanosecond: "12.35s", 87_654 * time.Nanosecond: "88µs", 0: "0s",
	} {
		if got := rounded(d).String(); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
}

func TestMisbehaviour(t *testing.T) {
	for want, r := range map[string]server.Rogue{
		"":                                      {},
		"misbehaving on purpose: gzip, endless": {Faults: []string{"gzip", "endless"}},
		"misbehaving on purpose: gzip, each with probability 0.1 and seed 7; requests may ask for faults with ?fault=NAME": {
			Faults: []string{"gzip"}, Probability: 0.1, Seed: 7, Query: true},
	} {
		if got := misbehaviour(r); got != want {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
}

func TestFaultsAreListed(t *testing.T) {
	code, out, stderr := run(t, "serve", "--faults")
	if code != 0 || stderr != "" {
		t.Errorf("exit %d, %s", code, stderr)
	}
	at := 0
	for _, f := range server.Faults() { // in their order, each at the beginning of a line
		name := "\n  " + f.Name + " "
		i := strings.Index(out[at:], name)
		if i < 0 {
			t.Fatalf("%s is missing or out of order", f.Name)
		}
		at += i
	}
	for _, kind := range []string{"redirects", "refusals", "ranges", "identity", "bodies", "connection"} {
		if strings.Count(out, "\n"+kind+":\n") != 1 {
			t.Errorf("%s is no heading", kind)
		}
	}
	if strings.Count(out, " * ") != 2+1 { // and where it is explained
		t.Errorf("%d faults are marked", strings.Count(out, " * ")-1)
	}
}

func TestAddressOf(t *testing.T) {
	for word, want := range map[string]string{
		"8090": "127.0.0.1:8090", ":8090": ":8090", "0.0.0.0:80": "0.0.0.0:80", "99999": "", "iso": "", "": "", "a:b": "",
	} {
		if got := addressOf(word); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
