package segment

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"
)

func TestRange(t *testing.T) {
	for _, c := range []struct {
		r    Range
		len  int64
		text string
	}{
		{Range{0, 500}, 500, "0-499"},
		{Range{7, 8}, 1, "7-7"},
		{Range{7, 7}, 0, "nothing at 7"},
		{Range{9, 7}, 0, "nothing at 9"},
	} {
		if c.r.Len() != c.len || c.r.String() != c.text || c.r.Empty() != (c.len == 0) {
			t.Errorf("%#v: %d bytes, %q", c.r, c.r.Len(), c.r)
		}
	}
	for _, c := range []struct{ a, b, both Range }{
		{Range{0, 10}, Range{5, 20}, Range{5, 10}},
		{Range{5, 20}, Range{0, 10}, Range{5, 10}},
		{Range{0, 10}, Range{2, 3}, Range{2, 3}},
		{Range{0, 10}, Range{10, 20}, Range{10, 10}},
		{Range{0, 10}, Range{15, 20}, Range{15, 15}},
	} {
		if got := c.a.Intersect(c.b); got != c.both {
			t.Errorf("%v and %v have %v in common, want %v", c.a, c.b, got, c.both)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct{ size, block int64 }{
		{0, 1 << 16}, {1, 1 << 16}, {1 << 26, 1 << 16}, {1<<26 + 1, 1 << 17}, {1 << 29, 1 << 19},
		{1<<29 + 1, 1 << 20}, {1 << 30, 1 << 20}, {1<<30 + 1, 1 << 20}, {1 << 39, 1 << 20}, {1<<39 + 1, 1 << 21}, {1 << 40, 1 << 21}, {1 << 62, 1 << 43},
	} {
		if g := Cut(c.size); g.Block != c.block || g.Len() > maxBlocks {
			t.Errorf("Cut(%d): %d blocks of %d", c.size, g.Len(), g.Block)
		}
	}
}

// The blocks of a grid tile the file: each begins where the one before ended,
// every byte lies in the block that Index names, and Border is its end.
func TestAGridTilesTheFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := Grid{Size: rapid.Int64Range(0, 5000).Draw(t, "size"), Block: rapid.Int64Range(1, 600).Draw(t, "block")}
		off := int64(0)
		for i := range g.Len() {
			r := g.Range(i)
			if r.Off != off || r.Empty() || r.Len() > g.Block {
				t.Fatalf("block %d of %+v is %v", i, g, r)
			}
			for o := r.Off; o < r.End; o++ {
				if g.Index(o) != i || g.Border(o) != r.End {
					t.Fatalf("byte %d of %+v: block %d, border %d", o, g, g.Index(o), g.Border(o))
				}
			}
			off = r.End
		}
		if off != g.Size {
			t.Fatalf("the blocks of %+v end at %d", g, off)
		}
	})
}

// A bitmap does what a map[int]bool does.
func TestBitmapAgainstAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 300).Draw(t, "n")
		b, m := NewBitmap(n), map[int]bool{}
		for range rapid.IntRange(0, 400).Draw(t, "steps") {
			if n == 0 {
				break
			}
			i := rapid.IntRange(0, n-1).Draw(t, "i")
			if rapid.Bool().Draw(t, "set") {
				b.Set(i)
				m[i] = true
			} else {
				b.Clear(i)
				delete(m, i)
			}
		}
		if b.Count() != len(m) || b.Len() != n || b.Full() != (len(m) == n) {
			t.Fatalf("%d of %d blocks, want %d of %d", b.Count(), b.Len(), len(m), n)
		}
		for first := range b.Gaps() { // one may stop at the first
			if m[first] {
				t.Fatalf("block %d is in a gap", first)
			}
			break
		}
		gap, last := map[int]bool{}, -1
		for first, past := range b.Gaps() {
			if first <= last || past <= first || past > n {
				t.Fatalf("gap [%d, %d) after %d", first, past, last)
			}
			for last = first; last < past; last++ {
				gap[last] = true
			}
		}
		for i := range n {
			if b.Has(i) != m[i] || gap[i] == m[i] {
				t.Fatalf("block %d: has %v, in a gap %v, want %v", i, b.Has(i), gap[i], m[i])
			}
		}
		c := b.Clone()
		for i := range n {
			c.Set(i)
		}
		if b.Count() != len(m) {
			t.Fatal("a clone shares its words")
		}
	})
}

