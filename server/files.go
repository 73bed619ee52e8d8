package server

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"
)

// A folder is a tree of files that nothing leads out of: neither a path nor a symbolic link.
type folder struct{ root *os.Root }

// errKind says that a name stands for something whose bytes are not served: a pipe, a device, a socket.
var errKind = errors.New("neither a file nor a folder")

// open opens the regular file or the folder of that name. What is there is looked at before it is opened, because
// opening a device can have effects, and again afterwards, because it may have been replaced meanwhile; in that case
// O_NONBLOCK keeps a pipe from blocking the open.
func (d *folder) open(name string) (*os.File, fs.FileInfo, error) {
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
	if fi, err = f.Stat(); err == nil && !served(fi) {
		err = errKind
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, fi, nil
}

func served(fi fs.FileInfo) bool { return fi.Mode().IsRegular() || fi.IsDir() }

// serveFile answers with an opened file. A disposition other than "" makes it a download of unspecified type.
func serveFile(w http.ResponseWriter, r *http.Request, f *os.File, fi fs.FileInfo, disposition string) {
	now := time.Now()
	contentType := octetStream
	if disposition == "" {
		contentType = typeOf(fi.Name())
	}
	v := validatorsOf(fi, now)
	rep := representation{
		validators:  v,
		size:        fi.Size(),
		contentType: contentType,
		disposition: disposition,
		date:        dateFor(fi, now),
		body:        &fileBody{f, fi, v.strong()},
	}
	rep.serve(w, r)
}

// failOpen answers for a file that cannot be opened.
func failOpen(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, fs.ErrPermission):
		fail(w, http.StatusForbidden)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		w.Header().Set("Retry-After", "1")
		fail(w, http.StatusServiceUnavailable)
	case errors.Is(err, syscall.EIO):
		fail(w, http.StatusInternalServerError)
	default: // missing, a link that leads out, a name too long, a pipe: nothing is revealed of which
		fail(w, http.StatusNotFound)
	}
}

// tail is how much of every piece is held back until the file has been looked at once more.
const tail = 4 << 10

// tails lends buffers of tail bytes.
var tails = sync.Pool{New: func() any { return new([tail]byte) }}

var (
	errShort   = errors.New("the file is shorter than was announced")
	errChanged = errors.New("the file has changed since its tag was sent")
)

// A fileBody is one version of a file, as fstat described it when it was opened.
type fileBody struct {
	f      *os.File
	fi     fs.FileInfo
	strong bool // the tag was strong: a promise that no mixture of two versions is ever completed
}

// send writes n bytes at off. All but the tail goes from the file to the connection without passing through this
// process: for that w must get the *os.File itself, under nothing but an io.LimitedReader, which is what io.CopyN does.
// The tail is read, the file looked at, and only then is the tail written. So whoever has all of a piece has it from
// before the last look.
func (b *fileBody) send(w io.Writer, off, n int64) error {
	held := min(n, tail)
	if direct := n - held; direct > 0 {
		if _, err := b.f.Seek(off, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.CopyN(w, b.f, direct); err != nil {
			return err
		}
	}
	buf := tails.Get().(*[tail]byte)
	defer tails.Put(buf)
	last := buf[:held]
	if _, err := b.f.ReadAt(last, off+n-held); err == io.EOF {
		return errShort
	} else if err != nil {
		return err
	}
	if err := b.unchanged(); err != nil {
		return err
	}
	_, err := w.Write(last)
	return err
}

// unchanged looks at the file again. A file that has only grown since, such as a log, still has what was announced, and is
// sent as far as it reached at first; but not under a strong tag, because growth cannot be told from a longer rewrite.
// The inode's time of change is in the tag but does not count here: it moves when the name is given to another file, and
// then this one must still be sent to its end.
func (b *fileBody) unchanged() error {
	now, err := b.f.Stat()
	if err != nil {
		return err
	}
	grown := now.Size() > b.fi.Size()
	same := now.Size() == b.fi.Size() && now.ModTime().Equal(b.fi.ModTime())
	if same || grown && !b.strong {
		return nil
	}
	return errChanged
}
