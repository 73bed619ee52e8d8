package bench

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"braid/segment"
)

// plainSize reads digits, and K and M as powers of 1024.
func plainSize(s string) (int64, error) {
	unit := int64(1)
	if rest, ok := strings.CutSuffix(s, "K"); ok {
		s, unit = rest, 1<<10
	} else if rest, ok := strings.CutSuffix(s, "M"); ok {
		s, unit = rest, 1<<20
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n * unit, err
}

func mustPattern(t testing.TB, s string) Pattern {
	t.Helper()
	p, err := ParsePattern(s, plainSize)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func mustMix(t testing.TB, s string) Mix {
	t.Helper()
	m, err := ParseMix(s, plainSize)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestParsePattern(t *testing.T) {
	for _, row := range []struct{ text, want, wrong string }{
		{"random", "random", ""},
		{"sequential", "sequential", ""},
		{"strided", "strided:1048576", ""},
		{"strided:64K", "strided:65536", ""},
		{"zipf", "zipf:1.1", ""},
		{"zipf:2", "zipf:2", ""},
		{"suffix", "suffix", ""},
		{"multi", "multi:4", ""},
		{"multi:16", "multi:16", ""},
		{"whole", "whole", ""},
		{"", "", "there is no pattern"},
		{"trace", "", "there is no pattern"}, // it has a flag of its own
		{"Random", "", "there is no pattern"},
		{"random:4K", "", "takes nothing"},
		{"strided:", "", "no stride"},
		{"strided:0", "", "no stride"},
		{"strided:-1", "", "no stride"},
		{"zipf:1", "", "no skew"},
		{"zipf:NaN", "", "no skew"},
		{"zipf:11", "", "no skew"},
		{"multi:1", "", "no number of parts"},
		{"multi:17", "", "no number of parts"},
		{"multi:x", "", "no number of parts"},
	} {
		p, err := ParsePattern(row.text, plainSize)
		if row.wrong == "" && (err != nil || p.String() != row.want) || row.wrong != "" && (err == nil || !strings.Contains(err.Error(), row.wrong)) {
			t.Errorf("%q: %q, %v, want %q, %q", row.text, p, err, row.want, row.wrong)
		}
	}
}

// A length may be larger than any file.
func TestFits(t *testing.T) {
	if mustPattern(t, "multi:16").Fits(1<<20, Mix{{1 << 60, 1}}) == nil {
		t.Error("ranges of 1 EiB fit into 1 MiB")
	}
}

// Whatever the pattern, each range lies in the file and is not empty, several in
// one request do not touch, and the same seed gives the same.
func TestWalkStaysInTheFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mix := Mix{{rapid.Int64Range(1, 100).Draw(t, "a"), .5}, {rapid.Int64Range(1, 1000).Draw(t, "b"), .5}}
		size := rapid.Int64Range(1, 10_000).Draw(t, "size")
		p := Pattern{
			Kind:   rapid.SampledFrom([]string{Sequential, Random, Strided, Zipf, Suffix, Multi}).Draw(t, "kind"),
			Stride: rapid.Int64Range(1, 20_000).Draw(t, "stride"), Skew: 1.2, Parts: rapid.IntRange(2, 16).Draw(t, "parts"),
		}
		if p.Fits(size, mix) != nil {
			t.Skip()
		}
		seed := rapid.Uint64().Draw(t, "seed")
		w, again := newWalk(p, mix, size, seed), newWalk(p, mix, size, seed)
		for range 200 {
			ranges := w.next(nil)
			if !slices.Equal(ranges, again.next(nil)) {
				t.Fatal("the same seed gives other ranges")
			}
			end := int64(-1)
			for _, r := range ranges {
				if r.Empty() || r.Off <= end || r.End > size || p.Kind == Suffix && r.End != size {
					t.Fatalf("%v of %d bytes", ranges, size)
				}
				end = r.End
			}
			if want := map[bool]int{true: p.Parts, false: 1}[p.Kind == Multi]; len(ranges) != want {
				t.Fatalf("%d ranges, want %d", len(ranges), want)
			}
		}
	})
}

// once walks until all bytes were asked for, and fails if that takes too long.
func once(t *testing.T, w *walk, most int) (order []segment.Range) {
	t.Helper()
	missing := w.size
	seen := make([]bool, w.size)
	for range most {
		r := w.next(nil)[0]
		order = append(order, r)
		for i := r.Off; i < r.End; i++ {
			if !seen[i] {
				seen[i] = true
				missing--
			}
		}
		if missing == 0 {
			return order
		}
	}
	t.Fatalf("%d bytes were never asked for", missing)
	return nil
}

