package server

import (
	"slices"
	"strings"
	"testing"
)

func TestAcceptable(t *testing.T) {
	for field, want := range map[string]string{
		"":                                  "",
		"identity":                          "",
		"gzip":                              "gzip",
		"x-gzip":                            "gzip",
		"GZip":                              "gzip",
		"gzip, deflate, br, zstd":           "zstd br gzip", // a browser
		"gzip;q=1.0, br;q=0.9":              "gzip br",
		"gzip;q=0.001":                      "gzip",
		"gzip;q=0":                          "",
		"gzip;q=0.000":                      "",
		"br;q=0, gzip":                      "gzip",
		"identity, gzip;q=0.5":              "",
		"identity;q=0.5, gzip;q=0.5":        "gzip",
		"identity;q=0.5, gzip;q=0.4, br":    "br",
		"identity;q=0":                      "",
		"identity;q=0, gzip;q=0":            "",
		"identity;q=0, *":                   "zstd br gzip",
		"*":                                 "",
		"*;q=0":                             "",
		"*;q=0, gzip":                       "gzip",
		"*, gzip":                           "gzip",
		"*;q=0.5, gzip;q=0.4":               "",
		"*;q=0.5, identity;q=0.1, br;q=0":   "zstd gzip",
		"*;q=0.5, identity;q=0.1, gzip":     "gzip zstd br",
		" gzip\t;\tq=0.5 ,,\tbr ; Q=0.25,":  "gzip br",
		"gzip, gzip;q=0":                    "",
		"gzip;q=0.2, br;q=0.5, gzip;q=0.9":  "br gzip",
		"gzip;q=1.001, br;q=2, zstd;q=-1":   "",
		"gzip;q=, br;q=x, zstd;q=0.0001":    "",
		"gzip;q=0.5;q=1, br;level=3, zstd;": "",
		"gzip;q=1., br;q=0.":                "gzip",
		"gzipped, xbr, zst, deflate":        "",
	} {
		var got []string
		for _, c := range acceptable(field) {
			got = append(got, c.name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", field, got, want)
		}
	}
}

func FuzzAcceptable(f *testing.F) {
	for _, s := range []string{"gzip, br;q=0.5", "*;q=0, identity;q=0", "x-gzip;q=1.000,,", "zstd;q=0.001;q=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, field string) {
		wanted := acceptable(field)
		for i, c := range wanted {
			lower := strings.ToLower(field)
			if !strings.Contains(lower, c.name) && !strings.Contains(lower, "*") {
				t.Fatalf("%q: %s was never asked for", field, c.name)
			}
			if slices.Contains(wanted[:i], c) {
				t.Fatalf("%q: %s comes twice", field, c.name)
			}
			if slices.Contains(acceptable(field+", "+c.name+";q=0"), c) {
				t.Fatalf("%q: %s cannot be forbidden", field, c.name)
			}
		}
		if len(acceptable(field+",identity, gzip;q=0,br;q=0,zstd;q=0")) > 0 {
			t.Fatalf("%q: a coding comes although all are forbidden", field)
		}
	})
}
