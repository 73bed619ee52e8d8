package source

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"braid/scheduler"
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
	at    int64  // the byte of the file that the response gives next
	from  int64  // the first that is wanted
	end   int64  // where those end that are wanted
	reach int64  // where those end that the response has; unbounded if its length is not known
	prove bool   // where it should end, nothing may come any more
	far   bool   // it may be read on over bytes that nobody wants
	done  func() // called by Close; nil means nobody waits
	blame func() // called when the connection, or the address behind it, is no good
	err   error  // how the response ended: io.EOF if well
}

func (s *HTTP) newBody(re *reply, v verdict) *body {
	return &body{
		blame: func() { s.web.blame(re.at) },
		reply: re,
		host:  re.at.host(),
		at:    v.span.Off - v.skip,
		from:  v.span.Off,
		end:   v.span.End,
		reach: v.reach,
		prove: v.prove,
		far:   v.whole,
	}
}

// limit cuts the body to what lies in r, which begins where it does.
func (b *body) limit(r segment.Range) { b.end = min(b.end, r.End) }

// Continue goes on with r, if the response has its first byte and nothing else
// comes before, or if there is no other way to get there.
func (b *body) Continue(r segment.Range) bool {
	if b.reply == nil || b.err != nil || r.Off < b.at || r.Off >= b.reach || r.Off > b.at && !b.far {
		return false
	}
	b.from, b.end = r.Off, min(r.End, b.reach)
	return true
}

// Read ends with io.EOF after the last byte of the range, and with an error
// that wraps io.ErrUnexpectedEOF if the response ended before.
func (b *body) Read(p []byte) (int, error) {
	if b.reply == nil {
		return 0, http.ErrBodyReadAfterClose
	}
	if b.at == b.end {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	n := 0
	for b.at < b.from && b.err == nil {
		n, b.err = b.reply.Body.Read(p[:min(int64(len(p)), b.from-b.at)])
		b.at += int64(n)
		if b.at < b.from && b.err == nil {
			return 0, nil // whoever reads watches the time
		}
	}
	n = 0
	if b.err == nil {
		n, b.err = b.reply.Body.Read(p[:min(int64(len(p)), b.end-b.at)])
		b.at += int64(n)
	}
	open := b.end == unbounded
	switch {
	case b.at == b.end && b.prove && b.at == b.reach && b.err == nil:
		return n, b.proof()
	case b.at == b.end:
		return n, io.EOF // whatever comes after the last byte
	case b.err == io.EOF && open && !b.reply.at.over.cut():
		b.end, b.reach = b.at, b.at
		return n, io.EOF
	case b.err == io.EOF:
		b.blame()
		return n, &netError{host: b.host, err: io.ErrUnexpectedEOF}
	case b.err != nil && b.reply.cause() != nil:
		if cause := b.reply.cause(); errors.Is(cause, scheduler.ErrStalled) || errors.Is(cause, scheduler.ErrReplaced) {
			b.blame()
		}
		return n, b.reply.cause()
	case b.err != nil && !network(b.err):
		return n, malformed(b.host, b.err)
	case b.err != nil:
		b.blame()
		return n, &netError{host: b.host, err: b.err}
	}
	return n, nil
}

// proof is io.EOF if the response ends here. It did not say where it would, so
// it may be of another version, which is longer.
func (b *body) proof() error {
	var past [1]byte
	n, err := 0, error(nil)
	for n == 0 && err == nil {
		n, err = b.reply.Body.Read(past[:])
	}
	switch {
	case n > 0:
		b.end = -1 // it is no good
		return fmt.Errorf("%s: %w: its size was %d and it goes on", b.host, scheduler.ErrChanged, b.reach)
	case err != io.EOF:
		return &netError{host: b.host, err: err}
	}
	b.err = err
	return io.EOF
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
	if b.done != nil {
		defer b.done()
	}
	if b.at == b.end && b.err == nil {
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
