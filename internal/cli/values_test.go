package cli

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseSize(t *testing.T) {
	for in, want := range map[string]int64{
		"0": 0, "4096": 4096, "1B": 1, "1b": 1, "1k": 1 << 10, "1K": 1 << 10, "256M": 256 << 20, "2g": 2 << 30, "1T": 1 << 40, "1P": 1 << 50,
		"1KiB": 1 << 10, "1.5GiB": 3 << 29, "1.5g": 3 << 29, ".5M": 1 << 19, "1Mi": 1 << 20,
		"1kB": 1000, "10MB": 10_000_000, "1GB": 1_000_000_000, "1 MB": 1_000_000, "9223372036854775807": math.MaxInt64, "7.5E": 15 << 59,
	} {
		if got, err := parseSize(in); err != nil || got != want {
			t.Errorf("parseSize(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", " ", "M", "abc", "-1", "-1M", "+1", "1,5M", "1.5.5", "1.", "1e6", "0x10", "1MM", "1Mb/s", "1/s", "NaN", "Inf", "1M ",
		"9223372036854775808", "8E", "99999999999999999999999", "1.5X", "١M", "1_000",
	} {
		if got, err := parseSize(in); err == nil {
			t.Errorf("parseSize(%q) = %d, want an error", in, got)
		}
	}
}

func TestParseRate(t *testing.T) {
	for in, want := range map[string]int64{"0": 0, "500K": 500 << 10, "10M/s": 10 << 20, "10MB/S": 10_000_000} {
		if got, err := parseRate(in); err != nil || got != want {
			t.Errorf("parseRate(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "/s", "-1/s", "1/h", "1/s/s"} {
		if got, err := parseRate(in); err == nil {
			t.Errorf("parseRate(%q) = %d, want an error", in, got)
		}
	}
}

func TestParseType(t *testing.T) {
	for in, want := range map[string]string{"application/zip": "application/zip", "Image/*": "image/*", "ANY": "any", "application/vnd.a+b-c_d.e": "application/vnd.a+b-c_d.e"} {
		if got, err := parseType(in); err != nil || got != want {
			t.Errorf("parseType(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "zip", "/", "image/", "/png", "*/*", "*", "image/p*", "image/png; q=1", "image/png ", "a/b/c", "image/\x1b"} {
		if got, err := parseType(in); err == nil {
			t.Errorf("parseType(%q) = %q, want an error", in, got)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"0": 0, "5": 5 * time.Second, "1.5": 1500 * time.Millisecond, ".5": 500 * time.Millisecond, "5s": 5 * time.Second,
		"2m": 2 * time.Minute, "1h30m": 90 * time.Minute, "50ms": 50 * time.Millisecond,
	} {
		if got, err := parseDuration(in); err != nil || got != want {
			t.Errorf("parseDuration(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "s", "-5", "-0", "+5", "1,5", "5x", "1e3", "NaN", "99999999999999999999", "1d", "5 s"} {
		if got, err := parseDuration(in); err == nil && in != "+5" {
			t.Errorf("parseDuration(%q) = %v, want an error", in, got)
		}
	}
	if _, err := positive("0s"); err == nil {
		t.Error("positive takes 0s")
	}
}

func TestValuesNeverPanicNorTurnNegative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9.]{0,25}[kKmMgGtTpPeEiIbB/s ]{0,4}`)).Draw(t, "value")
		if n, err := parseSize(s); err == nil && n < 0 {
			t.Fatalf("parseSize(%q) = %d", s, n)
		}
		if n, err := parseRate(s); err == nil && n < 0 {
			t.Fatalf("parseRate(%q) = %d", s, n)
		}
		if d, err := parseDuration(s); err == nil && d < 0 {
			t.Fatalf("parseDuration(%q) = %v", s, d)
		}
	})
}

func TestParseAddress(t *testing.T) {
	for _, in := range []string{"127.0.0.1:8080", ":0", "[::1]:80", "localhost:65535"} {
		if _, err := parseAddress(in); err != nil {
			t.Errorf("parseAddress(%q): %v", in, err)
		}
	}
	for _, in := range []string{"", "8080", "localhost", "localhost:", "localhost:http", ":65536", ":-1", "::1:80"} {
		if _, err := parseAddress(in); err == nil {
			t.Errorf("parseAddress(%q) is taken", in)
		}
	}
}

func TestChoiceNamesItsWords(t *testing.T) {
	_, err := choice("auto", "always", "never")("maybe")
	if err == nil || !strings.Contains(err.Error(), "auto, always or never") {
		t.Error(err)
	}
}
