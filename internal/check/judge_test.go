package check

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"braid/segment"
)

// known are facts about a file of 10000 bytes on a server that has ranges and
// all validators.
func known() *facts {
	body := []byte(strings.Repeat("0123456789", 1000))
	modified := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f := &facts{name: "f.bin", size: 10000, ranges: true,
		id: segment.Identity{Size: 10000, ETag: `"a"`, Modified: modified, Date: modified.Add(time.Hour)}}
	f.reference = answer{status: 200, length: 10000, body: body, whole: true, id: f.id,
		header: http.Header{"Etag": {`"a"`}, "Last-Modified": {modified.Format(http.TimeFormat)}, "Date": {"x"}, "Vary": {"Accept"}}}
	f.known.learn(0, body)
	f.see(&f.reference)
	return f
}

// said is an answer with some fields; a body of n bytes is the file's from off.
func said(f *facts, status int, off, n int64, fields ...string) *answer {
	a := &answer{status: status, length: n, whole: true, header: f.reference.header.Clone()}
	for i := 0; i < len(fields); i += 2 {
		if fields[i+1] == "" {
			a.header.Del(fields[i])
		} else {
			a.header.Set(fields[i], fields[i+1])
		}
	}
	a.id = f.id
	a.body = f.reference.body[off : off+n]
	return a
}

func ranged(f *facts, first, last int64, fields ...string) *answer {
	return said(f, 206, first, last-first+1, append([]string{"Content-Range", fmt.Sprintf("bytes %d-%d/10000", first, last)}, fields...)...)
}

// together is a 206 of several parts.
func together(f *facts, fields []string, spans ...[2]int64) *answer {
	var b strings.Builder
	for _, s := range spans {
		fmt.Fprintf(&b, "--B\r\nContent-Range: bytes %d-%d/10000\r\n\r\n%s\r\n", s[0], s[1], f.reference.body[s[0]:s[1]+1])
	}
	b.WriteString("--B--\r\n")
	a := said(f, 206, 0, 0, append([]string{"Content-Type", "multipart/byteranges; boundary=B"}, fields...)...)
	a.body, a.length = []byte(b.String()), int64(b.Len())
	return a
}

