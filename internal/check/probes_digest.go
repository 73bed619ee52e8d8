package check

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"braid/scheduler/source"
	"braid/segment"
)

// digestProbes are about RFC 9530.
func digestProbes() []probe {
	return []probe{
		{id: "repr-digest", section: "RFC 9530, 3", rule: "Repr-Digest is of the whole file, on a 206 too",
			ask: func(f *facts) request {
				if f.ranges && f.size > 0 {
					return get("Range", bytesOf(f.span(0, f.piece())), "Want-Repr-Digest", "sha-256=10")
				}
				return get("Want-Repr-Digest", "sha-256=10")
			}, judge: judgeReprDigest},
		{id: "content-digest", section: "RFC 9530, 2", rule: "Content-Digest is of what this answer holds", read: 8 << 10,
			needs: needBytes,
			ask: func(f *facts) request {
				return get("Range", bytesOf(f.span(0, f.piece())), "Want-Content-Digest", "sha-256=10")
			}, judge: judgeContentDigest},
	}
}

// digestOf reads a Repr-Digest, or a Content-Digest, which is written alike.
func digestOf(h http.Header, name string) (segment.Digest, bool) {
	return source.ReprDigest(http.Header{"Repr-Digest": h.Values(name)})
}

func judgeReprDigest(f *facts, a *answer) (Verdict, string) {
	said := a.header.Values("Repr-Digest")
	d, ok := digestOf(a.header, "Repr-Digest")
	switch {
	case a.status != http.StatusOK && a.status != http.StatusPartialContent:
		return other(a)
	case len(said) == 0 && len(f.digests) > 0:
		return Allowed, "not in this answer, but in others"
	case len(said) == 0:
		return NotOffered, "nothing but a checksum from elsewhere can prove that the file is right"
	case !ok:
		return Allowed, "neither sha-256 nor sha-512, or not well formed: it says nothing"
	case f.digestsDiffer():
		return Fail, "it is not the same in every answer"
	case a.coding != f.reference.coding || !f.reference.whole:
		return Pass, "not compared: that would take the whole file"
	case d.Check(bytes.NewReader(f.reference.body)) != nil:
		return Fail, "the file hashes to something else"
	}
	return Pass, "compared with the whole file"
}

func (f *facts) digestsDiffer() bool {
	for _, values := range f.digests {
		if len(values) > 1 {
			return true
		}
	}
	return false
}

// digest takes note of the Repr-Digest of an answer that describes the file.
func (f *facts) digest(a *answer) {
	if a.status != http.StatusOK && a.status != http.StatusPartialContent || a.coding != f.reference.coding {
		return
	}
	if d, ok := digestOf(a.header, "Repr-Digest"); ok {
		if f.digests == nil {
			f.digests = map[string][]string{}
		}
		if !slices.Contains(f.digests[d.Algorithm], d.String()) {
			f.digests[d.Algorithm] = append(f.digests[d.Algorithm], d.String())
		}
	}
}

func judgeContentDigest(f *facts, a *answer) (Verdict, string) {
	d, ok := digestOf(a.header, "Content-Digest")
	switch {
	case a.status != http.StatusOK && a.status != http.StatusPartialContent:
		return other(a)
	case !a.has("Content-Digest"):
		return NotOffered, "a Repr-Digest serves a download better"
	case !ok:
		return Allowed, "neither sha-256 nor sha-512, or not well formed: it says nothing"
	case !a.whole:
		return Allowed, "not compared: the answer is too long"
	case d.Check(bytes.NewReader(a.body)) != nil:
		return Fail, "the content hashes to something else"
	}
	return Pass, ""
}

// codingProbes are about compression, the trap of ranges: in a compressed file
// every byte is somewhere else.
func codingProbes() []probe {
	return []probe{
		{id: "gzip", section: "8.8.3, 12.5.5", rule: "compressed bytes are another representation: with a strong ETag of their own, and Vary",
			ask: func(*facts) request { return get("Accept-Encoding", "gzip") }, judge: judgeCoding},
		{id: "gzip-range", section: "14.1.2, 8.8.3", rule: "a range is of the bytes as they are sent, compressed or not", needs: needRanges,
			ask: func(f *facts) request {
				return get("Range", bytesOf(f.span(0, f.piece())), "Accept-Encoding", "gzip")
			}, judge: judgeCoding},
	}
}

func judgeCoding(f *facts, a *answer) (Verdict, string) {
	varies := strings.Contains(strings.ToLower(strings.Join(a.header.Values("Vary"), ",")), "accept-encoding") || a.header.Get("Vary") == "*"
	switch tag := a.header.Get("ETag"); {
	case a.status != http.StatusOK && a.status != http.StatusPartialContent:
		return other(a)
	case a.coding == f.reference.coding:
		return Pass, ""
	case strong(tag) && tag == f.tag() && !f.fickle:
		return Fail, fmt.Sprintf("it is %s, under the strong ETag of the file as it is: parts of both would be joined", a.coding)
	case a.status == http.StatusPartialContent:
		return Allowed, "the range is of the compressed file: a client must never ask for both"
	case !varies:
		return Allowed, "it is " + a.coding + ", and a Vary SHOULD say that it depends on Accept-Encoding"
	}
	return Pass, "it is " + a.coding + ", and has its own ETag or none"
}
