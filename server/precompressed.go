package server

import (
	"io/fs"
	"net/http"
	"strings"
	"time"
)

// A coded file is a file as it is stored in a coding, beside itself.
type coded struct {
	fs.File
	*representation
}

// compressed says whether a name is that of a file which is stored in a coding already.
func compressed(name string) bool {
	for _, c := range codings {
		if strings.HasSuffix(name, c.suffix) {
			return true
		}
	}
	return false
}

// coded gives what is to be sent instead of the plain file of that name, or nil.
//
// A request with a Range or If-Match goes on with something: with what it names by its tag, and if it names nothing, with
// the plain file. So two parts of a file fit together even if they were asked for with different Accept-Encodings, and
// a client that stores what it has decoded can go on where that ends.
func (o *origin) coded(r *http.Request, name string, fi fs.FileInfo, plain *representation) *coded {
	field, ok := joined(r.Header, "Accept-Encoding")
	if !ok { // which allows everything, but is said by those who want none of it
		return nil
	}
	goesOn := r.Method == http.MethodGet && len(r.Header["Range"]) > 0 || len(r.Header["If-Match"]) > 0
	if goesOn && (len(r.Header["If-Range"])+len(r.Header["If-Match"]) == 0 || asksFor(r.Header, plain.etag)) {
		return nil
	}
	for _, c := range acceptable(field) {
		e := o.stored(r, name, c, fi)
		if e == nil {
			continue
		}
		if !goesOn || asksFor(r.Header, e.etag) {
			e.contentType, e.varies = plain.contentType, plain.varies
			return e
		}
		e.Close()
	}
	return nil
}

// stored opens the file of that name as it is stored in a coding, unless there is none, or one older than the file. Its
// tag is another one than that of its own name, which stands for the same bytes but not for the same representation; and
// it has no date, because that can be the plain file's to the second, and an If-Range with it would mean both.
func (o *origin) stored(r *http.Request, name string, c coding, plain fs.FileInfo) *coded {
	f, fi, err := o.files.open(name + c.suffix)
	if err != nil {
		return nil
	}
	if fi.IsDir() || fi.ModTime().Before(plain.ModTime()) {
		f.Close()
		return nil
	}
	rep, err := o.represent(r, name+c.suffix, f, fi, time.Now())
	if err != nil {
		f.Close()
		return nil
	}
	if rep.etag != "" {
		rep.etag = strings.TrimSuffix(rep.etag, `"`) + "-" + c.name + `"`
	}
	rep.modified, rep.settled = time.Time{}, false
	rep.encoding = c.name
	return &coded{f, rep}
}

// asksFor says whether a request names a representation by its strong tag, in If-Range or If-Match.
func asksFor(h http.Header, etag string) bool {
	if !strings.HasPrefix(etag, `"`) {
		return false
	}
	if field, ok := joined(h, "If-Range"); ok && field == etag {
		return true
	}
	field, ok := joined(h, "If-Match")
	return ok && strings.Trim(field, " \t") != "*" && matchAny(field, etag, true)
}
