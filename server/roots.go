package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Root is a folder, a file or a file system that is served under a name: the one called iso at /iso/… or, if it is a
// file, at /iso.
type Root struct {
	// Name is the first segment of its paths. It must be UTF-8 without a slash, backslash or control character, not begin
	// with a dot, and not be one of the origin's own: transfer, pattern.
	Name string

	// Path is a folder, or a single file, on this machine. A symbolic link is followed to what it leads to.
	Path string

	// FS is what is served if Path is "". See [Options].FS.
	FS fs.FS
}

// A RootError says that nothing can be served under the name of a [Root].
type RootError struct {
	Name    string // what is wrong is about it
	Problem string // why, in the form "is taken twice"
}

func (e *RootError) Error() string { return fmt.Sprintf("the name %q %s", e.Name, e.Problem) }

// reserved are the first segments of paths that are the origin's own.
var reserved = []string{"transfer", "pattern"}

// checkNames says what is wrong with the names of roots, if anything. One that is the path for health would be hidden.
func checkNames(roots []Root, health string) error {
	for i, r := range roots {
		problem := ""
		switch {
		case r.Name == "":
			problem = "is empty"
		case !utf8.ValidString(r.Name), strings.ContainsAny(r.Name, `/\`), strings.ContainsFunc(r.Name, unicode.IsControl):
			problem = "has a slash, a backslash or a control character in it"
		case !servable(r.Name):
			problem = "begins with a dot: such names are not served"
		case slices.Contains(reserved, r.Name), "/"+r.Name == health:
			problem = "is one that the server needs for itself"
		case slices.ContainsFunc(roots[:i], func(o Root) bool { return o.Name == r.Name }):
			problem = "is taken twice"
		default:
			continue
		}
		return &RootError{r.Name, problem}
	}
	return nil
}

// plant makes the tree of some options.
func plant(o Options) (tree, error) {
	given := 0
	for _, is := range []bool{o.Root != "", o.FS != nil, len(o.Roots) > 0} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		return nil, errors.New("more than one of Root, FS and Roots is given: Roots alone takes several")
	case o.Root != "":
		return openFolder(o.Root)
	case o.FS != nil:
		return filesystem{o.FS}, nil
	}
	if err := checkNames(o.Roots, o.Health); err != nil {
		return nil, err
	}
	g := &grove{trees: make(map[string]tree), planted: time.Now()}
	for _, r := range o.Roots {
		var err error
		if g.trees[r.Name], err = r.open(); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (r Root) open() (tree, error) {
	switch {
	case r.Path != "" && r.FS != nil, r.Path == "" && r.FS == nil:
		return nil, fmt.Errorf("the root %q must have either a Path or an FS", r.Name)
	case r.FS != nil:
		return filesystem{r.FS}, nil
	}
	fi, err := os.Stat(r.Path)
	if err != nil {
		return nil, err
	}
	if fi.IsDir() {
		return openFolder(r.Path)
	}
	return openLone(r.Path)
}
