package server

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// A reply is an answer before its first byte goes out. The origin has said what it would send, the faults say what
// becomes of it, each in its turn, and a stage then does all of it. Whatever they agreed on, that has one meaning.
type reply struct {
	status int
	header http.Header

	// What the origin has. All this is of use only while file holds.
	file  bool  // it is a 200 or 206 with bytes of a file
	part  span  // which bytes the answer says it holds
	total int64 // how long it says the file is
	size  int64 // how much content the origin sends, from the part's beginning on; -1 if it does not say

	// What becomes of the content, in this order.
	page          *string             // it is this instead
	edit          func([]byte) []byte // it is gathered and changed
	keep          int64               // this much of it is sent; -1 for all
	spoiled       int64               // from here on every byte is wrong; -1 for nowhere
	before, after string              // surround it
	junk          int64               // follows it; endless if -1
	gzip          bool                // all of it is compressed

	// How it is sent.
	framing framing
	claim   int64 // a Content-Length that is not true; -1 for the true one
	interim int   // how many 103s come first
	trailer bool  // a huge one comes last

	// What becomes of the connection.
	bare  bool   // the response is written without net/http; what follows needs that
	line  string // stands where the status line should be; "" for a true one
	naked bool   // there is neither a status line nor a header
	rest  bool   // the connection is said to stay open, but is closed when it is used again
	mute  bool   // nothing is sent at all
	slow  bool   // it is sent in crumbs
	ends  ending // how the content ends, if not well
	at    int64  // after how many bytes of it
}

// A framing says how the client is to know where the content ends.
type framing int

const (
	counted framing = iota // Content-Length
	chunked
	both      // Content-Length, which is wrong, and chunked
	delimited // it ends where the connection does
)

// An ending says what happens to a connection in the middle of the content.
type ending int

const (
	well    ending = iota
	fin            // it is closed
	reset          // it is reset
	torn           // it is closed below TLS, without a close_notify
	hanging        // nothing more comes
)

// newReply is the answer that the origin begins to give.
func newReply(p *play, status int, h http.Header) *reply {
	rep := &reply{status: status, header: h, size: -1, keep: -1, spoiled: -1, claim: -1}
	if n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64); err == nil {
		rep.size = n
	}
	if p.r.Method != http.MethodGet || h.Get("Accept-Ranges") == "" { // which nothing but the bytes of files has
		return rep
	}
	switch status {
	case http.StatusOK:
		rep.file, rep.total, rep.part = true, rep.size, span{0, rep.size}
	case http.StatusPartialContent:
		var last int64
		n, _ := fmt.Sscanf(h.Get("Content-Range"), "bytes %d-%d/%d", &rep.part.off, &last, &rep.total)
		rep.file, rep.part.end = n == 3, last+1 // several ranges have no such field
	}
	return rep
}

// partial says whether the answer is one range of a file.
func (rep *reply) partial() bool { return rep.file && rep.status == http.StatusPartialContent }

// replace puts a page of ours in the place of the answer. Nothing of it is left, so that faults of files do not apply.
func (rep *reply) replace(status int, contentType, content string) {
	rep.status, rep.file, rep.page = status, false, &content
	rep.header = http.Header{"Content-Type": {contentType}, "X-Content-Type-Options": {"nosniff"},
		"Content-Security-Policy": {"default-src 'none'"}}
}

// refuse answers with an error.
func (rep *reply) refuse(status int) {
	rep.replace(status, "text/plain; charset=utf-8", strconv.Itoa(status)+" "+http.StatusText(status)+"\n")
}

// move answers with a redirect.
func (rep *reply) move(location string) {
	rep.refuse(http.StatusFound)
	rep.header.Set("Location", location)
}

// narrow makes a 206 of s, of a file of the given length. A Content-Range that another fault has spoiled stays as it is.
func (rep *reply) narrow(s span, total int64) {
	if rep.header.Get("Content-Range") == contentRange(rep.part, rep.total) {
		rep.header.Set("Content-Range", contentRange(s, total))
	}
	rep.part, rep.total, rep.keep, rep.junk = s, total, s.len(), 0
}

// spoil makes all content from off on wrong, whatever its place. Of a file of another version nothing is the same, so
// that a client that joins two versions gets a file that is certainly neither.
func (rep *reply) spoil(off int64) {
	rep.header.Del("Repr-Digest") // it is of the bytes as they should be
	if rep.spoiled < 0 || off < rep.spoiled {
		rep.spoiled = off
	}
}

// tag sets the ETag.
func (rep *reply) tag(etag string) { rep.header["ETag"] = []string{etag} }

// etag is the ETag, which every file has.
func (rep *reply) etag() string { return strings.Join(rep.header["ETag"], "") }

// length is how much content will be sent; -1 if nobody can say.
func (rep *reply) length() int64 {
	n := rep.size
	switch {
	case rep.page != nil:
		n = int64(len(*rep.page))
	case rep.edit != nil:
		return -1
	case n >= 0 && rep.keep >= 0:
		n = min(n, rep.keep)
	}
	if n < 0 || rep.junk < 0 || rep.gzip {
		return -1
	}
	return n + int64(len(rep.before)+len(rep.after)) + rep.junk
}

// settle writes down how long the answer is, once all faults have had their say.
func (rep *reply) settle() {
	n := rep.length()
	switch {
	case rep.status < 200 || rep.status == http.StatusNoContent || rep.status == http.StatusNotModified:
		rep.header.Del("Content-Length")
		return
	case rep.framing == counted && n < 0:
		rep.framing = chunked
	}
	if rep.claim >= 0 {
		n = rep.claim
	}
	if n >= 0 && (rep.framing == counted || rep.framing == both) {
		rep.header.Set("Content-Length", strconv.FormatInt(n, 10))
	} else {
		rep.header.Del("Content-Length")
	}
}

// end has the content end badly somewhere in its middle. What is short is let through whole, so that a client which goes
// on where it was cut gets to the end.
func (rep *reply) end(p *play, how ending) bool {
	const short = 1 << 10
	n := rep.length()
	if n < 0 {
		n = rep.size // compressed, it has some length; should it be less, it ends there
	}
	if n < short || rep.page != nil {
		return false
	}
	rep.ends, rep.at = how, n/8+int64(p.chance("end")*float64(n*3/4))
	return true
}
