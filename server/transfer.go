package server

import "net/http"

// transfer answers for /transfer/PATH: the file at PATH as a download, to be saved under its name. Ranges, validators
// and preconditions are those of the file; only its type and disposition differ.
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
	o.serveFile(w, r, f, fi, attachment(name))
}