func TestSequentialAndStridedAskForAll(t *testing.T) {
	order := once(t, newWalk(mustPattern(t, "sequential"), mustMix(t, "7,13:0.3"), 1000, 1), 1000)
	for i := 1; i < len(order); i++ {
		if order[i].Off != order[i-1].End {
			t.Fatalf("%v does not follow %v", order[i], order[i-1])
		}
	}
	order = once(t, newWalk(mustPattern(t, "strided:100"), mustMix(t, "10"), 1000, 1), 100)
	if want := []segment.Range{{Off: 0, End: 10}, {Off: 100, End: 110}}; !slices.Equal(order[:2], want) || len(order) != 100 {
		t.Errorf("%v …, %d of them", order[:2], len(order))
	}
}

// Of a hot set few blocks get most, and they do not all lie at the beginning.
func TestZipfIsHot(t *testing.T) {
	w := newWalk(mustPattern(t, "zipf:1.5"), mustMix(t, "10"), 10_000, 3)
	count := map[int64]int{}
	late := 0
	for range 10_000 {
		off := w.next(nil)[0].Off
		count[off]++
		if off >= 5000 {
			late++
		}
	}
	var all []int
	for _, n := range count {
		all = append(all, n)
	}
	slices.SortFunc(all, func(a, b int) int { return b - a })
	ten := 0
	for _, n := range all[:10] {
		ten += n
	}
	if ten < 6000 || late < 500 || late > 9500 {
		t.Errorf("the hottest ten of 1000 blocks got %d of 10000 requests, the second half %d", ten, late)
	}
}

func TestReadTrace(t *testing.T) {
	p, err := ReadTrace(strings.NewReader("# offset length\n0 10\n\n  4096\t1024 \r\n5 1"))
	if err != nil {
		t.Fatal(err)
	}
	w := newWalk(p, nil, 10_000, 0)
	for i, want := range []segment.Range{{Off: 0, End: 10}, {Off: 4096, End: 5120}, {Off: 5, End: 6}, {Off: 0, End: 10}} {
		if got := w.next(nil); len(got) != 1 || got[0] != want {
			t.Errorf("range %d: %v, want %v", i, got, want)
		}
	}
	if err := p.Fits(5000, nil); err == nil || !strings.Contains(err.Error(), "asks for bytes 4096-5119, and the file has 5000") {
		t.Errorf("too short a file: %v", err)
	}
	for text, want := range map[string]string{
		"":                                "no range in it",
		"# nothing":                       "no range in it",
		"1 2\n3":                          "line 2 is not",
		"1 2 3":                           "line 1 is not",
		"-1 2":                            "no offset",
		"1 0":                             "no length",
		"1 -5":                            "no length",
		"x 1":                             "no offset",
		"9223372036854775807 1":           "no length",
		"99999999999999999999 1":          "no offset",
		"1 " + strings.Repeat("9", 70000): "too long",
	} {
		if _, err := ReadTrace(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %q", text, err, want)
		}
	}
}

func TestParseMix(t *testing.T) {
	for _, row := range []struct{ text, want, wrong string }{
		{"4K", "4K", ""},
		{"4K,64K:0.7,1M", "4K:0.15,64K:0.7,1M:0.15", ""},
		{"1000:3,2000:1", "1000:0.75,2000:0.25", ""},
		{"4K,8K", "4K:0.5,8K:0.5", ""},
		{"", "", "no length"},
		{"4K,", "", "no length"},
		{"0", "", "no length"},
		{"-4", "", "no length"},
		{"4K:0", "", "no share"},
		{"4K:-1", "", "no share"},
		{"4K:NaN", "", "no share"},
		{"4K:1,8K", "", "leave nothing"},
	} {
		m, err := ParseMix(row.text, plainSize)
		if row.wrong == "" && (err != nil || m.String() != row.want) || row.wrong != "" && (err == nil || !strings.Contains(err.Error(), row.wrong)) {
			t.Errorf("%q: %q, %v, want %q, %q", row.text, m, err, row.want, row.wrong)
		}
	}
	m, n := mustMix(t, "1:0.2,2:0.5,3"), map[int64]int{}
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		n[m.draw(r)]++
	}
	if n[1] < 1800 || n[1] > 2200 || n[2] < 4700 || n[2] > 5300 || n[1]+n[2]+n[3] != 10_000 {
		t.Errorf("drawn: %v", n)
	}
}
