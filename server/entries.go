package server

import (
	"cmp"
	"encoding/hex"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"
)

// maxEntries is the most of a folder that is listed. A folder of so many takes some 20 MB while it is read.
const maxEntries = 1 << 17

// An entry is a file or a folder within a listed folder.
type entry struct {
	Name     string    `json:"name"`
	Dir      bool      `json:"dir,omitempty"`
	Size     int64     `json:"size"`              // bytes; 0 for a folder
	Modified time.Time `json:"modified,omitzero"` // zero if its file system does not say
	SHA256   string    `json:"sha256,omitempty"`  // in hex; "" as long as it is not known

	hashable bool // whoever asks for its digest will get it
}

// entriesOf lists the folder of t that f, opened under the given name, is: folders first, then by name. It leaves out what
// could not be asked for: hidden names, links that lead out, pipes and devices.
func entriesOf(t tree, d *digests, name string, f fs.File) ([]entry, error) {
	children, err := t.list(name, f, maxEntries)
	if err != nil {
		return nil, err
	}
	entries := make([]entry, 0, len(children))
	for _, c := range children {
		if e, ok := entryOf(t, d, name, c); ok {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, byName)
	return entries, nil
}

// entryOf looks at one child of the folder of that name. It has nothing hashed for it.
func entryOf(t tree, d *digests, name, child string) (entry, bool) {
	if !servable(child) || strings.Contains(child, "/") || runtime.GOOS == "windows" && !plainOnWindows(child) {
		return entry{}, false
	}
	fi, err := t.stat(path.Join(name, child)) // follows links, as a request would
	if err != nil || !served(fi) {
		return entry{}, false
	}
	e := entry{Name: child, Dir: fi.IsDir(), Modified: fi.ModTime().UTC().Truncate(time.Second)}
	if !e.Dir {
		e.Size = fi.Size()
		_, e.hashable = versionOf(fi)
		if sum, ok := d.known(fi); ok {
			e.SHA256 = hex.EncodeToString(sum[:])
		}
	}
	return e, true
}

// byName orders folders first, and then by name.
func byName(a, b entry) int { return cmp.Or(foldersFirst(a, b), strings.Compare(a.Name, b.Name)) }

func foldersFirst(a, b entry) int {
	switch {
	case a.Dir == b.Dir:
		return 0
	case a.Dir:
		return -1
	default:
		return 1
	}
}

// An order is how a listing is sorted. Folders come first in all of them.
type order struct {
	by   string // "name", "size" or "date"
	desc bool
}

// sorted picks from entries, which are in the order of their names, those whose name contains q whatever its case, and
// returns where they are, in this order. The entries themselves stay as they are: others read them.
func (o order) sorted(entries []entry, q string) []int {
	q = strings.ToLower(q)
	picked := make([]int, 0, len(entries))
	for i, e := range entries {
		if q == "" || strings.Contains(strings.ToLower(e.Name), q) {
			picked = append(picked, i)
		}
	}
	if o.by == "name" && !o.desc {
		return picked
	}
	slices.SortStableFunc(picked, func(i, j int) int {
		a, b := &entries[i], &entries[j]
		var c int
		switch o.by {
		case "size":
			c = cmp.Compare(a.Size, b.Size)
		case "date":
			c = a.Modified.Compare(b.Modified)
		default:
			c = strings.Compare(a.Name, b.Name)
		}
		if o.desc {
			c = -c
		}
		return cmp.Or(foldersFirst(*a, *b), c)
	})
	return picked
}
