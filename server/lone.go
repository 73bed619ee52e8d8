package server

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// A lone file is a tree that is nothing but a file: its name is ".".
type lone struct {
	*folder        // the one it is in, of which nothing else is served
	base    string // its name there
}

func openLone(path string) (*lone, error) {
	real, err := filepath.EvalSymlinks(path) // else os.Root would not let a link lead out of the folder
	if err != nil {
		return nil, err
	}
	d, err := openFolder(filepath.Dir(real))
	if err != nil {
		return nil, err
	}
	l := &lone{d, filepath.Base(real)}
	if _, err := l.stat("."); err != nil {
		return nil, &fs.PathError{Op: "serve", Path: path, Err: err}
	}
	return l, nil
}

// open is a [tree]'s.
func (l *lone) open(name string) (fs.File, fs.FileInfo, error) {
	if _, err := l.stat(name); err != nil {
		return nil, nil, err
	}
	return l.folder.open(l.base)
}

// stat is a [tree]'s.
func (l *lone) stat(name string) (fs.FileInfo, error) {
	if name != "." {
		return nil, fs.ErrNotExist
	}
	fi, err := l.folder.stat(l.base)
	if err == nil && !fi.Mode().IsRegular() {
		err = errKind
	}
	return fi, err
}

// look sees whether the file is still there.
func (l *lone) look() error {
	if err := l.folder.look(); err != nil {
		return l.gone()
	}
	if _, err := l.stat("."); err != nil && !errors.Is(err, fs.ErrPermission) {
		return l.gone()
	}
	return nil
}

func (l *lone) gone() error {
	return &fs.PathError{Op: "serve", Path: filepath.Join(l.path, l.base), Err: ErrGone}
}
