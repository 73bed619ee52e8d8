package server

import (
	"errors"
	"fmt"
	"net/http"
)

// Check says what keeps an origin from serving all that it should: an error about the first root found that cannot be read;
// nil if there is none. It asks the disk. The origin must be one of [New]'s; nothing is known of others.
func Check(origin http.Handler) error {
	h, ok := origin.(interface{ check() error })
	if !ok {
		return errors.New("not an origin of New's")
	}
	return h.check()
}

func (h *handler) check() error { return readable(h.origin.files) }

// readable says what keeps a root of a tree from being opened, or a folder from being looked into.
func readable(t tree) error {
	if g, ok := t.(*grove); ok {
		for name, below := range g.trees {
			if err := readable(below); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	}
	f, fi, err := t.open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	if fi.IsDir() {
		_, err = t.list(".", f, 1)
	}
	return err
}

// checkup answers at path whether all of a tree can be read. Everything else is h's. What is wrong is not for everyone to
// know.
func checkup(h http.Handler, path string, t tree) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path || r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.ServeHTTP(w, r)
			return
		}
		greet(w, r)
		w.Header().Set("Cache-Control", "no-store")
		switch {
		case stopping(r.Context()).Err() != nil:
			failBecause(w, http.StatusServiceUnavailable, "stopping")
		case readable(t) != nil:
			failBecause(w, http.StatusServiceUnavailable, "a root cannot be read")
		default:
			page(w, "text/plain; charset=utf-8", "default-src 'none'")
			send(w, http.StatusOK, "ok\n")
		}
	})
}
