package source

import (
	"context"
	"time"
)

// A resolving is how often, and how well, the user's URL has been asked again
// because the place where its redirects had led refuses.
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
	now, _ := s.known()
	if now.url == at.url {
		if s.resolving.last.After(sent) {
			return nil, verdict{}, s.resolving.err
		}
		s.web.forget()
		now = s.web.origin()
	}
	q.resolved = true
	re, err := s.ask(ctx, now, q)
	if err != nil {
		return nil, verdict{}, err
	}
	v := judge(q, known, re.answer())
	switch v.class {
	case accept:
		s.mu.Lock()
		s.at = re.at
		s.mu.Unlock()
	case fatal, shrink:
		s.resolving.last, s.resolving.err = time.Now(), s.refuse(re, v)
		return nil, verdict{}, s.resolving.err
	}
	return re, v, nil
}
