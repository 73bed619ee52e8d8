//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package sink

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// lockTries bounds how often the checkpoint file may be removed by others
// between being opened and being locked.
const lockTries = 100

// lock takes flock(2) on the checkpoint file itself: it ends with the process,
// however that ends. The file is looked at again under the lock, because the
// process that had it before may just have finished and removed it.
func (d local) lock(path string) (handle, error) {
	for range lockTries {
		// Looked at before it is opened: opening some devices does things.
		if st, err := d.lstat(path); err == nil {
			if err := st.trusted(path); err != nil {
				return nil, err
			}
		}
		h, err := openFile(path, os.O_RDWR|os.O_CREATE)
		if err != nil {
			return nil, err
		}
		h, err = d.hold(h.(localFile), path)
		if err != nil {
			return nil, err
		}
		mine, err := h.stat()
		if err != nil {
			return nil, errors.Join(err, d.unlock(h, path, false))
		}
		if there, err := d.lstat(path); err != nil || mine.links == 0 || !mine.same(there) {
			if err := d.unlock(h, path, false); err != nil {
				return nil, err
			}
			continue
		}
		if err := mine.trusted(path); err != nil {
			return nil, errors.Join(err, d.unlock(h, path, false))
		}
		return h, nil
	}
	return nil, errBusy
}

// hold locks f, or closes it. Without flock a second file, whose name only one
// process can create, is the lock.
func (d local) hold(f localFile, path string) (handle, error) {
	err := flock(f)
	if d.noFlock || errors.Is(err, unix.ENOLCK) || errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOSYS) {
		return d.lockByName(f, path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func flock(f localFile) error {
	for {
		switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EWOULDBLOCK):
			return errBusy
		case err != nil:
			return &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
		default:
			return nil
		}
	}
}

// A namedLock is a checkpoint file on a system without flock.
type namedLock struct{ localFile }

// lockByName leaves a lock behind when the process is killed. It says so
// rather than judge from afar whether that process is gone.
func (d local) lockByName(f localFile, path string) (handle, error) {
	l, err := os.OpenFile(path+".lock", os.O_WRONLY|os.O_CREATE|os.O_EXCL|noFollow, 0o600)
	if errors.Is(err, fs.ErrExist) {
		owner, _ := os.ReadFile(path + ".lock")
		err = fmt.Errorf("%w by %q; if that one is gone, remove %s.lock", errBusy, bytes.TrimSpace(owner), path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	host, _ := os.Hostname()
	_, err = fmt.Fprintf(l, "pid %d on %s since %s\n", os.Getpid(), host, time.Now().Format(time.RFC3339))
	if err := errors.Join(err, l.Close()); err != nil {
		f.Close()
		return nil, errors.Join(err, d.remove(path+".lock"))
	}
	return namedLock{f}, nil
}

// unlock removes before it lets go, so that nobody locks a file about to go.
func (d local) unlock(h handle, path string, remove bool) error {
	var err error
	if remove {
		err = d.remove(path)
	}
	err = errors.Join(err, h.Close())
	if _, named := h.(namedLock); named {
		err = errors.Join(err, d.remove(path+".lock"))
	}
	return err
}