func TestLook(t *testing.T) {
	f := known()
	wrong := func(a *answer) *answer {
		a.body = append([]byte(nil), a.body...)
		a.body[len(a.body)-1] ^= 1
		return a
	}
	half := func(a *answer, whole bool) *answer {
		a.body, a.length, a.whole = a.body[:len(a.body)/2], -1, whole
		return a
	}
	for _, c := range []struct {
		name string
		a    *answer
		flaw string // a part of the reason; "" for none
	}{
		{"the file", said(f, 200, 0, 10000), ""},
		{"its beginning", &answer{status: 200, length: 10000, body: f.reference.body[:100], header: http.Header{}}, ""},
		{"another length", said(f, 200, 0, 9999), "had 10000 bytes"},
		{"another byte", wrong(said(f, 200, 0, 10000)), "byte 9999"},
		{"a range", ranged(f, 100, 199), ""},
		{"a range of another file", said(f, 206, 100, 100, "Content-Range", "bytes 100-199/9999"), "had 10000 bytes"},
		{"a range without a total", said(f, 206, 100, 100, "Content-Range", "bytes 100-199/*"), ""},
		{"wrong byte in a range", wrong(ranged(f, 100, 199)), "byte 199"},
		{"bytes of elsewhere", said(f, 206, 105, 100, "Content-Range", "bytes 100-199/10000"), "byte 100"},
		{"no Content-Range", said(f, 206, 0, 100), "no Content-Range"},
		{"nonsense", said(f, 206, 0, 100, "Content-Range", "bytes 9-1/10000"), "no Content-Range"},
		{"too long", said(f, 206, 100, 101, "Content-Range", "bytes 100-199/10000"), "101 bytes are announced"},
		{"too short", said(f, 206, 100, 99, "Content-Range", "bytes 100-199/10000"), "99 bytes are announced"},
		{"no ETag on a 206", ranged(f, 100, 199, "ETag", ""), "ETag is missing"},
		{"no Vary on a 206", ranged(f, 100, 199, "Vary", ""), "Vary is missing"},
		{"no Last-Modified on a 206", ranged(f, 100, 199, "Last-Modified", ""), ""},
		{"parts", together(f, nil, [2]int64{0, 9}, [2]int64{50, 59}), ""},
		{"parts under one Content-Range", together(f, []string{"Content-Range", "bytes 0-59/10000"}, [2]int64{0, 9}), "Content-Range of its own"},
		{"no boundary", together(f, []string{"Content-Type", "multipart/byteranges"}, [2]int64{0, 9}), "no boundary"},
		{"no parts", together(f, nil), "cannot be read"},
		{"a part that ends early", half(together(f, nil, [2]int64{0, 99}), true), "ends early"},
		{"a part that was not read on", half(together(f, nil, [2]int64{0, 99}), false), ""},
		{"304", said(f, 304, 0, 0), ""},
		{"304 without ETag", said(f, 304, 0, 0, "ETag", ""), "ETag is missing"},
		{"416", said(f, 416, 0, 0, "Content-Range", "bytes */10000"), ""},
		{"416 of nothing", said(f, 416, 0, 0), ""},
		{"416 of another length", said(f, 416, 0, 0, "Content-Range", "bytes */1"), "had 10000 bytes"},
		{"416 with a range", said(f, 416, 0, 0, "Content-Range", "bytes 0-1/10000"), "of a 206"},
		{"cut", &answer{status: 200, length: 10000, header: http.Header{}, err: fmt.Errorf("broken")}, "not whole: broken"},
		{"an error page", said(f, 404, 0, 10), ""},
	} {
		switch wrong := look(f, c.a); {
		case wrong == nil && c.flaw != "":
			t.Errorf("%s: nothing is wrong", c.name)
		case wrong != nil && (c.flaw == "" || !strings.Contains(wrong.reason, c.flaw)):
			t.Errorf("%s: %s", c.name, wrong.reason)
		}
	}
}

// judged is what the probe of a name makes of a sound answer.
func judged(t *testing.T, f *facts, id string, a *answer) Verdict {
	t.Helper()
	if wrong := look(f, a); wrong != nil {
		t.Fatalf("%s: %s", id, wrong.reason)
	}
	for _, g := range groups() {
		for _, p := range g.probes {
			if p.id == id {
				v, _ := p.judge(f, a)
				return v
			}
		}
	}
	t.Fatal("there is no probe " + id)
	return ""
}

