package source

import (
	"io"
	"net/http"
	"time"

	"braid/segment"
)

// linger is how long the end of a body is waited for once all its bytes are
// there. It comes with them, unless the server plays for time.
const linger = 200 * time.Millisecond

// A body is the bytes of one range, and nothing else. It is not safe for use by
// several goroutines at once; ending the context that it was opened with ends a
// Read that blocks.
type body struct {
	reply *reply
	host  string
	off   int64 // of the first byte
	skip  int64 // bytes that come before it
	left  int64 // bytes that are still to be handed out
	open  bool  // where the response ends, the file does: its length is not known
	err   error // how the response ended: io.EOF if well
}

func newBody(re *reply, v verdict) *body {
	return &body{
		reply: re,
		host:  re.at.host(),
		off:   v.span.Off,
		skip:  v.skip,
		left:  v.span.Len(),
		open:  v.span.End == unbounded,
	}
}

// limit cuts the body to what lies in r, which begins where it does.
func (b *body) limit(r segment.Range) { b.left = min(b.left, r.Len()) }

// Read ends with io.EOF after the last byte of the range, and with an error
// that wraps io.ErrUnexpectedEOF if the response ended before.
func (b *body) Read(p []byte) (int, error) {
	if b.reply == nil {
		return 0, http.ErrBodyReadAfterClose
	}
	if b.left == 0 {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	for b.skip > 0 && b.err == nil {
		var n int
		n, b.err = b.reply.Body.Read(p[:min(int64(len(p)), b.skip)])
		b.skip -= int64(n)
	}
	n := 0
	if b.err == nil {
		n, b.err = b.reply.Body.Read(p[:min(int64(len(p)), b.left)])
		b.left -= int64(n)
	}
	switch {
	case b.left == 0 && !b.open:
		return n, io.EOF // whatever comes after the last byte
	case b.err == io.EOF && b.open:
		b.left = 0
		return n, io.EOF
	case b.err == io.EOF:
		return n, &netError{host: b.host, err: io.ErrUnexpectedEOF}
	case b.err != nil && b.reply.cause() != nil:
		return n, b.reply.cause()
	case b.err != nil:
		return n, &netError{host: b.host, err: b.err}
	}
	return n, nil
}

// Close reads once more if all bytes were taken, because a connection is only
// used again when its response was seen to end. Otherwise it gives the
// connection up: too much may still be on its way.
func (b *body) Close() error {
	re := b.reply
	if re == nil {
		return nil
	}
	b.reply = nil
	if b.left == 0 && b.err == nil {
		var past [1]byte
		slow := time.AfterFunc(linger, func() { re.cancel(nil) })
		var n int
		if n, b.err = re.Body.Read(past[:]); n > 0 {
			b.err = nil // there is more: not the end
		}
		slow.Stop()
	}
	if b.err != io.EOF {
		re.drop()
		return nil
	}
	err := re.Body.Close()
	re.cancel(nil)
	re.unbind()
	return err
}
