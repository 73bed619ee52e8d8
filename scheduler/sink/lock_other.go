//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package sink

import (
	"errors"
	"os"
	"runtime"

	"github.com/gofrs/flock"
)

// A lockedFile is a checkpoint file with its lock, which is a file of its own:
// where locks are mandatory (Windows) or belong to the process (POSIX record
// locks), one on the checkpoint would keep others from reading it, or end when
// anyone here closes it.
type lockedFile struct {
	localFile
	lock *flock.Flock
}

func (d local) lock(path string) (handle, error) {
	if st, err := d.lstat(path); err == nil {
		if err := st.trusted(path); err != nil {
			return nil, err
		}
	}
	lock := flock.New(path + ".lock")
	switch ok, err := lock.TryLock(); {
	case err != nil:
		return nil, err
	case !ok:
		return nil, errBusy
	}
	h, err := openFile(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return lockedFile{h.(localFile), lock}, nil
}

// unlock closes before it removes, since Windows removes no open file. For the
// same reason the lock file can go there: it goes only if nobody has it.
// Elsewhere it stays, as somebody may just be taking it.
func (d local) unlock(h handle, path string, remove bool) error {
	f := h.(lockedFile)
	err := f.Close()
	if remove {
		err = errors.Join(err, d.remove(path))
	}
	err = errors.Join(err, f.lock.Unlock())
	if runtime.GOOS == "windows" {
		_ = d.remove(path + ".lock")
	}
	return err
}

func (local) holder(string) int { return 0 }
