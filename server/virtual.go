package server

import (
	"crypto/sha256"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	maxPattern  = 1 << 40  // the longest virtual file
	maxDigested = 16 << 20 // the longest whose digest is sent; hashing it takes some 10 ms
	maxDigests  = 64       // how many digests are remembered
)

// Pattern serves files that do not exist: /pattern/SIZE?seed=N answers with the first SIZE bytes of the pattern of seed
// N, computed as they are sent; without a seed it is 0. SIZE is a number of bytes, at most 1 TiB, and may have a unit:
// 1K, 1M, 1G and 1T are powers of 1024, as are 1KiB and so on, and 1kB, 1MB, 1GB and 1TB are powers of 1000. Anything
// else is answered with 400.
//
// Such a file never changes. It has a strong ETag, a Last-Modified long ago and, up to 16 MiB, a Repr-Digest
// (RFC 9530), and is served in ranges just as files are. [PatternAt] has the bytes.
func Pattern() http.Handler { return newPattern() }

// born is the Last-Modified of every pattern: any time that is past on every clock.
var born = time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)

type pattern struct {
	undigested bool // no Repr-Digest is sent

	mu      sync.Mutex
	digests map[virtual]func() string // computed at most once each, by whoever asks first
}

// A virtual file is the beginning of a pattern.
type virtual struct {
	seed uint64
	size int64
}

func newPattern() *pattern { return &pattern{digests: make(map[virtual]func() string)} }

func (p *pattern) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if admit(w, r) {
		p.serve(w, r)
	}
}

func (p *pattern) serve(w http.ResponseWriter, r *http.Request) {
	v, problem := parseVirtual(r.URL)
	if problem != "" {
		failBecause(w, http.StatusBadRequest, problem)
		return
	}
	rep := representation{
		validators: validators{
			etag:     `"p1-` + strconv.FormatInt(v.size, 10) + "-" + strconv.FormatUint(v.seed, 10) + `"`,
			modified: born,
			settled:  true,
		},
		size:        v.size,
		contentType: octetStream,
		body:        v,
	}
	if v.size <= maxDigested && !p.undigested && wantsDigest(r.Header) {
		rep.digest = p.digest(v)
	}
	rep.serve(w, r)
}

// parseVirtual reads a request for a pattern; problem is a line for the client if it makes no sense.
func parseVirtual(u *url.URL) (v virtual, problem string) {
	size, ok := parseSize(strings.TrimPrefix(strings.TrimPrefix(u.Path, "/"), "pattern/"))
	if !ok {
		return v, "the path must be /pattern/SIZE, where SIZE is a number of bytes as in 1048576, 512M or 1GiB"
	}
	if size > maxPattern {
		return v, "a pattern has at most 1T (1099511627776 bytes)"
	}
	v.size = size
	if query := u.Query(); query.Has("seed") {
		var err error
		v.seed, err = strconv.ParseUint(query.Get("seed"), 10, 64)
		if err != nil {
			return v, "the seed must be a number from 0 to 18446744073709551615"
		}
	}
	return v, ""
}

// digest gives the Repr-Digest of a virtual file. Clients that ask for its segments all at once wait for one hashing.
func (p *pattern) digest(v virtual) string {
	p.mu.Lock()
	compute, ok := p.digests[v]
	if !ok {
		if len(p.digests) >= maxDigests {
			clear(p.digests) // cheap to compute again
		}
		compute = sync.OnceValue(v.digest)
		p.digests[v] = compute
	}
	p.mu.Unlock()
	return compute()
}

func (v virtual) digest() string {
	hash := sha256.New()
	_ = v.send(hash, 0, v.size) // a hash takes everything
	return reprDigest([sha256.Size]byte(hash.Sum(nil)))
}

// block is how much of a pattern is computed at a time: little enough to be still in the processor's cache when the
// kernel copies it.
const block = 256 << 10

// blocks lends buffers of block bytes.
var blocks = sync.Pool{New: func() any { return new([block]byte) }}

// send is a [body]'s.
func (v virtual) send(w io.Writer, off, n int64) error {
	buf := blocks.Get().(*[block]byte)
	defer blocks.Put(buf)
	for n > 0 {
		b := buf[:min(n, block)]
		PatternAt(b, v.seed, off)
		if _, err := w.Write(b); err != nil {
			return err
		}
		off += int64(len(b))
		n -= int64(len(b))
	}
	return nil
}
