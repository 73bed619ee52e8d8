package server

import (
	"context"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"
)

const (
	maxReadings = 4           // how many folders are read at one time
	maxWritings = 4           // how many pages are made at one time
	worthwhile  = 1000        // how many entries a folder has that is worth keeping
	goodFor     = time.Second // how long it is kept
)

// A desk is where folders are read and pages are made. Whoever asks for a folder that is being read waits for that
// reading, and few are read and made at once, so that all a client more takes is its page. A big folder is looked at page
// by page, so the last one that was read stays on the desk for a moment.
type desk struct {
	seats chan struct{} // to read
	pens  chan struct{} // to write with

	mu    sync.Mutex
	under map[string]*reading // under way, by the folder's name
	last  *reading            // of a big folder; nil for none
}

// A reading is what a folder held at one time. Its entries are shared: nobody changes them.
type reading struct {
	name     string
	folder   fs.FileInfo // as it was before
	begun    time.Time
	complete chan struct{} // closed when what follows is there
	entries  []entry
	err      error
}

func newDesk() *desk {
	return &desk{
		seats: make(chan struct{}, maxReadings),
		pens:  make(chan struct{}, maxWritings),
		under: make(map[string]*reading),
	}
}

// entries gives what read finds in the folder of that name, or what it has found for somebody else a moment ago.
func (d *desk) entries(ctx context.Context, name string, fi fs.FileInfo, read func() ([]entry, error)) ([]entry, error) {
	d.mu.Lock()
	if d.last != nil && time.Since(d.last.begun) > goodFor {
		d.last = nil
	}
	if r := d.last; r != nil && r.of(name, fi) {
		d.mu.Unlock()
		return r.entries, r.err
	}
	r, shared := d.under[name]
	if !shared {
		r = &reading{name: name, folder: fi, begun: time.Now(), complete: make(chan struct{})}
		d.under[name] = r
	}
	d.mu.Unlock()
	if shared {
		select {
		case <-r.complete:
			return r.entries, r.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	defer d.done(r)
	d.seats <- struct{}{} // readings end by themselves, so there will be one
	defer func() { <-d.seats }()
	r.entries, r.err = read()
	return r.entries, r.err
}

// page gives what write writes.
func (d *desk) page(ctx context.Context, write func(io.Writer) error) (string, error) {
	select {
	case d.pens <- struct{}{}:
		defer func() { <-d.pens }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	var content strings.Builder
	err := write(&content)
	return content.String(), err
}

// done lets the others have a reading.
func (d *desk) done(r *reading) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.under, r.name)
	if len(r.entries) >= worthwhile {
		d.last = r
	}
	close(r.complete)
}

// of says whether a reading is of the folder as it is now, as far as its own time tells: names come and go with it, but
// the size of a file may have changed since.
func (r *reading) of(name string, fi fs.FileInfo) bool {
	return r.name == name && r.folder.ModTime().Equal(fi.ModTime()) && r.begun.Sub(fi.ModTime()) > settling
}
