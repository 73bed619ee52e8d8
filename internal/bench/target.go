package bench

import (
	"context"
	"fmt"
	"os"
	"time"

	"braid/scheduler"
	"braid/scheduler/source"
	"braid/segment"
)

// A target is one file on a server, opened.
type target struct {
	source *source.HTTP
	known  Content // nil if nobody knows what it holds
	how    string  // how that is known
}

// An UnfitError says why ranges of a URL cannot be measured.
type UnfitError struct {
	URL    string // as source.Redact writes it
	Reason string
}

func (e *UnfitError) Error() string { return e.URL + ": " + e.Reason }

// open asks what the URLs are, and refuses those that the pattern cannot be played
// on.
func (s *Setup) open(ctx context.Context) (all []*target, err error) {
	for _, url := range s.URLs {
		t, err := s.openOne(ctx, url)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

func (s *Setup) openOne(ctx context.Context, url string) (*target, error) {
	o := s.Options
	o.Taste = true
	asking, cancel := context.WithTimeoutCause(ctx, 2*s.Patience, fmt.Errorf("%w for %v", scheduler.ErrStalled, 2*s.Patience))
	defer cancel()
	src, err := source.Open(asking, s.Client, url, o)
	if err != nil && ctx.Err() == nil && asking.Err() != nil {
		err = context.Cause(asking)
	}
	if err != nil {
		return nil, err
	}
	src.Close() // the byte that came
	id := src.Identity()
	unfit := func(format string, args ...any) error {
		return &UnfitError{URL: source.Redact(url), Reason: fmt.Sprintf(format, args...)}
	}
	switch {
	case src.Encoded() != "":
		return nil, unfit("it comes compressed (%s), though nobody asked for that, so its bytes have no offsets", src.Encoded())
	case id.Size == 0:
		return nil, unfit("%v", s.Pattern.Fits(0, s.Mix))
	case !src.Ranges():
		return nil, unfit("the server serves no ranges of it, so there is nothing to measure")
	}
	if err := s.Pattern.Fits(id.Size, s.Mix); err != nil {
		return nil, unfit("%v", err)
	}
	t := &target{source: src}
	switch known := patternOf(id); {
	case s.Known != nil && s.KnownSize != id.Size:
		return nil, unfit("it has %d bytes, and what it is compared with has %d", id.Size, s.KnownSize)
	case s.Known != nil:
		t.known, t.how = s.Known, s.KnownAs
	case s.Digest != nil:
		if t.known, err = s.fetch(ctx, src); err != nil {
			return nil, fmt.Errorf("%s: %w", source.Redact(url), err)
		}
		t.how = s.Digest.Algorithm
	case known != nil:
		t.known, t.how = known, "pattern"
	}
	return t, nil
}

// fetch downloads the file, to be compared with, into one that has no name any
// more where that is possible, and believes it if the digest does.
func (s *Setup) fetch(ctx context.Context, src *source.HTTP) (Content, error) {
	f, err := os.CreateTemp("", "braid-bench-")
	if err != nil {
		return nil, err
	}
	s.temporary = append(s.temporary, f)
	job := &scheduler.Job{Source: counting{src, &s.calls}, Sink: plain{f}, Grid: segment.Cut(src.Identity().Size), Stall: s.Patience}
	if err := job.Run(ctx); err != nil {
		return nil, err
	}
	s.fetched += src.Identity().Size
	if err := s.Digest.Check(f); err != nil {
		return nil, err
	}
	return f, nil
}

// tidy removes what fetch made.
func (s *Setup) tidy() {
	for _, f := range s.temporary {
		f.Close()
		os.Remove(f.Name())
	}
	s.temporary = nil
}

// plain is a sink that need not survive anything.
type plain struct{ *os.File }

func (plain) Save(*segment.Bitmap) error { return nil }

// patience is what a Setup without one has.
const patience = 15 * time.Second

// describe is what is told of a target.
func (t *target) describe(url string) Target {
	id := t.source.Identity()
	return Target{URL: source.Redact(url), Size: id.Size, ETag: id.ETag, Checked: t.how}
}
