package server

import (
	"compress/gzip"
	"context"
	"errors"
	"net/http"
	"time"
)

const (
	crumb    = 1 << 10                // what a slow answer sends at once
	pause    = 250 * time.Millisecond // between two crumbs
	maxHang  = 10 * time.Minute       // what is left hanging longer is cut
	junkSize = 32 << 10               // bytes of junk sent at once
)

// A stage is the ResponseWriter that the origin writes to when faults are played. It holds the header back until they
// have had their turns, and then sends what is left of the answer.
type stage struct {
	play    *play
	asked   map[*fault]bool // the faults that have already changed what the origin was asked
	w       http.ResponseWriter
	control *http.ResponseController
	time    timing
	header  http.Header
	rep     *reply
	out     outlet

	full bool         // the origin need say no more
	held []byte       // what was gathered to be edited
	pos  int64        // how much of the origin's content has passed
	gz   *gzip.Writer // nil if nothing is compressed
	sent int64        // how much content has gone out
}

// An outlet is the way from a stage to the client: net/http's, or none but the connection.
type outlet interface {
	begin(rep *reply)            // sends the header
	Write(p []byte) (int, error) // sends content
	flush() error
	gone() <-chan struct{} // closed when the client has left
	end(rep *reply)        // ends the response well
	cut(how ending)        // ends it badly, and with it the handler
	close() (bytes int64)  // lets go of what the outlet holds, if that has not been done
}

// errFull tells the origin that what it still has is not wanted.
var errFull = errors.New("no more of this is wanted")

// watch has the origin answer.
func (s *stage) watch(origin http.Handler) {
	defer func() {
		// The origin cannot know better than that the client has left.
		if fault := recover(); fault != nil && !(s.full && fault == http.ErrAbortHandler) {
			panic(fault)
		}
	}()
	origin.ServeHTTP(s, s.play.r)
	if s.rep == nil {
		s.WriteHeader(http.StatusOK)
	}
}

func (s *stage) Header() http.Header { return s.header }

// SetWriteDeadline does nothing: how long a client may take is up to what is sent in the end.
func (s *stage) SetWriteDeadline(time.Time) error { return nil }

// WriteHeader has the faults take their turns, and begins the response.
func (s *stage) WriteHeader(status int) {
	if s.rep != nil {
		return
	}
	rep := newReply(s.play, status, s.header)
	s.rep = rep
	s.play.turns(rep, s.asked)
	rep.settle()
	if rep.bare {
		out, err := bareOutlet(s.w, s.play.r)
		if err != nil {
			abort() // nothing can be said in the words this fault needs
		}
		s.out = out
	} else {
		s.out = &plainOutlet{w: s.w, r: s.play.r}
	}
	s.allow(0)
	if rep.mute {
		s.hang()
		s.out.cut(fin)
	}
	s.out.begin(rep)
	if rep.gzip {
		s.gz = gzip.NewWriter(sender{s})
	}
	s.encode([]byte(rep.before))
}

// Write takes the origin's content.
func (s *stage) Write(p []byte) (int, error) {
	s.WriteHeader(http.StatusOK)
	switch {
	case s.play.r.Method == http.MethodHead:
		return 0, http.ErrBodyNotAllowed
	case s.rep.page != nil:
		s.full = true
		return 0, errFull
	case s.rep.edit != nil:
		s.held = append(s.held, p...)
		return len(p), nil
	case s.rep.keep < 0 || int64(len(p)) <= s.rep.keep-s.pos:
		s.content(p)
		return len(p), nil
	}
	n := int(s.rep.keep - s.pos)
	s.content(p[:n])
	s.full = true
	return n, errFull
}

// content sends what the origin said, or the reverse of it.
func (s *stage) content(p []byte) {
	good := len(p)
	if from := s.rep.spoiled; from >= 0 {
		good = int(min(int64(len(p)), max(0, from-s.pos)))
	}
	s.pos += int64(len(p))
	s.encode(p[:good])
	if p = p[good:]; len(p) > 0 {
		wrong := make([]byte, len(p)) // p is not ours to change
		for i, b := range p {
			wrong[i] = ^b
		}
		s.encode(wrong)
	}
}

