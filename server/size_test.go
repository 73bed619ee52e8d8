package server

import (
	"math"
	"testing"
)

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "1048576": 1 << 20, "7b": 7, "1K": 1 << 10, "1k": 1 << 10, "512M": 512 << 20, "1G": 1 << 30, "1GiB": 1 << 30,
		"2kib": 2 << 10, "1T": 1 << 40, "1kB": 1000, "3MB": 3e6, "4GB": 4e9, "1TB": 1e12, "007": 7,
		"9999999T": math.MaxInt64, "99999999999999999999": math.MaxInt64,
	} {
		if got, ok := parseSize(s); !ok || got != want {
			t.Errorf("parseSize(%q) = %d, %v; want %d", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "K", "1.5G", "-1", "+1", "1 K", "1KK", "1Ki", "1Bi", "1iB", "1P", "0x10", "1_000", "1M/", "١"} {
		if got, ok := parseSize(s); ok {
			t.Errorf("parseSize(%q) = %d, want a refusal", s, got)
		}
	}
}
