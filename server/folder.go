package server

import (
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"
)

// A folder is a tree on a disk of this machine that nothing leads out of: neither a path nor a symbolic link.
type folder struct {
	path string

	mu   sync.RWMutex // held while a file is opened, so that root is not closed meanwhile
	root *os.Root     // what path led to when it was last looked at
}

func openFolder(path string) (*folder, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err // names the folder
	}
	return &folder{path: path, root: root}, nil
}

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