func TestBitmapBytesCountsAShortLastBlock(t *testing.T) {
	g := Grid{Size: 25, Block: 10}
	b := NewBitmap(g.Len())
	b.Set(0)
	b.Set(2)
	if got := b.Bytes(g); got != 15 {
		t.Fatalf("%d bytes", got)
	}
}

func TestIdentity(t *testing.T) {
	date := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tag := func(tag string) Identity { return Identity{Size: 9, ETag: tag} }
	dated := func(age time.Duration) Identity {
		return Identity{Size: 9, Modified: date.Add(-age), Date: date}
	}
	for _, c := range []struct {
		name                    string
		a, b                    Identity
		strong, same, conflicts bool // strong is a's
	}{
		{"equal strong tags", tag(`"x"`), tag(`"x"`), true, true, false},
		{"different strong tags", tag(`"x"`), tag(`"y"`), true, false, true},
		{"equal weak tags prove nothing", tag(`W/"x"`), tag(`W/"x"`), false, false, false},
		{"a weak and a strong one prove nothing", tag(`W/"x"`), tag(`"x"`), false, false, false},
		{"different weak tags", tag(`W/"x"`), tag(`W/"y"`), false, false, true},
		{"a weak and a strong one that differ", tag(`W/"x"`), tag(`"y"`), false, false, true},
		{"a tag and none", tag(`"x"`), Identity{Size: 9}, true, false, false},
		{"equal dates overrule different weak tags", Identity{Size: 9, ETag: `W/"x"`, Modified: date}, Identity{Size: 9, ETag: `W/"y"`, Modified: date}, false, false, false},
		{"equal dates overrule a weak and a strong one", Identity{Size: 9, ETag: `W/"x"`, Modified: date}, Identity{Size: 9, ETag: `"y"`, Modified: date}, false, false, false},
		{"a date on one side overrules nothing", Identity{Size: 9, ETag: `W/"x"`, Modified: date}, tag(`W/"y"`), false, false, true},
		{"equal dates do not overrule strong tags", Identity{Size: 9, ETag: `"x"`, Modified: date}, Identity{Size: 9, ETag: `"y"`, Modified: date}, true, false, true},
		{"equal weak tags do not overrule dates", Identity{Size: 9, ETag: `W/"x"`, Modified: date}, Identity{Size: 9, ETag: `W/"x"`, Modified: date.Add(1)}, false, false, true},
		{"different unquoted tags", tag(`x`), tag(`y`), false, false, true},
		{"an unquoted tag proves nothing", tag(`x`), tag(`x`), false, false, false},
		{"sizes decide first", Identity{Size: 8, ETag: `"x"`}, tag(`"x"`), true, false, true},
		{"an unknown size is never the same", Identity{Size: -1, ETag: `"x"`}, Identity{Size: -1, ETag: `"x"`}, true, false, false},
		{"old dates", dated(time.Hour), dated(time.Hour), true, true, false},
		{"a date within the minute is weak", dated(59 * time.Second), dated(59 * time.Second), false, false, false},
		{"a date of exactly a minute is strong", dated(time.Minute), dated(time.Minute), true, true, false},
		{"other dates conflict", dated(time.Hour), dated(2 * time.Hour), true, false, true},
		{"dates made up for each response", dated(time.Second), Identity{Size: 9, Modified: date.Add(time.Minute), Date: date.Add(time.Minute)}, false, false, true},
		{"the date of no date", Identity{Size: 9, Modified: time.Unix(1, 0), Date: date}, Identity{Size: 9, Modified: time.Unix(1, 0), Date: date}, false, false, false},
		{"a date made up and another", dated(time.Second), dated(time.Hour), false, false, true},
		{"young dates that differ", dated(20 * time.Second), dated(10 * time.Second), false, false, true},
		{"tags decide before dates", Identity{Size: 9, ETag: `"x"`, Modified: date}, Identity{Size: 9, ETag: `"x"`, Modified: date.Add(1)}, true, true, false},
		{"a date without the response's own is weak", Identity{Size: 9, Modified: date}, Identity{Size: 9, Modified: date}, false, false, false},
		{"nothing said", Identity{Size: 9}, Identity{Size: 9}, false, false, false},
	} {
		if c.a.Strong() != c.strong || c.a.Same(c.b) != c.same || c.b.Same(c.a) != c.same ||
			c.a.Conflicts(c.b) != c.conflicts || c.b.Conflicts(c.a) != c.conflicts {
			t.Errorf("%s: strong %v, same %v, conflicts %v", c.name, c.a.Strong(), c.a.Same(c.b), c.a.Conflicts(c.b))
		}
	}
}

