package check

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"braid/segment"
)

// facts are what is known of the server and the file by the time of a probe.
type facts struct {
	name      string // of the file, by its URL
	reference answer // to a GET without a range
	id        segment.Identity
	size      int64 // -1 while nobody has told it
	known     content

	ranges bool // one was answered with a 206
	fickle bool // the ETag is not always the same, though the bytes are
	tags   []string
	dates  []string

	digests map[string][]string // Repr-Digest by algorithm: every value that was seen
	line    []step
	served  int // connections at once
	route   route
}

// A step is one request, as far as its connection goes.
type step struct {
	local  string // names the connection
	fresh  bool   // it was to be a new one
	status int
	full   bool // the answer was read to its end
	close  bool // and was said to be the last
}

func (f *facts) tag() string { return f.id.ETag }

// strong says whether s is a strong entity-tag.
func strong(s string) bool { return len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' }

// opaque is an entity-tag without its W/.
func opaque(s string) string { return strings.TrimPrefix(s, "W/") }

// modified is the Last-Modified as it was sent; "" if it is no date.
func (f *facts) modified() string {
	if f.id.Modified.IsZero() {
		return ""
	}
	return f.reference.header.Get("Last-Modified")
}

// day is the Last-Modified n days later.
func (f *facts) day(n int) string {
	return f.id.Modified.Add(time.Duration(n) * 24 * time.Hour).Format(http.TimeFormat)
}

// span is a range of n bytes at off, or as much of it as the file has.
func (f *facts) span(off, n int64) segment.Range {
	return segment.Range{Off: min(off, f.size), End: min(off+n, f.size)}
}

// piece is how many bytes a range usually asks for.
func (f *facts) piece() int64 { return max(1, min(500, f.size/2)) }

// see takes in what a sound answer says. One to HEAD brings nothing that others
// could be compared with.
func (f *facts) see(a *answer) {
	if a.method == http.MethodHead || a.status != http.StatusOK && a.status != http.StatusPartialContent {
		return
	}
	f.ranges = f.ranges || a.status == http.StatusPartialContent
	if f.size < 0 && len(a.parts) > 0 {
		f.size = a.parts[0].total
	}
	if a.coding != f.reference.coding { // another representation
		return
	}
	for _, p := range a.parts {
		f.known.learn(p.Off, p.bytes)
	}
	add(&f.tags, a.header.Get("ETag"))
	if date := a.header.Get("Last-Modified"); date != "" || a.status == http.StatusOK { // a 206 need not have it (RFC 9110, section 15.3.7)
		add(&f.dates, date)
	}
	f.fickle = f.fickle || len(f.tags) > 1
}

// stray says whether an answer is of another version by its date or its length,
// not just by an ETag that may be made up.
func (f *facts) stray(a *answer) bool {
	return a.method != http.MethodHead && (a.status == http.StatusOK || a.status == http.StatusPartialContent) &&
		a.coding == f.reference.coding && f.id.Conflicts(a.id) && !f.id.OnlyTag(a.id)
}

func add(all *[]string, s string) {
	if !slices.Contains(*all, s) {
		*all = append(*all, s)
	}
}
