package sink

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"braid/segment"
)

// A disk is everything that a File asks of a file system, and so everything
// there that can fail. The local one is the operating system's; tests put
// others in its place. Paths are never followed through a symbolic link in
// their last element, except that rename may replace one.
type disk interface {
	// lock opens the checkpoint file at path, creating it if need be, for this
	// process alone. It returns errBusy if another one has it.
	lock(path string) (handle, error)
	// unlock closes what lock opened, after removing it if remove is true.
	unlock(h handle, path string, remove bool) error
	// holder is the process that has path locked; 0 if nobody has, or if this
	// system does not tell.
	holder(path string) int

	open(path string) (handle, error)   // an existing file, to read and write
	view(path string) (handle, error)   // an existing file, to read only
	create(path string) (handle, error) // a new file; fs.ErrExist if the name is taken
	// nameless makes a new file in the folder of path, with the mode of any new
	// file, which goes when it is closed unless link gives it a name. Not every
	// system and file system can.
	nameless(path string) (handle, error)
	lstat(path string) (info, error)
	rename(from, to string) error    // replaces to
	renameNew(from, to string) error // fs.ErrExist if to exists
	remove(path string) error
	syncDir(path string) error // makes the names in a directory durable
}

// A handle is one open file.
type handle interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	stat() (info, error)
	allocate(size int64) error // gives the file size bytes of disk, or only the length where that cannot be had
	truncate(size int64) error
	datasync() error // fdatasync(2): the bytes, and what is needed to read them back
	sync() error     // fsync(2)
	uncache() error  // forgets what memory holds of it and the disk as well, where the system can
	// holes says whether some of the first size bytes have no place on the disk,
	// where the file system can be relied on to tell; elsewhere false.
	holes(size int64) (bool, error)
	publish() error                   // from private to the mode of any new file, 0666 less the umask
	hide() error                      // makes it private: 0600
	chtimes(modified time.Time) error // says when it was modified
	link(path string) error           // gives a nameless file its name; fs.ErrExist if that is taken
}

// An info is what tells files apart and whether they may be trusted.
type info struct {
	dev, ino uint64
	links    uint64
	size     int64 // bytes
	modified int64 // nanoseconds since 1970
	mode     fs.FileMode
	own      bool // it belongs to the effective user
}

func (i info) same(o info) bool { return i.dev == o.dev && i.ino == o.ino }

func (i info) stamp() segment.Stamp {
	return segment.Stamp{Dev: i.dev, Ino: i.ino, Size: i.size, Modified: i.modified}
}

// is says whether i is the file that s was taken of, and as long.
func (i info) is(s segment.Stamp) bool { return i.dev == s.Dev && i.ino == s.Ino && i.size == s.Size }

// resembles says whether i may be the file that s was taken of. A device may have
// another number each time that the system starts.
func (i info) resembles(s segment.Stamp) bool { return i.ino == s.Ino && i.size == s.Size }

// trusted says why the file at path must not be written to: a name in a
// directory that others may write to can be planted.
func (i info) trusted(path string) error {
	switch {
	case i.mode&fs.ModeSymlink != 0:
		return &fs.PathError{Op: "open", Path: path, Err: errors.New("it is a symbolic link; remove it first")}
	case !i.mode.IsRegular():
		return &fs.PathError{Op: "open", Path: path, Err: errors.New("it is not a regular file; remove it first")}
	case !i.own:
		return &fs.PathError{Op: "open", Path: path, Err: errors.New("it belongs to another user")}
	case i.links > 1:
		return &fs.PathError{Op: "open", Path: path, Err: errors.New("it has a second name (hard link); remove it first")}
	}
	return nil
}

// errBusy says that another process has the lock.
var errBusy = errors.New("locked")

// local is the operating system's disk.
type local struct {
	noFlock bool // as if it had no flock(2), for tests
}

// A localFile is an open file of it. What differs between systems is in
// disk_*.go.
type localFile struct{ *os.File }

func (local) open(path string) (handle, error) {
	return openFile(path, os.O_RDWR)
}

func (local) view(path string) (handle, error) {
	return openFile(path, os.O_RDONLY)
}

func (local) create(path string) (handle, error) {
	return openFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL)
}

func openFile(path string, flag int) (handle, error) {
	f, err := os.OpenFile(path, flag|noFollow, 0o600)
	if err != nil {
		return nil, err
	}
	return localFile{f}, nil
}

func (local) rename(from, to string) error { return os.Rename(from, to) }
func (local) remove(path string) error     { return os.Remove(path) }

func (f localFile) truncate(size int64) error { return f.Truncate(size) }
func (f localFile) sync() error               { return f.Sync() }
func (f localFile) hide() error               { return f.Chmod(0o600) }

func (f localFile) chtimes(modified time.Time) error {
	return os.Chtimes(f.Name(), time.Time{}, modified)
}

// renameByLink is renameNew where the system has no call for it: a hard link
// cannot replace anything. A crash between the two steps leaves both names on
// one file, which Open recognises.
func renameByLink(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, fs.ErrExist):
		return err
	}
	// No hard links either (FAT, many FUSE systems): looking first leaves a
	// moment in which somebody else may take the name, but nothing better is
	// to be had there.
	if _, err := os.Lstat(to); err == nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}
