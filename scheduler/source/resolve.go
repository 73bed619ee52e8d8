package source

import (
	"context"
	"time"
)

// A resolving is whose turn it is to ask the user's URL again, when the place
// that its redirects led to refuses, and how that last ended in vain.
type resolving struct {
	turn chan struct{} // holds one: whoever does it
	last time.Time     // when it was last done in vain; guarded by turn
	err  error         // and why it was
}

// resolve asks q where the user's URL leads to now: a signed link may have run
// out, or a mirror may have lost the file. One does it for all; the others come
// after it, and ask where it got to, or end as it did. A resolution in vain
// counts for everybody whose request went out before it.
func (s *HTTP) resolve(ctx context.Context, at place, q question, known fact, sent time.Time) (*reply, verdict, error) {
	select {
	case s.resolving.turn <- struct{}{}:
		defer func() { <-s.resolving.turn }()
	case <-ctx.Done():
		return nil, verdict{}, context.Cause(ctx)
	}
	for {
		now, _ := s.known()
		if now.url != at.url {
			at = now // somebody else has got there
		} else {
			if s.resolving.last.After(sent) {
				return nil, verdict{}, s.resolving.err
			}
			s.web.forget()
			now, q.resolved = s.web.origin(), true
		}
		re, err := s.ask(ctx, now, q)
		if err != nil {
			return nil, verdict{}, err
		}
		switch v := judge(q, known, re.answer()); v.class {
		case reresolve:
			re.finish() // that one is used up as well
		case fatal, shrink:
			if q.resolved {
				s.resolving.last, s.resolving.err = time.Now(), s.refuse(re, v)
				return nil, verdict{}, s.resolving.err
			}
			return re, v, nil
		case accept:
			s.mu.Lock()
			s.at = re.at
			s.mu.Unlock()
			return re, v, nil
		default:
			return re, v, nil
		}
	}
}
