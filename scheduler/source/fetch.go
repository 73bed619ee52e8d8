package source

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"braid/scheduler"
	"braid/segment"
)

// Open gives the bytes of r, or fewer from its beginning; r.End may be
// math.MaxInt64 for the rest of the file. The body may be read until ctx ends.
// It is a scheduler.Continuer.
//
// If Ranges is false and the file has a strong validator, each body is read from
// the file's beginning, so it is given to one caller at a time; the others get
// scheduler.ErrSequential. Without such a validator r must begin at 0, and the
// whole file is asked for. If its size is not known either, the body ends where
// the response does: with io.EOF if the framing proves that it is complete or
// nothing speaks against it (see Unproven), else with io.ErrUnexpectedEOF.
//
// Errors are those of scheduler.Source; a *StatusError, *ProtocolError or
// *DowngradeError may be in them.
func (s *HTTP) Open(ctx context.Context, r segment.Range) (io.ReadCloser, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	at, known := s.known()
	if size := known.id.Size; r.Empty() || size >= 0 && r.Off >= size {
		return http.NoBody, nil
	}
	q := question{
		r: r, ranged: s.ranges.Load(),
		strikes: int(s.strikes.Load()), doubts: int(s.doubts.Load()), redirected: at.url != s.web.first,
	}
	done := func() {}
	if !q.ranged {
		switch {
		case known.streams() && !s.enter():
			return nil, fmt.Errorf("%s: %w", at.host(), scheduler.ErrSequential)
		case known.streams():
			done = sync.OnceFunc(s.leave)
			q.stream, q.ranged = true, r.Off > 0 // it may have come to its senses
		case r.Off > 0:
			return nil, fmt.Errorf("%s: %w", at.host(), scheduler.ErrNoRanges)
		}
	}
	if b := s.take(ctx, r, q.stream); b != nil {
		b.done = done
		return b, nil
	}
	b, err := s.fetch(ctx, at, q)
	if err != nil {
		done()
		return nil, err
	}
	b.limit(r)
	b.done = done
	return b, nil
}

// fetch asks until an answer is clear: whether another entity-tag means another
// version shows only when it is asked for again.
func (s *HTTP) fetch(ctx context.Context, at place, q question) (*body, error) {
	var other []byte // of the file, as an answer with another entity-tag has it
	for {
		_, known := s.known()
		re, v, err := s.put(ctx, at, q, known)
		if err != nil {
			return nil, err
		}
		switch {
		case v.class == accept && v.fickle:
			mine, err := re.overlap(v)
			if err == nil && !agree(mine, other) {
				v = verdict{class: changed, reason: "it sends two versions of the file by turns"}
				return nil, s.refuse(re, v)
			}
			s.untag(known.id.ETag)
			fallthrough
		case v.class == accept:
			s.accepted(v)
			if !q.ranged && !q.stream {
				s.anew(re, v)
			}
			return s.newBody(re, v), nil
		case v.tag != "":
			known.id.ETag = ""
			if u := judge(q, known, re.answer()); u.class == accept && other == nil {
				other, _ = re.overlap(u)
			}
			re.drop()
			s.web.forget()
			q.tags = append(q.tags, v.tag)
			q.doubts++
		case q.stream && q.ranged && (v.strike || refusesRange(v.status)):
			re.drop() // it has not come to its senses
			q.ranged = false
			q.strikes++
		default:
			return nil, s.rejected(re, v)
		}
	}
}

// put asks q at a place, and at the user's URL if that place refuses.
func (s *HTTP) put(ctx context.Context, at place, q question, known fact) (*reply, verdict, error) {
	sent := time.Now()
	re, err := s.ask(ctx, at, q)
	if err != nil {
		return nil, verdict{}, err
	}
	v := judge(q, known, re.answer())
	if v.class == reresolve {
		re.finish()
		return s.resolve(ctx, at, q, known, sent)
	}
	return re, v, nil
}

// accepted and rejected keep count of what a server is let off.
func (s *HTTP) accepted(v verdict) {
	s.strikes.Store(0)
	s.doubts.Store(0)
	if v.whole {
		s.unproven.Store(v.unproven)
	}
}

func (s *HTTP) rejected(re *reply, v verdict) error {
	if v.strike {
		// It was counted against what was known when the request went out:
		// a moment's trouble may hit many requests at once.
		s.strikes.Add(1)
	}
	if v.doubt {
		s.doubts.Add(1)
	}
	if v.class == noRange {
		if s.ranges.Swap(false) {
			s.strikes.Store(0)
		}
		if v.adrift {
			s.untag("")
		}
		if _, known := s.known(); known.streams() {
			re.drop()
			return fmt.Errorf("%s: %w: %s", re.at.host(), scheduler.ErrSequential, v.reason)
		}
	}
	return s.refuse(re, v)
}

// anew takes what an answer says that begins the whole file anew: it may be of
// another version than the one before.
func (s *HTTP) anew(re *reply, v verdict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := s.fact.id.Size
	s.fact.id = v.fact.id
	s.fact.id.Size = size
	s.sum, _ = ReprDigest(re.Header)
}

// known is where to ask, and what the answers must agree with.
func (s *HTTP) known() (place, fact) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at, s.fact
}

// untag forgets the entity-tag if it is the given one, or any, since it means
// nothing.
func (s *HTTP) untag(tag string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if tag == "" || s.fact.id.ETag == tag {
		s.fact.id.ETag = ""
	}
}

// enter lets one body at a time be out.
func (s *HTTP) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open > 0 {
		return false
	}
	s.open++
	return true
}

func (s *HTTP) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
}

// take gives the kept body away, if r begins where it does, or further on and
// there is no other way to get there.
func (s *HTTP) take(ctx context.Context, r segment.Range, stream bool) *body {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.kept
	if b == nil || b.from != r.Off && !(stream && b.from < r.Off) {
		return nil
	}
	s.kept = nil
	b.from = r.Off
	b.limit(r)
	b.reply.bind(ctx)
	return b
}
