package server

import "io/fs"

// A filesystem is a tree of any file system that the program has: embedded files, an archive, a map.
type filesystem struct{ fsys fs.FS }

// open is a [tree]'s.
func (t filesystem) open(name string) (fs.File, fs.FileInfo, error) {
	fi, err := fs.Stat(t.fsys, name) // before it is opened, for the pipes of an os.DirFS
	if err != nil {
		return nil, nil, err
	}
	if !served(fi) {
		return nil, nil, errKind
	}
	f, err := t.fsys.Open(name)
	if err != nil {
		return nil, nil, err
	}
	return confirmed(f)
}

// stat is a [tree]'s.
func (t filesystem) stat(name string) (fs.FileInfo, error) { return fs.Stat(t.fsys, name) }

// list is a [tree]'s.
func (t filesystem) list(name string, _ fs.File, most int) ([]string, error) {
	children, err := fs.ReadDir(t.fsys, name)
	if err != nil {
		return nil, err
	}
	names := make([]string, min(len(children), most))
	for i := range names {
		names[i] = children[i].Name()
	}
	return names, nil
}
