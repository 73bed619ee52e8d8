package server

import (
	"net/http"
	"time"
)

// transfer answers for /transfer/PATH: the file at PATH as a download, to be saved under its name. Ranges, validators
// and preconditions are those of the file; only its type, which is none in particular, and its disposition differ. It is
// never in a coding: what is saved is what is stored.
func (o *origin) transfer(w http.ResponseWriter, r *http.Request, path string) {
	name, slash, ok := nameOf(path)
	if !ok || slash {
		fail(w, http.StatusNotFound)
		return
	}
	f, fi, err := o.files.open(name)
	if err != nil {
		failOpen(w, err)
		return
	}
	defer f.Close()
	if fi.IsDir() {
		fail(w, http.StatusNotFound)
		return
	}
	rep, err := o.represent(r, name, f, fi, time.Now())
	if err != nil {
		failBecause(w, http.StatusInternalServerError, err.Error())
		return
	}
	rep.disposition = attachment(name)
	rep.serve(w, r)
}
