package server

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// A folder is a tree on a disk of this machine that nothing leads out of: neither a path nor a symbolic link.
type folder struct {
	path string // absolute, for a working directory is there even when it has been removed

	mu   sync.RWMutex // held while a file is opened, so that root is not closed meanwhile
	root *os.Root     // what path led to when it was last looked at

	fi      fs.FileInfo // of root
	mounted bool        // another disk began there
}

func openFolder(path string) (*folder, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err // names the folder as it was said
	}
	d := &folder{path: absolute, root: root}
	if d.fi, err = root.Stat("."); err != nil {
		root.Close()
		return nil, err
	}
	d.mounted = mounted(absolute, d.fi)
	return d, nil
}

// mounted says whether the folder at path is the top of a disk of its own, as far as the system tells.
func mounted(path string, fi fs.FileInfo) bool {
	parent, err := os.Stat(path + string(filepath.Separator) + "..") // not Join, which would take a link's for its target's
	if err != nil {
		return false
	}
	here, ok := inodeOf(fi)
	above, _ := inodeOf(parent)
	return ok && here.device != above.device
}

// look sees whether path still leads to the folder. If it leads to another, as after a deployment by rename or by a link
// that was turned, that one is served from then on; what was opened in the old one can still be read. Only one goroutine
// may look.
func (d *folder) look() error {
	fi, err := os.Stat(d.path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil // which is not to say that it has gone
	case err != nil || !fi.IsDir():
		return d.gone()
	case os.SameFile(fi, d.fi):
		return nil
	case d.mounted && !mounted(d.path, fi):
		return d.gone() // the disk, and this is where it was mounted
	}
	next, err := openFolder(d.path)
	if err != nil {
		return d.gone()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.root.Close()
	d.root, d.fi, d.mounted = next.root, next.fi, next.mounted
	return nil
}

func (d *folder) gone() error { return &fs.PathError{Op: "serve", Path: d.path, Err: ErrGone} }

// open is a [tree]'s. What is there is looked at before it is opened, because opening a device can have effects, and again
// afterwards, because it may have been replaced meanwhile; in that case O_NONBLOCK keeps a pipe from blocking the open.
func (d *folder) open(name string) (fs.File, fs.FileInfo, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	fi, err := d.root.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	if !served(fi) {
		return nil, nil, errKind
	}
	f, err := d.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	return confirmed(f)
}

// stat is a [tree]'s. It follows links, as a request would.
func (d *folder) stat(name string) (fs.FileInfo, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.root.Stat(name)
}

// list is a [tree]'s.
func (d *folder) list(_ string, f fs.File, most int) ([]string, error) {
	names, err := f.(*os.File).Readdirnames(most)
	if err == io.EOF { // it says so of an empty folder
		err = nil
	}
	return names, err
}