// finish sends what the answer has besides the origin's content, and ends it.
func (s *stage) finish() {
	rep := s.rep
	if s.play.r.Method != http.MethodHead && rep.status != http.StatusNotModified {
		if rep.page != nil {
			s.encode([]byte(*rep.page))
		}
		if rep.edit != nil {
			s.encode(rep.edit(s.held))
		}
		s.encode([]byte(rep.after))
		s.waste(rep.junk)
		if s.gz != nil {
			_ = s.gz.Close() // its errors are those of send, which does not return them
		}
		if rep.ends != well { // compressed, the content was shorter than it should have been
			s.stop()
		}
	}
	s.out.end(rep)
}

// waste sends n bytes of junk; if n is negative, until the client has had enough or the server is told to stop.
func (s *stage) waste(n int64) {
	if n == 0 {
		return
	}
	if n < 0 {
		// A write that the client does not take must not hold up the server either. The deadline that send sets may
		// come after this one, but then it is followed by a look at what this one stood for.
		defer context.AfterFunc(stopping(s.play.r.Context()), func() { _ = s.control.SetWriteDeadline(time.Now()) })()
	}
	junk := make([]byte, junkSize)
	for i := range junk {
		junk[i] = byte(i) | 0x80
	}
	for n != 0 {
		if n < 0 {
			s.encode(junk)
			continue
		}
		k := min(n, junkSize)
		s.encode(junk[:k])
		n -= k
	}
}

// encode compresses p if all is to be, and sends it.
func (s *stage) encode(p []byte) {
	if s.gz != nil {
		_, _ = s.gz.Write(p) // as with Close
	} else {
		s.send(p)
	}
}

// A sender is a stage as the destination of a compressor.
type sender struct{ s *stage }

func (s sender) Write(p []byte) (int, error) { s.s.send(p); return len(p), nil }

// send gives content to the client, as far and as fast as it may have it. If the client does not take it that is the end
// of the handler.
func (s *stage) send(p []byte) {
	for len(p) > 0 {
		n := int64(len(p))
		if s.rep.ends != well {
			n = min(n, s.rep.at-s.sent)
		}
		if s.rep.slow {
			n = min(n, crumb)
		}
		if n <= 0 {
			s.stop()
		}
		s.allow(n)
		if s.rep.junk < 0 && stopping(s.play.r.Context()).Err() != nil {
			s.out.cut(fin)
		}
		if _, err := s.out.Write(p[:n]); err != nil {
			s.out.cut(fin)
		}
		s.sent += n
		p = p[n:]
		if s.rep.slow && (s.out.flush() != nil || !s.wait(pause)) {
			s.out.cut(fin)
		}
	}
}

// stop ends the content badly.
func (s *stage) stop() {
	_ = s.out.flush() // it is about to break anyway
	if s.rep.ends == hanging {
		s.hang()
	}
	s.out.cut(s.rep.ends)
}

// hang waits until the client has had enough.
func (s *stage) hang() { s.wait(maxHang) }

// wait says whether d has passed before the client left or the server was told to stop.
func (s *stage) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.out.gone():
	case <-stopping(s.play.r.Context()).Done():
	}
	return false
}

// allow gives the client time for the next n bytes.
func (s *stage) allow(n int64) {
	if err := s.time.allow(n); err != nil {
		s.out.cut(fin)
	}
}

// leave lets go of the connection and tells the log what was played, however the play ended.
func (s *stage) leave() {
	rec, logged := s.w.(*recorder)
	if logged {
		rec.faults = s.play.played
	}
	if s.out == nil {
		return
	}
	n := s.out.close()
	if logged && s.rep.bare {
		rec.bytes = n
		if s.rep.line == "" && !s.rep.naked && !s.rep.mute {
			rec.status = s.rep.status
		}
	}
}
