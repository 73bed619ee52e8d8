//go:build unix

package sink

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const noFollow = unix.O_NOFOLLOW

var user = os.Geteuid()

func (local) lstat(path string) (info, error) {
	fi, err := os.Lstat(path)
	if err != nil {
		return info{}, err
	}
	return describe(fi), nil
}

func (f localFile) stat() (info, error) {
	fi, err := f.Stat()
	if err != nil {
		return info{}, err
	}
	return describe(fi), nil
}

func describe(fi fs.FileInfo) info {
	i := info{size: fi.Size(), modified: fi.ModTime().UnixNano(), mode: fi.Mode()}
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		i.dev, i.ino, i.links = uint64(st.Dev), uint64(st.Ino), uint64(st.Nlink)
		i.own = int(st.Uid) == user
	}
	return i
}

// syncDir is fsync(2) of a directory. Some network and FUSE systems have none
// and say EINVAL or ENOTSUP; their names are as durable as they make them.
func (local) syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

func (f localFile) publish() error { return f.Chmod(0o666 &^ umask()) }

// swapUmask learns the umask by setting it, the only way POSIX knows. For that
// moment other threads of the process create files as private as can be.
func swapUmask() fs.FileMode {
	mask := unix.Umask(0o077)
	unix.Umask(mask)
	return fs.FileMode(mask) & 0o777
}