func TestJudges(t *testing.T) {
	f := known()
	head := func(a *answer) *answer { a.method = http.MethodHead; return a }
	whole := func() *answer { return said(f, 200, 0, 10000) }
	past := said(f, 416, 0, 0, "Content-Range", "bytes */10000")
	for _, c := range []struct {
		id   string
		a    *answer
		want Verdict
	}{
		{"head", head(whole()), Pass},
		{"head", head(said(f, 200, 0, 9999)), Fail},
		{"head", head(said(f, 405, 0, 0)), Fail},
		{"head", head(said(f, 403, 0, 0)), Allowed},
		{"head-range", head(whole()), Pass},
		{"head-range", head(ranged(f, 0, 499)), Fail},
		{"single", ranged(f, 0, 499), Pass},
		{"single", ranged(f, 0, 99), Allowed},
		{"single", ranged(f, 0, 999), Allowed},
		{"single", ranged(f, 100, 599), Fail},
		{"single", together(f, nil, [2]int64{0, 499}), Fail},
		{"single", past, Allowed},
		{"single", said(f, 500, 0, 0), Allowed},
		{"inner", whole(), Allowed},
		{"inner", ranged(f, 0, 499), Fail},
		{"suffix", ranged(f, 9500, 9999), Pass},
		{"suffix-long", ranged(f, 0, 9999), Pass},
		{"clamp", ranged(f, 9500, 9999), Pass},
		{"past-end", past, Pass},
		{"past-end", said(f, 416, 0, 0), Allowed},
		{"past-end", ranged(f, 9999, 9999), Fail},
		{"suffix-zero", ranged(f, 9999, 9999), Fail},
		{"unit-case", ranged(f, 0, 3), Pass},
		{"unit-unknown", whole(), Pass},
		{"unit-unknown", past, Fail},
		{"unit-unknown", ranged(f, 0, 5), Fail},
		{"huge-first", past, Pass},
		{"huge-first", ranged(f, 0, 99), Fail},
		{"huge-suffix", ranged(f, 0, 9999), Pass},
		{"reversed", whole(), Pass},
		{"reversed", past, Pass},
		{"reversed", ranged(f, 4, 5), Allowed},
		{"multi", together(f, nil, [2]int64{0, 99}, [2]int64{200, 299}), Pass},
		{"multi", ranged(f, 0, 299), Pass},
		{"multi", ranged(f, 0, 99), Allowed},
		{"multi", ranged(f, 500, 599), Fail},
		{"multi", whole(), NotOffered},
		{"one-satisfiable", ranged(f, 0, 9), Pass},
		{"one-satisfiable", together(f, nil, [2]int64{0, 9}), Pass},
		{"excess", whole(), Pass},
		{"excess", together(f, nil, [2]int64{0, 9999}, [2]int64{0, 9999}, [2]int64{0, 9999}), Allowed},
		{"if-range-tag", ranged(f, 0, 499), Pass},
		{"if-range-tag", whole(), Allowed},
		{"if-range-other", whole(), Pass},
		{"if-range-other", ranged(f, 0, 499), Fail},
		{"if-range-weak", ranged(f, 0, 499), Fail},
		{"if-range-later", ranged(f, 0, 499), Fail},
		{"if-range-past-end", past, Fail},
		{"if-match", whole(), Pass},
		{"if-match", said(f, 412, 0, 0), Fail},
		{"if-match-other", said(f, 412, 0, 0), Pass},
		{"if-match-other", whole(), Fail},
		{"if-match-other", said(f, 400, 0, 0), Allowed},
		{"if-match-other", said(f, 200, 0, 10000, "Age", "5"), Allowed}, // a cache may ignore it
		{"if-match-other", said(f, 304, 0, 0, "Age", "5"), Fail},
		{"match-before-range", said(f, 416, 0, 0, "Content-Range", "bytes */10000", "Via", "1.1 x"), Allowed},
		{"if-none-match", said(f, 304, 0, 0), Pass},
		{"if-none-match", whole(), Fail},
		{"if-none-match-other", said(f, 304, 0, 0), Fail},
		{"if-modified-since", whole(), Allowed},
		{"if-modified-since", said(f, 412, 0, 0), Fail},
		{"tag-before-date", whole(), Fail},
		{"match-before-unmodified", said(f, 412, 0, 0), Fail},
		{"match-before-range", past, Fail},
		{"none-match-before-range", ranged(f, 0, 499), Fail},
		{"etag", said(f, 200, 0, 0, "ETag", `a`), Fail},
		{"etag", said(f, 200, 0, 0, "ETag", `"a"b"`), Fail},
		{"etag", said(f, 200, 0, 0, "ETag", `W/"a"`), Allowed},
		{"etag", said(f, 200, 0, 0, "ETag", ``), NotOffered},
	} {
		if c.id == "etag" {
			if v, _ := judgeTag(f, c.a); v != c.want {
				t.Errorf("%v: %s, want %s", c.a.header["Etag"], v, c.want)
			}
			continue
		}
		if got := judged(t, f, c.id, c.a); got != c.want {
			t.Errorf("%s, %v: %s, want %s", c.id, c.a, got, c.want)
		}
	}
}

