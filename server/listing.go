package server

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed listing.html
var listingHTML string

//go:embed listing.css
var listingCSS string

//go:embed listing.js
var listingJS string

const (
	pageRows    = 1000   // how many entries a page shows
	pageEntries = 10_000 // how many entries one piece of JSON has
)

// A listing shows folders to people, as pages, and to programs, as JSON. What it sends is made in memory before its
// first byte goes out, and no longer than a page of so many entries, however large the folder is.
type listing struct {
	pages   *template.Template
	policy  string // Content-Security-Policy
	pattern bool   // the pattern is served too
	desk    *desk
	digests *digests // nil: no digests
}

func newListing(pattern bool, d *digests) *listing {
	return &listing{
		pages: template.Must(template.New("listing").Funcs(template.FuncMap{"shown": shown}).Parse(listingHTML)),
		// The style and the script stand in the page and are let through by their hashes, the icon by its scheme.
		// Nothing else may be loaded, run or framed, and the form leads back here.
		policy: "default-src 'none'; style-src " + hashOf(listingCSS) + "; script-src " + hashOf(listingJS) +
			"; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
		pattern: pattern,
		desk:    newDesk(),
		digests: d,
	}
}

// hashOf is the source expression that lets an inline text through (CSP 3, section 2.3.1).
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// A question is what a request wants to know of a folder. What makes no sense in its query is as if it were not there.
type question struct {
	order
	q    string // what names must contain; "" for all names
	from int    // how many entries to leave out
	file string // the one file that is asked about; "" for the folder
}

func questionOf(query url.Values) question {
	a := question{order: order{query.Get("sort"), query.Get("order") == "desc"}, q: query.Get("q"), file: query.Get("file")}
	if a.by != "size" && a.by != "date" {
		a.by = "name"
	}
	if from, err := strconv.Atoi(query.Get("from")); err == nil && from > 0 {
		a.from = from
	}
	return a
}

// query is the question as the query of a relative link.
func (a question) query() string {
	v := url.Values{}
	if a.by != "name" {
		v.Set("sort", a.by)
	}
	if a.desc {
		v.Set("order", "desc")
	}
	if a.q != "" {
		v.Set("q", a.q)
	}
	if a.from > 0 {
		v.Set("from", strconv.Itoa(a.from))
	}
	if len(v) == 0 {
		return "./"
	}
	return "./?" + v.Encode()
}

// An excerpt is some of the entries that a question is answered with.
type excerpt struct {
	entries  []entry // these
	total    int     // of so many
	question         // with its from where they begin
}

// of picks at most n of the entries of a folder.
func (a question) of(entries []entry, n int) excerpt {
	picked := a.sorted(entries, a.q)
	a.from = min(a.from, max(0, len(picked)-1))
	p := excerpt{entries: []entry{}, total: len(picked), question: a} // an empty list is [] and not null
	for _, i := range picked[a.from:min(len(picked), a.from+n)] {
		p.entries = append(p.entries, entries[i])
	}
	return p
}

// next is the link to what comes after an excerpt, "" if that is all.
func (p excerpt) next() string {
	past := p.from + len(p.entries)
	if past >= p.total {
		return ""
	}
	p.from = past
	return p.query()
}

// serve answers for the folder of t that f, opened under the given name, is.
func (l *listing) serve(w http.ResponseWriter, r *http.Request, t tree, name string, f fs.File, fi fs.FileInfo) {
	a := questionOf(r.URL.Query())
	h := w.Header()
	h.Set("Vary", "Accept")
	h.Set("Cache-Control", "no-cache")
	if a.file != "" && !wantsJSON(r) {
		l.card(w, r, t, name, a.file)
		return
	}
	ctx := r.Context()
	entries, err := l.desk.entries(ctx, name, fi, func() ([]entry, error) { return entriesOf(t, l.digests, name, f) })
	if err != nil {
		l.send(w, r, "", err)
		return
	}
	var content string
	if wantsJSON(r) {
		page(w, "application/json", "default-src 'none'")
		content, err = l.desk.page(ctx, func(w io.Writer) error {
			encoder := json.NewEncoder(w)
			encoder.SetEscapeHTML(false)
			p := a.of(entries, pageEntries)
			return encoder.Encode(struct {
				Path    string  `json:"path"`
				Total   int     `json:"total"`
				Entries []entry `json:"entries"`
				Next    string  `json:"next,omitempty"` // a relative link to what comes after these
			}{trail(name), p.total, p.entries, p.next()})
		})
	} else {
		page(w, "text/html; charset=utf-8", l.policy)
		content, err = l.desk.page(ctx, func(w io.Writer) error {
			return l.pages.ExecuteTemplate(w, "folder", l.view(name, entries, a, time.Now()))
		})
	}
	l.send(w, r, content, err)
}

// send answers with a page, unless it could not be made.
func (l *listing) send(w http.ResponseWriter, r *http.Request, content string, err error) {
	switch {
	case r.Context().Err() != nil:
		abort() // nobody is there any more
	case err != nil:
		fail(w, http.StatusInternalServerError)
	default:
		switch evaluate(r.Header, validators{}) { // a page has none, but "*" stands for whatever there is
		case preconditionFailed:
			fail(w, http.StatusPreconditionFailed)
		case notModified:
			w.Header().Del("Content-Type")
			w.WriteHeader(http.StatusNotModified)
		default:
			send(w, http.StatusOK, content)
		}
	}
}

// card answers with what there is to know of one file in the folder of that name.
func (l *listing) card(w http.ResponseWriter, r *http.Request, t tree, name, file string) {
	e, ok := entryOf(t, l.digests, name, file)
	if !ok || e.Dir {
		fail(w, http.StatusNotFound)
		return
	}
	page(w, "text/html; charset=utf-8", l.policy)
	content, err := l.desk.page(r.Context(), func(w io.Writer) error {
		return l.pages.ExecuteTemplate(w, "file", l.fileView(name, e, r, time.Now()))
	})
	l.send(w, r, content, err)
}

// wantsJSON says whether the request asks for JSON and not also for a page, as browsers do.
func wantsJSON(r *http.Request) bool {
	accept := strings.ToLower(strings.Join(r.Header["Accept"], ","))
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

// trail is a folder's name as a path that begins and ends with a slash.
func trail(name string) string {
	if name == "." {
		return "/"
	}
	return "/" + name + "/"
}

// moved sends a client that left out the slash of a folder there. The Location is relative, so that no path can turn it
// into a redirect to another host, and begins with a dot, so that no name can turn it into a scheme.
func moved(w http.ResponseWriter, name string) {
	w.Header().Set("Location", "./"+url.PathEscape(path.Base(name))+"/")
	fail(w, http.StatusMovedPermanently)
}
