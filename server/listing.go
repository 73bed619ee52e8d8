package server

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"
)

//go:embed listing.html
var listingHTML string

//go:embed listing.css
var listingCSS string

// maxEntries is the most of a folder that is listed.
const maxEntries = 1 << 17

// An entry is a file or a folder within a listed folder.
type entry struct {
	Name     string    `json:"name"`
	Dir      bool      `json:"dir,omitempty"`
	Size     int64     `json:"size"`              // bytes; 0 for a folder
	Modified time.Time `json:"modified,omitzero"` // zero if its file system does not say
}

// entriesOf lists the folder of t that f, opened under the given name, is: folders first, then by name. It leaves out what
// could not be asked for: hidden names, links that lead out, pipes and devices.
func entriesOf(t tree, name string, f fs.File) ([]entry, error) {
	children, err := t.list(name, f, maxEntries)
	if err != nil {
		return nil, err
	}
	entries := make([]entry, 0, len(children))
	for _, c := range children {
		if !servable(c) || runtime.GOOS == "windows" && !plainOnWindows(c) {
			continue
		}
		fi, err := t.stat(path.Join(name, c)) // follows links, as a request would
		if err != nil || !served(fi) {
			continue
		}
		e := entry{Name: c, Dir: fi.IsDir(), Modified: fi.ModTime().UTC().Truncate(time.Second)}
		if !e.Dir {
			e.Size = fi.Size()
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if a.Dir != b.Dir {
			if a.Dir {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return entries, nil
}

// A listing shows folders to people, as a page, and to programs, as JSON.
type listing struct {
	page    *template.Template
	policy  string // Content-Security-Policy
	pattern bool   // the pattern is served too
}

func newListing(pattern bool) *listing {
	funcs := template.FuncMap{"size": humanSize}
	style := sha256.Sum256([]byte(listingCSS))
	return &listing{
		page: template.Must(template.New("listing").Funcs(funcs).Parse(listingHTML)),
		// The style stands in the page and is let through by its hash; nothing else may be loaded, run or framed.
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(style[:]) +
			"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		pattern: pattern,
	}
}

// serve answers with the entries of the folder of that name.
func (l *listing) serve(w http.ResponseWriter, r *http.Request, name string, entries []entry) {
	h := w.Header()
	h.Set("Vary", "Accept")
	h.Set("Cache-Control", "no-cache")
	var content bytes.Buffer
	var err error
	if wantsJSON(r) {
		page(w, "application/json", "default-src 'none'")
		encoder := json.NewEncoder(&content)
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(struct {
			Path    string  `json:"path"`
			Entries []entry `json:"entries"`
		}{trail(name), append([]entry{}, entries...)}) // an empty list is [] and not null
	} else {
		page(w, "text/html; charset=utf-8", l.policy)
		err = l.page.Execute(&content, l.view(name, entries))
	}
	if err != nil {
		fail(w, http.StatusInternalServerError)
		return
	}
	send(w, http.StatusOK, content.String())
}

// A view is what the page shows. All links are relative, so that it also works behind a proxy's prefix.
type view struct {
	Path    string
	Crumbs  []link
	Rows    []row
	Summary string
	Pattern string // where the pattern is; "" if it is not served
	Style   template.CSS
}

type link struct{ Name, Href string }

type row struct {
	entry
	Href     string
	Transfer string // the same as a download; "" for a folder
}

func (l *listing) view(name string, entries []entry) view {
	var segments []string
	if name != "." {
		segments = strings.Split(name, "/")
	}
	top := "./" + strings.Repeat("../", len(segments))
	v := view{Path: trail(name), Style: template.CSS(listingCSS)}
	v.Crumbs = append(v.Crumbs, link{"/", top})
	for i, s := range segments {
		v.Crumbs = append(v.Crumbs, link{s + "/", "./" + strings.Repeat("../", len(segments)-1-i)})
	}
	if l.pattern && name == "." {
		v.Pattern = top + "pattern/"
	}
	here := ""
	for _, s := range segments {
		here += url.PathEscape(s) + "/"
	}
	var total int64
	folders := 0
	for _, e := range entries {
		r := row{entry: e, Href: "./" + url.PathEscape(e.Name)}
		if e.Dir {
			r.Href += "/"
			folders++
		} else {
			r.Transfer = top + "transfer/" + here + url.PathEscape(e.Name)
			total += e.Size
		}
		v.Rows = append(v.Rows, r)
	}
	v.Summary = fmt.Sprintf("%s, %s, %s", count(folders, "folder"), count(len(entries)-folders, "file"), humanSize(total))
	return v
}

// trail is a folder's name as a path that begins and ends with a slash.
func trail(name string) string {
	if name == "." {
		return "/"
	}
	return "/" + name + "/"
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// humanSize gives a length with three or so digits and its binary unit.
func humanSize(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n)/(1<<10), 0
	for v >= 999.5 && unit < len("KMGTPE")-1 {
		v /= 1 << 10
		unit++
	}
	if v < 9.995 {
		return fmt.Sprintf("%.2f %ciB", v, "KMGTPE"[unit])
	} else if v < 99.95 {
		return fmt.Sprintf("%.1f %ciB", v, "KMGTPE"[unit])
	}
	return fmt.Sprintf("%.0f %ciB", v, "KMGTPE"[unit])
}

// wantsJSON says whether the request asks for JSON and not also for a page, as browsers do.
func wantsJSON(r *http.Request) bool {
	accept := strings.ToLower(strings.Join(r.Header["Accept"], ","))
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

// moved sends a client that left out the slash of a folder there. The Location is relative, so that no path can turn it
// into a redirect to another host, and begins with a dot, so that no name can turn it into a scheme.
func moved(w http.ResponseWriter, name string) {
	w.Header().Set("Location", "./"+url.PathEscape(path.Base(name))+"/")
	fail(w, http.StatusMovedPermanently)
}
