package server

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestOrders(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	entries := []entry{ // as entries leaves them
		{Name: "x", Dir: true, Size: 0, Modified: day(3)}, {Name: "z", Dir: true, Size: 0, Modified: day(1)},
		{Name: "B", Dir: false, Size: 5, Modified: day(9)}, {Name: "a", Dir: false, Size: 70, Modified: day(2)}, {Name: "b", Dir: false, Size: 5, Modified: day(4)},
	}
	for query, want := range map[string]string{
		"": "xzBab", "sort=name": "xzBab", "sort=name&order=desc": "zxbaB", "order=desc": "zxbaB",
		"sort=size": "xzBba", "sort=size&order=desc": "xzaBb",
		"sort=date": "zxabB", "sort=date&order=desc": "xzBba",
		"sort=nonsense&order=nonsense": "xzBab",
		"q=B":                          "Bb", "q=b&sort=date&order=asc": "bB", "q=nope": "", "from=2": "Bab", "from=4": "b", "from=99": "b", "from=-1": "xzBab", "from=x": "xzBab",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, e := range questionOf(values).of(entries, 10).entries {
			got += e.Name
		}
		if got != want {
			t.Errorf("%q gives %s, want %s", query, got, want)
		}
	}
	if entries[2].Name != "B" || entries[4].Name != "b" {
		t.Errorf("the entries that others read have been sorted: %v", entries)
	}
}

// Whoever follows the links sees every entry once, in order, and keeps what was asked for.
func TestExcerpts(t *testing.T) {
	var entries []entry
	for i := range 2500 {
		entries = append(entries, entry{Name: fmt.Sprintf("f%04d", i), Size: int64(i * 7 % 100)})
	}
	for _, query := range []string{"", "sort=size&order=desc", "q=1", "q=f"} {
		want := questionOf(must(url.ParseQuery(query))).of(entries, 1<<20)
		var got []entry
		next := "./?" + query
		for i := 0; next != ""; i++ {
			if i > 10 {
				t.Fatal("there is no end")
			}
			p := questionOf(must(url.ParseQuery(strings.TrimPrefix(next, "./?")))).of(entries, 300)
			if p.total != want.total {
				t.Errorf("%q: %d of %d", next, p.total, want.total)
			}
			got = append(got, p.entries...)
			next = p.next()
		}
		if len(got) != len(want.entries) {
			t.Fatalf("%q: %d entries, want %d", query, len(got), len(want.entries))
		}
		for i := range got {
			if got[i] != want.entries[i] {
				t.Errorf("%q: %d is %v, want %v", query, i, got[i], want.entries[i])
			}
		}
	}
}
