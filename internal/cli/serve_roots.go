package cli

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"braid/internal/ui"
	"braid/server"
)

// parseRoots reads what braid serve is told to serve: DIR, FILE or NAME=PATH,
// each. What comes before a = is a name only without a slash in it, so ./a=b is
// always a path. A folder that stands alone and has been given no name is
// served at /, which is a root without a name here.
func parseRoots(args []string) ([]server.Root, error) {
	if len(args) == 0 {
		return []server.Root{{Path: "."}}, nil
	}
	var roots []server.Root
	for _, arg := range args {
		name, path, named := strings.Cut(arg, "=")
		if named && strings.ContainsAny(name, "/"+string(filepath.Separator)) {
			named = false
		}
		if !named {
			name, path = "", arg
		}
		switch {
		case arg == "":
			return nil, &usageError{problem: "the name of the folder is empty"}
		case arg == "-":
			return nil, try("braid serve DIR", "what comes on standard input has no ranges to be served in")
		case named && name == "":
			return nil, try("NAME"+arg, "the name before the = is empty")
		case path == "":
			return nil, try(arg+"DIR", "%s names no folder", arg)
		case !named && (len(args) > 1 || isFile(path)):
			name = baseOf(path)
		}
		roots = append(roots, server.Root{Name: name, Path: path})
	}
	return roots, nil
}

// baseOf is the last name of a path, also of "." and "..".
func baseOf(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	return filepath.Base(path)
}

// isFile says whether there is something at path that is no folder.
func isFile(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && !fi.IsDir()
}

// whole says whether roots are one folder that is served at /.
func whole(roots []server.Root) bool { return len(roots) == 1 && roots[0].Name == "" }

// place puts roots into the options of a server.
func place(roots []server.Root, o *server.Options) {
	if whole(roots) {
		o.Root = roots[0].Path
	} else {
		o.Roots = roots
	}
}

// entrance is the path at which people begin: / or, if one file is all there
// is, that.
func entrance(roots []server.Root) string {
	if len(roots) == 1 && isFile(roots[0].Path) {
		return "/" + url.PathEscape(roots[0].Name)
	}
	return "/"
}

// shownRoots says what is served, and where if that is not /.
func shownRoots(roots []server.Root) string {
	var all []string
	for _, r := range roots {
		line := ui.Safe(r.Path)
		if r.Name != "" {
			line += " at /" + ui.Safe(r.Name)
		}
		all = append(all, line)
	}
	return strings.Join(all, ", ")
}

// cannotServe makes a usageError of what the server has against roots, if the
// command line can be put right; else err is what there is to say.
func cannotServe(roots []server.Root, err error) error {
	if name, ok := errors.AsType[*server.RootError](err); ok {
		path := "PATH"
		for _, r := range roots { // of two with one name the second
			if r.Name == name.Name {
				path = r.Path
			}
		}
		return try("NAME="+path, "%v", name)
	}
	at, ok := errors.AsType[*fs.PathError](err)
	if !ok || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, r := range roots {
		literal := r.Name + "=" + r.Path
		if _, missing := os.Stat(literal); r.Path == at.Path && missing == nil {
			return try("./"+literal, "there is nothing at %s to be called %s", r.Path, r.Name)
		}
		if address := addressOf(r.Path); r.Path == at.Path && address != "" {
			return try("braid serve -a "+address, "there is no folder %q here", r.Path)
		}
	}
	return err
}
