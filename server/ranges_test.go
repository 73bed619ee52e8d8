package server

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// The row numbers in these tests are those of the project's table of requests and required answers.

func TestParseRange(t *testing.T) {
	const n = 10000
	one := func(off, end int64) []span { return []span{{off, end}} }
	repeated := func(count int, f func(i int) string) string {
		parts := make([]string, count)
		for i := range parts {
			parts[i] = f(i)
		}
		return "bytes=" + strings.Join(parts, ",")
	}
	same := func(r string) func(int) string { return func(int) string { return r } }
	apart := func(i int) string { return fmt.Sprintf("%d-%d", 10*i, 10*i) }
	sixteen := make([]span, 16)
	for i := range sixteen {
		sixteen[i] = span{int64(10 * i), int64(10*i + 1)}
	}
	hundred := strings.Repeat("9", 100)

	tests := []struct {
		row     int
		field   string
		size    int64
		verdict rangeVerdict
		spans   []span
	}{
		{9, "bytes=0-499", n, partial, one(0, 500)},
		{10, "bytes=9500-", n, partial, one(9500, n)},
		{10, "bytes=-500", n, partial, one(9500, n)},
		{11, "bytes=-20000", n, partial, one(0, n)},
		{12, "bytes=9000-99999", n, partial, one(9000, n)},
		{13, "bytes=0-", n, partial, one(0, n)},
		{14, "bytes=9999-9999", n, partial, one(9999, n)},
		{15, "bytes=10000-", n, unsatisfiable, nil},
		{16, "bytes=-0", n, unsatisfiable, nil},
		{17, "Bytes=0-3", n, partial, one(0, 4)},
		{17, "BYTES=0-3", n, partial, one(0, 4)},
		{18, "items=0-5", n, whole, nil},
		{18, "bytesX=1-2", n, whole, nil},
		{18, "bytes =1-2", n, whole, nil},
		{19, "bytes= 0-999", n, partial, one(0, 1000)},
		{20, "bytes=,\t,1-3 ,, ,5-9,", n, partial, []span{{1, 4}, {5, 10}}},
		{21, "bytes=", n, whole, nil},
		{21, "bytes=,", n, whole, nil},
		{21, "bytes=-", n, whole, nil},
		{21, "bytes", n, whole, nil},
		{21, "", n, whole, nil},
		{22, "bytes=0000-0004", n, partial, one(0, 5)},
		{23, "bytes=+1-2", n, whole, nil},
		{23, "bytes=1-+2", n, whole, nil},
		{23, "bytes=0x01-0x02", n, whole, nil},
		{23, "bytes=a-b", n, whole, nil},
		{23, "bytes=1-b", n, whole, nil},
		{23, "bytes=٠-٣", n, whole, nil},
		{24, "bytes=5-4", n, whole, nil},
		{24, "bytes=20000-19999", n, whole, nil},
		{24, "bytes=--5", n, whole, nil},
		{24, "bytes=1--2", n, whole, nil},
		{24, "bytes=1-2-3", n, whole, nil},
		{24, "bytes=7", n, whole, nil},
		{25, "bytes=1 - 2", n, whole, nil},
		{25, "bytes=1- 2", n, whole, nil},
		{26, "bytes=0-18446744073709551615", n, partial, one(0, n)},
		{26, "bytes=0-" + hundred, n, partial, one(0, n)},
		{26, "bytes=0-" + hundred + "x", n, whole, nil},
		{27, "bytes=18446744073709551616-", n, unsatisfiable, nil},
		{27, "bytes=9223372036854775808-", n, unsatisfiable, nil},
		{27, "bytes=9223372036854775807-", n, unsatisfiable, nil},
		{27, "bytes=" + hundred + "-", n, unsatisfiable, nil},
		{28, "bytes=-9223372036854775808", n, partial, one(0, n)},
		{28, "bytes=-" + hundred, n, partial, one(0, n)},
		{32, "bytes=0-1,97-98", n, partial, []span{{0, 2}, {97, 99}}},
		{34, "bytes=0-0,-1", n, partial, []span{{0, 1}, {9999, n}}},
		{35, "bytes=500-600,601-999", n, partial, []span{{500, 601}, {601, 1000}}},
		{36, "bytes=500-700,601-999", n, partial, one(500, 1000)},
		{36, "bytes=601-999,500-700", n, partial, one(500, 1000)},
		{36, "bytes=601-999,0-9,500-700", n, partial, []span{{500, 1000}, {0, 10}}},
		{37, "bytes=100000-,0-9", n, partial, one(0, 10)},
		{37, "bytes=-0,0-9", n, partial, one(0, 10)},
		{38, "bytes=100000-,20000-30000,-0", n, unsatisfiable, nil},
		{39, "bytes=1-4,x", n, whole, nil},
		{39, "bytes=1-4,5-2", n, whole, nil},
		{39, "bytes=100000-,5-2", n, whole, nil},
		{40, "bytes=0-9,5-14,10-19", n, whole, nil},
		{40, "bytes=0-9,5-14,100-109,105-114", n, whole, nil},
		{40, "bytes=0-9,5-14,100-109,200-209", n, partial, []span{{0, 15}, {100, 110}, {200, 210}}},
		{41, "bytes=0-,0-", n, whole, nil},
		{41, "bytes=0-5000,5000-9999", n, whole, nil},
		{41, "bytes=0-4999,5000-9999", n, partial, []span{{0, 5000}, {5000, n}}},
		{42, repeated(16, apart), n, partial, sixteen},
		{42, repeated(17, apart), n, whole, nil},
		{42, repeated(17, same("100000-")), n, whole, nil},
		{44, repeated(1300, same("5-")), n, whole, nil},
		{45, repeated(700, apart), n, whole, nil},
		{45, "bytes=" + strings.Repeat("9", 7000) + "-", n, whole, nil},
		{46, repeated(100, same("0-1")), n, whole, nil},
		{48, "bytes=0-0" + strings.Repeat(" ", 1024-9), n, partial, one(0, 1)},
		{48, "bytes=0-0" + strings.Repeat(" ", 1025-9), n, whole, nil},
		{49, "bytes=0-", 0, whole, nil},
		{49, "bytes=0-0", 0, whole, nil},
		{49, "bytes=-0", 0, whole, nil},
		{50, "bytes=-5", 0, whole, nil},
	}
	for _, tt := range tests {
		spans, verdict := parseRange(tt.field, tt.size)
		if verdict != tt.verdict || !slices.Equal(spans, tt.spans) && (verdict == partial || spans != nil && verdict == whole) {
			t.Errorf("row %d: parseRange(%.60q, %d) = %v, %d; want %v, %d",
				tt.row, tt.field, tt.size, spans, verdict, tt.spans, tt.verdict)
		}
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{
		"bytes=0-499", "bytes=-1", "bytes=5-", "bytes=0-0,-1", "bytes= 1-2 ,,3-4", "BYTES=0-", "items=1-2",
		"bytes=0-18446744073709551615", "bytes=9223372036854775808-", "bytes=-9223372036854775809",
		"bytes=1-2-3", "bytes=--1", "bytes=0-9,5-14,100-", "bytes=0-1,0-1", "bytes=2-,-1,0-0", "bytes=0-1,1-2,2-3", "bytes=+1-2", "bytes=\t1-2\t",
	} {
		f.Add(s, int64(10000))
		f.Add(s, int64(3))
	}
	f.Add("bytes=0-", int64(1)<<62)
	f.Fuzz(func(t *testing.T, field string, size int64) {
		if size < 0 {
			return
		}
		spans, verdict := parseRange(field, size)
		if (verdict == partial) != (len(spans) > 0) && verdict != unsatisfiable {
			t.Fatalf("%d spans with verdict %d", len(spans), verdict)
		}
		var sum int64
		for _, s := range spans {
			if s.off < 0 || s.end <= s.off || s.end > size {
				t.Fatalf("span %v of %d bytes", s, size)
			}
			sum += s.len()
		}
		if len(spans) > maxRanges || len(spans) > 1 && sum > size {
			t.Fatalf("%d spans hold %d of %d bytes", len(spans), sum, size)
		}
		if want, wantVerdict := readAllSlowly(field, size); verdict != wantVerdict || !slices.Equal(spans, want) && verdict == partial {
			t.Fatalf("%q of %d: %v, %d; want %v, %d", field, size, spans, verdict, want, wantVerdict)
		}
	})
}

// readAllSlowly reads a Range field in the simplest way there is.
func readAllSlowly(field string, size int64) (spans []span, verdict rangeVerdict) {
	unit, list, ok := strings.Cut(field, "=")
	elements := slices.DeleteFunc(strings.Split(list, ","), func(s string) bool { return strings.Trim(s, " \t") == "" })
	if !ok || strings.ToLower(unit) != "bytes" || size == 0 || len(field) > 1024 || len(elements) == 0 || len(elements) > 16 {
		return nil, whole
	}
	sum := new(big.Int)
	for _, element := range elements {
		s, verdict := readSlowly(element, size)
		if verdict == whole {
			return nil, whole
		}
		if verdict == partial {
			spans = append(spans, s)
			sum.Add(sum, big.NewInt(s.end-s.off))
		}
	}
	if len(spans) == 0 {
		return nil, unsatisfiable
	}
	if len(spans) > 1 && sum.Cmp(big.NewInt(size)) > 0 {
		return nil, whole
	}
	var pair []int // of spans that share a byte with another one
	for i, s := range spans {
		if slices.ContainsFunc(spans, func(t span) bool { return t != s && max(s.off, t.off) < min(s.end, t.end) }) ||
			slices.Index(spans, s) != i || slices.Contains(spans[i+1:], s) {
			pair = append(pair, i)
		}
	}
	if len(pair) > 2 {
		return nil, whole
	}
	if len(pair) == 2 {
		s, t := spans[pair[0]], spans[pair[1]]
		spans[pair[0]] = span{min(s.off, t.off), max(s.end, t.end)}
		spans = slices.Delete(spans, pair[1], pair[1]+1)
	}
	return spans, partial
}

// readSlowly reads one range with numbers of any size.
func readSlowly(s string, size int64) (span, rangeVerdict) {
	number := func(s string) (*big.Int, bool) {
		for _, c := range []byte(s) {
			if c < '0' || c > '9' {
				return nil, false
			}
		}
		n, ok := new(big.Int).SetString(s, 10)
		if most := big.NewInt(1<<63 - 1); ok && n.Cmp(most) > 0 {
			n = most
		}
		return n, ok
	}
	a, b, ok := strings.Cut(strings.Trim(s, " \t"), "-")
	first, okFirst := number(a)
	last, okLast := number(b)
	switch {
	case !ok, a == "" && !okLast, a != "" && !okFirst, b != "" && !okLast:
		return span{}, whole
	case a == "" && last.Sign() == 0:
		return span{}, unsatisfiable
	case a == "":
		return span{max(0, size-last.Int64()), size}, partial
	case b != "" && last.Cmp(first) < 0:
		return span{}, whole
	case first.Int64() >= size:
		return span{}, unsatisfiable
	case b == "":
		return span{first.Int64(), size}, partial
	}
	return span{first.Int64(), min(last.Int64(), size-1) + 1}, partial
}
