package server

import (
	"errors"
	"io"
	"net/http"
	"strconv"
)

// fail answers with an error and a small page of our own. Nothing in it comes from the request, and none of what a file
// is known by goes with it.
func fail(w http.ResponseWriter, status int) {
	failBecause(w, status, http.StatusText(status))
}

// failBecause is fail with a line that says what is wrong.
func failBecause(w http.ResponseWriter, status int, line string) {
	page(w, "text/plain; charset=utf-8", "default-src 'none'")
	send(w, status, strconv.Itoa(status)+" "+line+"\n")
}

// page sets the fields of a page of ours: its type, and a policy (Content-Security-Policy) for what it may load.
func page(w http.ResponseWriter, contentType, policy string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Security-Policy", policy)
}

// send writes a whole page. For a HEAD net/http leaves the content out, and says so.
func send(w http.ResponseWriter, status int, content string) {
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(status)
	if _, err := io.WriteString(w, content); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
		abort()
	}
}