// A 206 need not have a Last-Modified, so one without is of no other version.
func TestPartWithoutDate(t *testing.T) {
	f := known()
	f.see(ranged(f, 0, 499, "Last-Modified", ""))
	if v, why := judgeStable(f, &f.reference); v != Pass {
		t.Errorf("%s, %s", v, why)
	}
	f.see(ranged(f, 0, 499, "Last-Modified", "Sat, 03 Jan 2026 00:00:00 GMT"))
	if v, _ := judgeStable(f, &f.reference); v != Allowed {
		t.Errorf("%s for another date", v)
	}
}

// Last-Modified is held against Date.
func TestJudgeModified(t *testing.T) {
	f := known()
	at := f.id.Modified
	for _, c := range []struct {
		name           string
		text           string
		modified, date time.Time
		want           Verdict
	}{
		{"old", "x", at, at.Add(time.Hour), Pass},
		{"made up", "x", at, at.Add(time.Second), Allowed},
		{"of the future", "x", at, at.Add(-time.Second), Fail},
		{"without a Date", "x", at, time.Time{}, Allowed},
		{"no date", "yesterday", time.Time{}, at, Fail},
		{"none", "", time.Time{}, at, NotOffered},
	} {
		f.id.Modified, f.id.Date = c.modified, c.date
		if v, _ := judgeModified(f, said(f, 200, 0, 0, "Last-Modified", c.text)); v != c.want {
			t.Errorf("%s: %s, want %s", c.name, v, c.want)
		}
	}
}

func TestStreak(t *testing.T) {
	on := func(local string, full, close bool) step {
		return step{local: local, full: full, close: close, status: 412}
	}
	for _, c := range []struct {
		name       string
		line       []step
		most, rude int
	}{
		{"one connection", []step{on("a", true, false), on("a", true, false), on("a", true, false)}, 3, 0},
		{"cut by us", []step{on("a", false, false), on("b", false, false), on("c", true, false)}, 1, 0},
		{"closed as said", []step{on("a", true, false), on("a", true, true), on("b", true, false)}, 2, 0},
		{"closed once", []step{on("a", true, false), on("b", true, false), on("b", true, false)}, 2, 0},
		{"closed without a word", []step{on("a", true, false), on("b", true, false), on("c", true, false)}, 1, 412},
	} {
		if most, rude := streak(c.line); most != c.most || rude != c.rude {
			t.Errorf("%s: %d, %d, want %d, %d", c.name, most, rude, c.most, c.rude)
		}
	}
}

// Every row says which rule it is about, under a name of its own.
func TestProbesAreWhole(t *testing.T) {
	seen := map[string]bool{}
	all := groups()
	all = append(all, group{"connections", connectionProbes()})
	for _, g := range all {
		for _, p := range g.probes {
			if p.id == "" || p.rule == "" || p.section == "" || p.judge == nil || (p.ask == nil) == (p.asked == "") || seen[p.id] {
				t.Errorf("%s: %+v", g.name, p)
			}
			seen[p.id] = true
		}
	}
}

func TestContent(t *testing.T) {
	var c content
	c.learn(10, []byte("abcdef"))
	c.learn(12, []byte("cd"))
	for _, x := range []struct {
		off  int64
		b    string
		want int64
	}{{0, "zzzzzzzzzz", -1}, {16, "z", -1}, {10, "abcdef", -1}, {8, "zzab", -1}, {14, "efzz", -1}, {9, "zabcx", 13}, {15, "g", 15}} {
		if got := c.differs(x.off, []byte(x.b)); got != x.want {
			t.Errorf("%d %s: %d, want %d", x.off, x.b, got, x.want)
		}
	}
	if len(c.pieces) != 1 {
		t.Error(len(c.pieces))
	}
}
