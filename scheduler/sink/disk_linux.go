package sink

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// control runs a system call on the file's descriptor, again while signals
// interrupt it. A fallocate(2) of many gigabytes is slow enough for Go's own
// preemption signals to do so.
func (f localFile) control(call func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	err = raw.Control(func(fd uintptr) {
		for {
			if result = call(int(fd)); !errors.Is(result, unix.EINTR) {
				return
			}
		}
	})
	return errors.Join(err, result)
}

// allocate is fallocate(2), mode 0: a full disk shows now, and writes into
// reserved blocks cost less. tmpfs would take all the memory at once, so there,
// and where fallocate is unknown, the file only gets its length. glibc's
// posix_fallocate would write zeros instead.
func (f localFile) allocate(size int64) error {
	err := f.control(func(fd int) error {
		var st unix.Statfs_t
		if unix.Fstatfs(fd, &st) == nil && st.Type == unix.TMPFS_MAGIC {
			return unix.ENOTSUP
		}
		return unix.Fallocate(fd, 0, 0, size)
	})
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) {
		return f.Truncate(size)
	}
	return err
}

// nameless is O_TMPFILE. Such a file can be reached only by way of proc(5), so
// that is its name here.
func (local) nameless(path string) (handle, error) {
	if !hasProc() {
		return nil, errors.ErrUnsupported
	}
	for {
		fd, err := unix.Open(filepath.Dir(path), unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o666)
		switch {
		case err == nil:
			return localFile{os.NewFile(uintptr(fd), ownFiles+strconv.Itoa(fd))}, nil
		case !errors.Is(err, unix.EINTR):
			return nil, &fs.PathError{Op: "open", Path: path, Err: err}
		}
	}
}

// ownFiles is the folder of the files that this process has open.
const ownFiles = "/proc/self/fd/"

var hasProc = sync.OnceValue(func() bool {
	_, err := os.Stat(ownFiles)
	return err == nil
})

func (f localFile) link(path string) error {
	err := unix.Linkat(unix.AT_FDCWD, f.Name(), unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW)
	if err != nil {
		return &os.LinkError{Op: "link", Old: f.Name(), New: path, Err: err}
	}
	return nil
}

// holes counts the blocks. Only ext4 and XFS are believed: where data is
// compressed or moved as it is written, the count says something else.
func (f localFile) holes(size int64) (found bool, err error) {
	err = f.control(func(fd int) error {
		var fs unix.Statfs_t
		var st unix.Stat_t
		if err := errors.Join(unix.Fstatfs(fd, &fs), unix.Fstat(fd, &st)); err != nil {
			return err
		}
		found = (fs.Type == unix.EXT4_SUPER_MAGIC || fs.Type == unix.XFS_SUPER_MAGIC) && st.Blocks*512 < size
		return nil
	})
	return found, err
}

func (f localFile) datasync() error { return f.control(unix.Fdatasync) }

// uncache is posix_fadvise(2), which drops only what has been flushed. What
// another process has mapped stays.
func (f localFile) uncache() error {
	return f.control(func(fd int) error { return unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED) })
}

// renameNew is renameat2(2) with RENAME_NOREPLACE, which not every file system
// knows.
func (local) renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP):
		return renameByLink(from, to)
	}
	return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
}

// umask reads the process's umask from proc(5), which, unlike umask(2), does
// not change it. Nothing here changes it later.
var umask = sync.OnceValue(func() fs.FileMode {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return swapUmask()
	}
	for line := range bytes.Lines(status) {
		if value, ok := bytes.CutPrefix(line, []byte("Umask:")); ok {
			if mask, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 8, 12); err == nil {
				return fs.FileMode(mask) & 0o777
			}
		}
	}
	return swapUmask()
})
