package sink

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"braid/scheduler"
)

// A blind disk cannot read what it has.
type blind struct{ disk }

func (b blind) view(path string) (handle, error) {
	h, err := b.disk.view(path)
	return blindFile{h}, err
}

type blindFile struct{ handle }

func (blindFile) ReadAt([]byte, int64) (int, error) { return 0, syscall.EIO }

// A file that cannot be read to see whether it is ours may well be: that is the
// disk's failure, and no name that somebody else has taken.
func TestConfirmOnAFailingDisk(t *testing.T) {
	path := leftFinished(t)
	f, err := openTest(blind{local{}}, path, Options{})
	if err != nil || !f.Finished() {
		t.Fatal(err)
	}
	if err := f.Commit(nil); !errors.Is(err, scheduler.ErrSink) || !errors.Is(err, syscall.EIO) || errors.Is(err, fs.ErrExist) {
		t.Errorf("%v", err)
	}
	f.Close()
	if _, err := os.Stat(path + checkpointSuffix); err != nil {
		t.Error("the checkpoint is gone: ", err)
	}
	f = mustOpen(t, path, Options{})
	if err := f.Commit(nil); err != nil {
		t.Error(err)
	}
	alone(t, path)
}
