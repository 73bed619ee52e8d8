package server

import (
	"container/list"
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// maxKnown is how many digests are remembered, those of the files asked for last. They take about 1 MB.
const maxKnown = 4096

// A version is one version of one file, as the system tells it from all others. No two have the same bytes, if the first
// had settled before the second was made.
type version struct {
	inode
	size, modified int64 // bytes, ns
}

// versionOf gives the version of a file; ok is false for what is no file, and where the system does not tell enough.
func versionOf(fi fs.FileInfo) (v version, ok bool) {
	node, complete := inodeOf(fi)
	return version{node, fi.Size(), fi.ModTime().UnixNano()}, complete && fi.Mode().IsRegular()
}

// unsettled is how long it takes until the next change is sure to give the file another time of change. It is not
// positive once the version has settled.
func (v version) unsettled(now time.Time) time.Duration {
	return time.Unix(0, v.changed).Add(settling).Sub(now)
}

// is says whether f is still of this version.
func (v version) is(f *os.File) bool {
	fi, err := f.Stat()
	if err != nil {
		return false
	}
	now, ok := versionOf(fi)
	return ok && now == v
}

// digests knows what files hash to, by SHA-256, and finds out in the background: see ask. A nil one knows nothing.
type digests struct {
	now  func() time.Time // the clock that files are stamped by
	step func()           // called before each stint, for tests; nil for nothing

	patience time.Duration // how long a request waits for a digest
	speed    atomic.Int64  // of the hashing, bytes/s, as last measured

	mu     sync.Mutex
	sums   map[version]*list.Element // of sum
	recent list.List                 // of sum, the last used first
	jobs   map[version]*hashing      // those in the queue, and those under way
	queue  []*hashing                // the longest in it first
	runs   int                       // how many goroutines work through the queue
	closed chan struct{}             // closed by close
	ended  sync.WaitGroup            // of those goroutines
}

type sum struct {
	version version
	sum     [sha256.Size]byte
}

func newDigests() *digests {
	return &digests{
		now:      time.Now,
		patience: maxWait,
		sums:     make(map[version]*list.Element),
		jobs:     make(map[version]*hashing),
		closed:   make(chan struct{}),
	}
}

// known gives the digest of a file that has been hashed already, as the version that fi describes.
func (d *digests) known(fi fs.FileInfo) (sum [sha256.Size]byte, ok bool) {
	if d == nil {
		return sum, false
	}
	v, ok := versionOf(fi)
	if !ok {
		return sum, false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.recall(v)
}

// recall is known, for those who hold the lock.
func (d *digests) recall(v version) (s [sha256.Size]byte, ok bool) {
	e, ok := d.sums[v]
	if !ok {
		return s, false
	}
	d.recent.MoveToFront(e)
	return e.Value.(*sum).sum, true
}

// learn remembers a digest, for those who hold the lock. The one that was not used for longest is forgotten for it.
func (d *digests) learn(v version, s [sha256.Size]byte) {
	if len(d.sums) >= maxKnown {
		delete(d.sums, d.recent.Remove(d.recent.Back()).(*sum).version)
	}
	d.sums[v] = d.recent.PushFront(&sum{v, s})
}

// digest gives the Repr-Digest to send with a file opened under the given name; "" for none, as long as it is not known.
// It never waits: what is not known is hashed in the background, for those who ask later.
func (o *origin) digest(r *http.Request, name string, fi fs.FileInfo) string {
	if o.digests == nil || !wantsDigest(r.Header) {
		return ""
	}
	if sum, ok := o.digests.known(fi); ok {
		return reprDigest(sum)
	}
	if v, ok := versionOf(fi); ok {
		o.digests.ask(r.Context(), v, o.opener(name), false)
	}
	return ""
}

// opener opens the file of that name once more. A hashing needs a descriptor of its own, which the time in the queue
// would be too long to hold.
func (o *origin) opener(name string) func() (*os.File, error) {
	return func() (*os.File, error) {
		f, _, err := o.files.open(name)
		if err != nil {
			return nil, err
		}
		file, ok := f.(*os.File)
		if !ok {
			f.Close()
			return nil, errNoDigest
		}
		return file, nil
	}
}

// reprDigest is a Repr-Digest (RFC 9530, section 3).
func reprDigest(sum [sha256.Size]byte) string {
	b := make([]byte, 0, 64)
	b = append(b, "sha-256=:"...)
	b = base64.StdEncoding.AppendEncode(b, sum[:])
	b = append(b, ':')
	return string(b)
}
