package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
)

const (
	sumSuffix = ".sha256"    // after a file's name: what it hashes to
	sumsName  = "SHA256SUMS" // in a folder: what its files hash to

	// maxSums is how many files a folder may have if their sums are to be listed.
	maxSums = 1024

	// maxWait is how long a request waits for sums: less than its write deadline, and than most clients' patience.
	maxWait = 25 * time.Second
)

var (
	errBusy     = errors.New("too much is waiting to be hashed")
	errNoDigest = errors.New("nothing that a digest is offered of")
)

// sums answers for a name under which nothing was found, if it stands for the digests of what there is, and says whether
// it has: PATH.sha256 for that of the file at PATH, SHA256SUMS for those of all files in its folder.
func (o *origin) sums(w http.ResponseWriter, r *http.Request, name string) bool {
	if o.digests == nil {
		return false
	}
	if path.Base(name) == sumsName && o.listing != nil { // it tells names, as a listing does
		o.sumsIn(w, r, path.Dir(name))
		return true
	}
	file, ok := strings.CutSuffix(name, sumSuffix)
	if _, _, valid := nameOf(file); !ok || !valid {
		return false
	}
	o.sumsOf(w, r, []string{file}, nil)
	return true
}

// sumsIn answers with the sums of the files in a folder, but not in the folders below it.
func (o *origin) sumsIn(w http.ResponseWriter, r *http.Request, folder string) {
	f, fi, err := o.files.open(folder)
	if err != nil {
		failOpen(w, err)
		return
	}
	defer f.Close()
	if !fi.IsDir() {
		fail(w, http.StatusNotFound)
		return
	}
	entries, err := o.listing.desk.entries(r.Context(), folder, fi, func() ([]entry, error) { return entriesOf(o.files, o.digests, folder, f) })
	switch {
	case r.Context().Err() != nil:
		abort() // nobody is there any more
	case err != nil:
		fail(w, http.StatusInternalServerError)
		return
	}
	names := make([]string, 0, min(len(entries), maxSums))
	for _, e := range entries {
		if e.Dir {
			continue
		}
		if len(names) == maxSums {
			failBecause(w, http.StatusNotFound,
				"this folder has more than "+strconv.Itoa(maxSums)+" files: ask for PATH"+sumSuffix+", one at a time")
			return
		}
		names = append(names, path.Join(folder, e.Name))
	}
	o.sumsOf(w, r, names, fi)
}

// sumsOf answers with the sums of the named files: of all that can be read in the folder that fi describes, or, if it is
// nil, of the one that was asked for. It waits for those that have yet to be hashed. If that takes too long it says when
// to come again, and they go on being hashed.
func (o *origin) sumsOf(w http.ResponseWriter, r *http.Request, names []string, fi fs.FileInfo) {
	ctx, cancel := context.WithTimeout(r.Context(), o.digests.patience)
	defer cancel()
	defer context.AfterFunc(stopping(r.Context()), cancel)()
	folder, newest := fi != nil, fi
	var content []byte
	for i, name := range names {
		sum, fi, err := o.await(ctx, name)
		switch {
		case err == nil:
		case r.Context().Err() != nil:
			abort() // the client has left
		case ctx.Err() != nil, errors.Is(err, errBusy):
			o.comeAgain(w, r, names[i:])
			return
		case folder && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, errKind)):
			continue // it would not be served either
		default:
			failOpen(w, err)
			return
		}
		if newest == nil || fi.ModTime().After(newest.ModTime()) {
			newest = fi
		}
		content = appendSum(content, sum, path.Base(name))
	}
	now := time.Now()
	own := sha256.Sum256(content)
	rep := representation{
		validators:  validatorsOf(newest, now),
		size:        int64(len(content)),
		contentType: "text/plain; charset=utf-8",
		date:        dateFor(newest, now),
		body:        text(content),
	}
	rep.etag = contentTag(own)
	if wantsDigest(r.Header) {
		rep.digest = reprDigest(own)
	}
	rep.serve(w, r)
}

// comeAgain answers while the named files have not all been hashed, and sees to it that they will be.
func (o *origin) comeAgain(w http.ResponseWriter, r *http.Request, names []string) {
	var missing int64
	for _, name := range names {
		fi, err := o.files.stat(name)
		if err != nil {
			continue
		}
		if v, ok := versionOf(fi); ok {
			missing += o.digests.missing(v)
			o.digests.ask(r.Context(), v, o.opener(name), false)
		}
	}
	seconds := 1 + int64(o.digests.left(missing)/time.Second)
	w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	failBecause(w, http.StatusServiceUnavailable, "the files are still being hashed")
}

// await gives the digest of a file, and the file as it was then, once it is known.
func (o *origin) await(ctx context.Context, name string) (sum [sha256.Size]byte, fi fs.FileInfo, err error) {
	for {
		f, fi, err := o.files.open(name)
		if err != nil {
			return sum, nil, err
		}
		if e, ok := asEmbedded(f); ok {
			return o.embeds.sum(e, fi), fi, f.Close()
		}
		f.Close()
		v, ok := versionOf(fi)
		if _, own := f.(*os.File); !ok || !own {
			return sum, nil, errNoDigest
		}
		sum, err = o.digests.await(ctx, v, o.opener(name))
		if err != errChanged && err != errStopped {
			return sum, fi, err
		}
	}
}

// await gives the digest of a version once it is known. With errChanged or errStopped it may be worth asking again, if
// ctx, which is that of a request, has not ended.
func (d *digests) await(ctx context.Context, v version, open func() (*os.File, error)) (sum [sha256.Size]byte, err error) {
	if wait := v.unsettled(d.now()); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
			return sum, errChanged // perhaps
		case <-ctx.Done():
			return sum, ctx.Err()
		}
	}
	job := d.ask(ctx, v, open, true)
	if job == nil {
		return sum, errBusy
	}
	defer job.leave()
	select {
	case <-job.done:
		return job.sum, job.err
	case <-ctx.Done():
		return sum, ctx.Err()
	}
}

// appendSum appends a line as sha256sum prints it, and reads it with -c. A name that would break the line is escaped,
// which a backslash at its beginning says.
func appendSum(b []byte, sum [sha256.Size]byte, name string) []byte {
	escaped := strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`).Replace(name)
	if escaped != name {
		b = append(b, '\\')
	}
	b = hex.AppendEncode(b, sum[:])
	b = append(b, "  "...)
	b = append(b, escaped...)
	return append(b, '\n')
}

// A text is a short body of our own.
type text []byte

func (t text) send(w io.Writer, off, n int64) error {
	_, err := w.Write(t[off : off+n])
	return err
}