func TestDigest(t *testing.T) {
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for _, s := range []string{"sha256:" + empty, "SHA-256=" + strings.ToUpper(empty), empty, " " + empty + " "} {
		d, err := ParseDigest(s)
		if err != nil || d.String() != "sha256:"+empty {
			t.Errorf("%q: %v, %v", s, d, err)
			continue
		}
		if err := d.Check(strings.NewReader("")); err != nil {
			t.Error(err)
		}
		var wrong *DigestError
		if err := d.Check(strings.NewReader("x")); !errors.As(err, &wrong) || bytes.Equal(wrong.Got, wrong.Want) ||
			err.Error() != fmt.Sprintf("sha256 is %x, not %s", wrong.Got, empty) {
			t.Error(err)
		}
		// A disk that fails is not a wrong checksum.
		if err := d.Check(iotest.ErrReader(io.ErrNoProgress)); !errors.Is(err, io.ErrNoProgress) || errors.As(err, &wrong) {
			t.Error(err)
		}
	}
	for hex, name := range map[int]string{32: "md5", 40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"} {
		if d, err := ParseDigest(strings.Repeat("a", hex)); err != nil || d.Algorithm != name {
			t.Errorf("%d digits: %v, %v", hex, d, err)
		}
	}
	for _, s := range []string{"", "sha256:", "sha256:xyz", "sha256:abcd", "crc:abcd", "abcd", "sha256", ":" + empty} {
		if d, err := ParseDigest(s); err == nil {
			t.Errorf("%q was taken for %v", s, d)
		}
	}
}

func TestOnlyTag(t *testing.T) {
	date := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	id := func(size int64, tag string, modified time.Time) Identity {
		return Identity{Size: size, ETag: tag, Modified: modified, Date: date}
	}
	old, older := date.Add(-time.Hour), date.Add(-2*time.Hour)
	for _, c := range []struct {
		name string
		b    Identity
		want bool
	}{
		{"nothing", id(9, `"x"`, old), false},
		{"the tag", id(9, `"y"`, old), true},
		{"the size too", id(8, `"y"`, old), false},
		{"the date too", id(9, `"y"`, older), false},
		{"the date is gone", id(9, `"y"`, time.Time{}), false},
		{"the tag is gone", id(9, "", old), false},
	} {
		if got := id(9, `"x"`, old).OnlyTag(c.b); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// A digest that is accepted can be written down and read again, and checks.
func FuzzParseDigest(f *testing.F) {
	for _, s := range []string{
		"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "MD5=900150983cd24fb0d6963f7d28e17f72",
		"d41d8cd98f00b204e9800998ecf8427e", "sha-512:00", ":", "=", "sha256:", "crc32:00000000", "sha1: 00 ",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDigest(s)
		if err != nil {
			return
		}
		if h := d.Hash(); h == nil || h.Size() != len(d.Sum) {
			t.Fatalf("%q: %+v", s, d)
		}
		if again, err := ParseDigest(d.String()); err != nil || again.String() != d.String() {
			t.Fatalf("%q became %q, which became %q: %v", s, d, again, err)
		}
		if err := d.Check(strings.NewReader("no such file")); err == nil {
			t.Fatalf("%q fits anything", s)
		}
	})
}
