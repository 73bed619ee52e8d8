package server

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// A frame is what all pages have. All links are relative, so that they also work behind a proxy's prefix.
type frame struct {
	Path   string
	Top    string // the top folder
	Crumbs []link // the folders on the way, this one last
	Style  template.CSS
	Script template.JS
}

type link struct{ Name, Href string }

func frameOf(name string) frame {
	var segments []string
	if name != "." {
		segments = strings.Split(name, "/")
	}
	up := func(n int) string { return "./" + strings.Repeat("../", n) }
	f := frame{Path: shown(trail(name)), Top: up(len(segments)), Style: template.CSS(listingCSS), Script: template.JS(listingJS)}
	for i, s := range segments {
		f.Crumbs = append(f.Crumbs, link{s, up(len(segments) - 1 - i)})
	}
	return f
}

// A folderView is the page of a folder.
type folderView struct {
	frame
	Columns []column
	Rows    []row
	Total   string // how many there are, and how large
	Part    string // which of them these are; "" for all
	Prev    string // the page before; "" for none
	Next    string
	Filter  bool // the form to filter with is there
	Q       string
	Sort    string
	Desc    bool
	Pattern string // where the pattern is; "" if it is not served
	Sums    string // where the checksums of all files are; "" if they are not served
}

// A column is the head of one, and a link that sorts by it.
type column struct {
	Title, By, Href string
	Sorted          string // the aria-sort of a column that the rows are sorted by; "" for others
}

type row struct {
	Name     string
	Dir      bool
	Href     string
	Transfer string // the same as a download; "" for a folder
	Card     string
	Size     string
	Bytes    string
	When     when
}

// worthFiltering is how many entries a folder has that is hard to take in at a glance.
const worthFiltering = 25

func (l *listing) view(name string, entries []entry, a question, now time.Time) folderView {
	p := a.of(entries, pageRows)
	v := folderView{frame: frameOf(name), Q: p.q, Sort: p.by, Desc: p.desc, Next: p.next(), Filter: p.q != "" || len(entries) > worthFiltering}
	v.Columns = p.columns()
	for _, e := range p.entries {
		r := row{Name: e.Name, Dir: e.Dir, Href: "./" + segmented(e.Name), When: whenOf(e.Modified, now)}
		if e.Dir {
			r.Href += "/"
		} else {
			r.Transfer = transferOf(v.Top, name, e.Name)
			r.Card = "./?file=" + segmented(e.Name)
			r.Size, r.Bytes = humanize.IBytes(uint64(e.Size)), humanize.Comma(e.Size)
		}
		v.Rows = append(v.Rows, r)
	}
	if len(p.entries) < p.total {
		v.Part = fmt.Sprintf("%s–%s of %s", humanize.Comma(int64(p.from+1)), humanize.Comma(int64(p.from+len(p.entries))), humanize.Comma(int64(p.total)))
	}
	if p.from > 0 {
		before := p.question
		before.from = max(0, p.from-pageRows)
		v.Prev = before.query()
	}
	if l.pattern && name == "." {
		v.Pattern = v.Top + "pattern/"
	}
	v.Total = total(entries)
	bare := func(e entry) bool { return !e.Dir && !e.hashable }
	if files := countFiles(entries); l.digests != nil && 0 < files && files <= maxSums && !slices.ContainsFunc(entries, bare) {
		v.Sums = "./" + sumsName
	}
	return v
}

// columns are the heads of the table. The one that the rows are sorted by turns the order round; the others begin with
// what people look for: the largest, the latest.
func (p excerpt) columns() []column {
	columns := []column{{Title: "Name", By: "name"}, {Title: "Size", By: "size"}, {Title: "Modified", By: "date"}}
	for i := range columns {
		c := &columns[i]
		to := p.question
		to.order, to.from = order{c.By, c.By != "name"}, 0
		if p.by == to.by {
			to.desc = !p.desc
			c.Sorted = "ascending"
			if p.desc {
				c.Sorted = "descending"
			}
		}
		c.Href = to.query() + "#by-" + c.By // where the keyboard's focus stays
	}
	return columns
}

func countFiles(entries []entry) (files int) {
	for _, e := range entries {
		if !e.Dir {
			files++
		}
	}
	return files
}

// total says what a whole folder holds.
func total(entries []entry) string {
	var size uint64
	for _, e := range entries {
		size += uint64(e.Size)
	}
	var parts []string
	files := countFiles(entries)
	if folders := len(entries) - files; folders > 0 {
		parts = append(parts, count(folders, "folder"))
	}
	if files > 0 {
		parts = append(parts, count(files, "file"), humanize.IBytes(size))
	}
	if len(entries) == maxEntries {
		parts = append(parts, "and no more is listed")
	}
	return strings.Join(parts, ", ")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return humanize.Comma(int64(n)) + " " + noun + "s"
}

// transferOf is the link that saves a file.
func transferOf(top, folder, file string) string {
	here := ""
	if folder != "." {
		for s := range strings.SplitSeq(folder, "/") {
			here += segmented(s) + "/"
		}
	}
	return top + "transfer/" + here + segmented(file)
}

// A when is a time as people say it, and exactly.
type when struct{ Said, Exact, Machine string }

func whenOf(t, now time.Time) when {
	if t.IsZero() {
		return when{}
	}
	w := when{t.Format(time.DateOnly), t.Format(time.DateTime) + " UTC", t.Format(time.RFC3339)}
	if ago := now.Sub(t); ago >= 0 && ago < 30*24*time.Hour {
		w.Said = humanize.RelTime(t, now, "ago", "")
	}
	return w
}
