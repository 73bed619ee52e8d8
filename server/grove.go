package server

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"
)

// A grove is a tree with other trees at its top, each under its name. The empty one has an empty top.
type grove struct {
	trees   map[string]tree
	planted time.Time
}

// find gives the tree that a name leads into, and the name within it.
func (g *grove) find(name string) (tree, string, error) {
	first, rest, below := strings.Cut(name, "/")
	t, ok := g.trees[first]
	if !ok {
		return nil, "", fs.ErrNotExist
	}
	if !below {
		rest = "."
	}
	return t, rest, nil
}

// open is a [tree]'s.
func (g *grove) open(name string) (fs.File, fs.FileInfo, error) {
	if name == "." {
		c := crown{g.planted}
		return c, c, nil
	}
	t, name, err := g.find(name)
	if err != nil {
		return nil, nil, err
	}
	return t.open(name)
}

// stat is a [tree]'s.
func (g *grove) stat(name string) (fs.FileInfo, error) {
	if name == "." {
		return crown{g.planted}, nil
	}
	t, name, err := g.find(name)
	if err != nil {
		return nil, err
	}
	return t.stat(name)
}

// list is a [tree]'s.
func (g *grove) list(name string, f fs.File, most int) ([]string, error) {
	if name == "." {
		return slices.Collect(maps.Keys(g.trees)), nil
	}
	t, name, err := g.find(name)
	if err != nil {
		return nil, err
	}
	return t.list(name, f, most)
}

// A crown is the folder that has the trees of a grove in it. It is on no disk.
type crown struct{ planted time.Time }

func (t crown) Stat() (fs.FileInfo, error) { return t, nil }
func (t crown) Read([]byte) (int, error)   { return 0, errors.ErrUnsupported }
func (t crown) Close() error               { return nil }
func (t crown) Name() string               { return "." }
func (t crown) Size() int64                { return 0 }
func (t crown) Mode() fs.FileMode          { return fs.ModeDir | 0o555 }
func (t crown) ModTime() time.Time         { return t.planted }
func (t crown) IsDir() bool                { return true }
func (t crown) Sys() any                   { return nil }
