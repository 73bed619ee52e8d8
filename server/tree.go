package server

import (
	"errors"
	"io/fs"
	"net/http"
	"syscall"
)

// A tree is files and folders that are reached by name. The names are those that nameOf lets through; "." is the top.
// Nothing outside the tree can be reached by any of them.
type tree interface {
	// open opens the regular file or the folder of that name, and says what it is as of then. It never blocks.
	open(name string) (fs.File, fs.FileInfo, error)

	// stat says what is there, as open would, without opening it.
	stat(name string) (fs.FileInfo, error)

	// list gives at most so many of the names in the folder of that name, which f is, in no order. Not all of them can be
	// opened.
	list(name string, f fs.File, most int) ([]string, error)
}

// errKind says that a name stands for something whose bytes are not served: a pipe, a device, a socket.
var errKind = errors.New("neither a file nor a folder")

func served(fi fs.FileInfo) bool { return fi.Mode().IsRegular() || fi.IsDir() }

// confirmed is the last step of every open: what was opened may not be what was looked at before. If it is not served, it
// is closed.
func confirmed(f fs.File) (fs.File, fs.FileInfo, error) {
	fi, err := f.Stat()
	if err == nil && !served(fi) {
		err = errKind
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, fi, nil
}

// failOpen answers for a file that cannot be opened.
func failOpen(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, fs.ErrPermission):
		fail(w, http.StatusForbidden)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		w.Header().Set("Retry-After", "1")
		fail(w, http.StatusServiceUnavailable)
	case errors.Is(err, syscall.EIO):
		fail(w, http.StatusInternalServerError)
	default: // missing, a link that leads out, a name too long, a pipe: nothing is revealed of which
		fail(w, http.StatusNotFound)
	}
}
