package main

import (
	"context"
	"strings"
	"time"
)

// A siege is one download's way through its harms.
type siege struct {
	*round
	d  *download
	og *origin

	act    func() error // done at each harm, before SIGKILL; nil means nothing
	spare  bool         // no SIGKILL: braid has to notice by itself
	settle func() error // done between a run's end and the look at what it left; nil means nothing

	acked  int64 // bytes that were claimed durably when the harm came, at least
	before state // what the last look found

	last outcome
	sent int64 // bytes, when the last run began
	over bool  // the file is there; nothing of it is left to fetch
}

// besiege harms a download several times, and then lets it finish.
func besiege(ctx context.Context, r *round, d *download, s *siege) error {
	if err := d.prepare(); err != nil {
		return err
	}
	r.note("%v", d)
	s.round, s.d = r, d
	return serving(ctx, d.origin(), nil, func(og *origin) error {
		s.og = og
		for harms := 1 + r.rand.IntN(3); harms > 0 && !s.over; harms-- {
			h := pick(r.rand, s.left(), r.watch)
			h.act, h.spare = s.act, s.spare
			if h.spare {
				h.interrupt = 0
			}
			if err := s.suffer(ctx, h); err != nil {
				return err
			}
		}
		if s.over {
			return nil
		}
		return s.suffer(ctx, harm{})
	})
}

// left is how long the rest of the download would take, about.
func (s *siege) left() time.Duration {
	left := 1 - float64(s.before.claimed)/float64(s.d.size)
	return 50*time.Millisecond + time.Duration(left*float64(s.d.whole))
}

// suffer runs the command once more, does h to it, and looks at what it left.
func (s *siege) suffer(ctx context.Context, h harm) (err error) {
	s.sent, s.acked = s.og.sent.Load(), 0
	s.last, err = s.run(ctx, h, s.d.args(s.og.url)...)
	if err != nil {
		return err
	}
	if err := s.judge(h); err != nil {
		return err
	}
	if s.settle != nil {
		if err := s.settle(); err != nil {
			return err
		}
	}
	return s.look()
}

// judge says whether a run may end as the last one did.
func (s *siege) judge(h harm) error {
	where := "at a random instant"
	if h.at != (point{}) {
		where = h.at.String()
	}
	switch {
	case s.last.code == 0:
		s.over = true
	case s.last.harmed && s.last.code < 0 && !h.spare, s.last.harmed && s.last.code == 3 && h.act != nil:
		s.tally.add("survived", 1)
		s.tally.detail(where)
		if h.spare {
			s.tally.sample("ends after, s", s.last.after.Seconds())
			if n := strings.Count(s.last.said, "\n"); n != 1 {
				return violated("exit status 3 with %d lines: %q", n, s.last.said)
			}
		}
	case h.interrupt > 0 && (s.last.code == 130 || s.last.code < 0): // so early that it did not know what to do
		s.tally.add("interrupted", 1)
	default:
		return violated("a run ended with %s: %s", s.last.how, strings.TrimSpace(s.last.said))
	}
	return nil
}

// look inspects what is there now, and compares it with what was there before.
func (s *siege) look() error {
	now, err := s.d.inspect()
	if err != nil {
		return err
	}
	s.note("found: %+v", now)
	// With --force a whole file is fetched anew, so nothing before it counts.
	anew := s.before.named && s.d.old > 0
	switch {
	case now.claimed < s.before.claimed && !anew:
		return violated("%d bytes were claimed, and now %d are", s.before.claimed, now.claimed)
	case now.claimed < s.acked && !anew:
		return violated("%d bytes were claimed and on disk, and now %d are claimed", s.acked, now.claimed)
	case s.over && (!now.named || now.beside):
		return violated("exit status 0, and this is there: %+v", now)
	case !s.over && !s.before.named:
		s.twice(now)
	}
	s.before = now
	s.over = s.over || now.named && !now.beside // killed on its way out
	return nil
}

// twice takes down what the last run received and did not live to claim, also
// in seconds of its own traffic.
func (s *siege) twice(now state) {
	sent := s.og.sent.Load() - s.sent
	lost := max(0, sent-(now.claimed-s.before.claimed))
	s.tally.sample("comes twice, MiB a harm", float64(lost)/(1<<20))
	if sent > 0 {
		s.tally.sample("comes twice, s of traffic a harm", float64(lost)/float64(sent)*s.last.took.Seconds())
	}
}
