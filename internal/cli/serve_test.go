package cli

import (
	"testing"
	"time"
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

func TestAddressOf(t *testing.T) {
	for word, want := range map[string]string{
		"8090": "127.0.0.1:8090", ":8090": ":8090", "0.0.0.0:80": "0.0.0.0:80", "99999": "", "iso": "", "": "", "a:b": "",
	} {
		if got := addressOf(word); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
