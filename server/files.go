package server

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"sync"
	"time"
)

// serveFile answers with an opened file, or with it as it is stored in a coding that the client prefers.
func (o *origin) serveFile(w http.ResponseWriter, r *http.Request, name string, f fs.File, fi fs.FileInfo) {
	rep, err := o.represent(r, name, f, fi, time.Now())
	if err != nil {
		failBecause(w, http.StatusInternalServerError, err.Error())
		return
	}
	rep.contentType = typeOf(fi.Name())
	if o.precompressed && !compressed(name) {
		rep.varies = true
		if stored := o.coded(r, name, fi, rep); stored != nil {
			defer stored.Close()
			rep = stored.representation
		}
	}
	rep.serve(w, r)
}

// errSeek says that a file system has files that can be read from their beginning only.
var errSeek = errors.New("the files of this file system cannot be served in ranges")

// represent describes an opened file as it was when it was opened, of unspecified type.
func (o *origin) represent(r *http.Request, name string, f fs.File, fi fs.FileInfo, now time.Time) (*representation, error) {
	content, ok := f.(seekable)
	if !ok {
		return nil, errSeek
	}
	rep := &representation{
		size:        fi.Size(),
		contentType: octetStream,
		date:        dateFor(fi, now),
	}
	if _, ok := f.(*os.File); ok {
		rep.validators, rep.digest = validatorsOf(fi, now), o.digest(r, name, fi)
	} else if e, ok := asEmbedded(f); ok {
		sum := o.embeds.sum(e, fi)
		rep.etag = contentTag(sum)
		if o.digests != nil && wantsDigest(r.Header) {
			rep.digest = reprDigest(sum)
		}
	} else {
		rep.validators = guessedOf(fi, now)
	}
	rep.body = &fileBody{content, fi, rep.strong()}
	return rep, nil
}

// tail is how much of every piece is held back until the file has been looked at once more.
const tail = 4 << 10

// small is what is not worth the calls that a way around this process takes.
const small = 64 << 10

// tails and smalls lend buffers.
var (
	tails  = sync.Pool{New: func() any { return new([tail]byte) }}
	smalls = sync.Pool{New: func() any { return new([small]byte) }}
)

var (
	errShort   = errors.New("the file is shorter than was announced")
	errChanged = errors.New("the file has changed since its tag was sent")
)

// A seekable file is one that can be served in ranges. An *os.File is one.
type seekable interface {
	fs.File
	io.Seeker
}

// A fileBody is one version of a file, as fstat described it when it was opened.
type fileBody struct {
	f      seekable
	fi     fs.FileInfo
	strong bool // the tag was strong: a promise that no mixture of two versions is ever completed
}

// send writes n bytes at off. All but the tail goes from the file to the connection without passing through this
// process: for that w must get the *os.File itself, under nothing but an io.LimitedReader, which is what io.CopyN does.
// The tail is read, the file looked at, and only then is the tail written. So whoever has all of a piece has it from
// before the last look. A small piece is all tail.
func (b *fileBody) send(w io.Writer, off, n int64) error {
	if n <= small {
		buf := smalls.Get().(*[small]byte)
		defer smalls.Put(buf)
		return b.sendLast(w, off, buf[:n])
	}
	direct := n - tail
	if _, err := b.f.Seek(off, io.SeekStart); err != nil {
		return err
	}
	if _, err := io.CopyN(w, b.f, direct); err != nil {
		return err
	}
	buf := tails.Get().(*[tail]byte)
	defer tails.Put(buf)
	return b.sendLast(w, off+direct, buf[:])
}

// sendLast reads as many bytes at off as there is room for, looks at the file, and writes them.
func (b *fileBody) sendLast(w io.Writer, off int64, buf []byte) error {
	if err := readAt(b.f, buf, off); err == io.EOF || err == io.ErrUnexpectedEOF {
		return errShort
	} else if err != nil {
		return err
	}
	if err := b.unchanged(); err != nil {
		return err
	}
	_, err := w.Write(buf)
	return err
}

// readAt fills p from off on.
func readAt(f seekable, p []byte, off int64) error {
	if r, ok := f.(io.ReaderAt); ok {
		n, err := r.ReadAt(p, off)
		if n == len(p) {
			return nil // whatever it says of the end
		}
		return err
	}
	if _, err := f.Seek(off, io.SeekStart); err != nil {
		return err
	}
	_, err := io.ReadFull(f, p)
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
