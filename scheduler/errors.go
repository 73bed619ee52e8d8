package scheduler

import (
	"errors"
	"fmt"
	"math"
	"time"

	"braid/segment"
)

var (
	// ErrChanged says that the file is no longer the one that was begun. A
	// Source wraps it; nothing more is written once it has been seen.
	ErrChanged = errors.New("the file on the server has changed")
	// ErrStalled says that no byte came for as long as Job.Stall allows.
	ErrStalled = errors.New("no data")
	// ErrSink says that bytes could not be kept: the disk is full or failing.
	// It is never tried again.
	ErrSink = errors.New("writing")
	// ErrNoRanges says that a Source gave up on ranges: what it answers cannot
	// be put at an offset.
	ErrNoRanges = errors.New("the server does not serve ranges")
	// ErrSequential says that from now on a Source gives one answer at a time,
	// because it has to read each from the file's beginning.
	ErrSequential = errors.New("the server sends the file only from its beginning")
	// ErrTooLarge says that a file has more bytes than it may have.
	ErrTooLarge = errors.New("the file is too large")

	// ErrReplaced says that an answer was given up for another one, which is
	// expected to be better. It is the cause of its context's end.
	ErrReplaced = errors.New("the connection was given up for a new one")

	errYielded  = errors.New("the only answer there is goes on in its place")
	errRelieved = errors.New("a faster connection took the rest over")
)

// A RangeError says which bytes an error kept back.
type RangeError struct {
	Range segment.Range
	Err   error
}

func (e *RangeError) Error() string {
	if e.Range.End == math.MaxInt64 {
		return fmt.Sprintf("bytes from %d on: %v", e.Range.Off, e.Err)
	}
	return fmt.Sprintf("bytes %v: %v", e.Range, e.Err)
}

func (e *RangeError) Unwrap() error { return e.Err }

// A RetryAfter is an error that knows how long to wait before asking again
// (RFC 9110, section 10.2.3). Zero means that it does not.
type RetryAfter interface {
	error
	RetryAfter() time.Duration
}

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent marks err as one that asking again cannot help. Permanent(nil) is
// nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanent{err}
}

type crowded struct{ error }

func (c crowded) Unwrap() error { return c.error }

// Crowded marks err as a refusal that may be due to how much is asked for at
// once: fewer requests may help or, if err is permanent too, a smaller range.
// Crowded(nil) is nil.
func Crowded(err error) error {
	if err == nil {
		return nil
	}
	return crowded{err}
}

func isCrowded(err error) bool {
	var c crowded
	return errors.As(err, &c)
}

// IsPermanent says whether asking again cannot help: err was marked by
// Permanent, wraps ErrChanged or ErrNoRanges, or came from the sink.
func IsPermanent(err error) bool {
	var p permanent
	return errors.As(err, &p) || errors.Is(err, ErrChanged) || errors.Is(err, ErrNoRanges) || errors.Is(err, ErrSink)
}

// stalled is ErrStalled, with how long it lasted.
func stalled(d time.Duration) error { return fmt.Errorf("%w for %v", ErrStalled, d) }

// sinkError marks err as the sink's, if it is not yet.
func sinkError(err error) error {
	if err == nil || errors.Is(err, ErrSink) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrSink, err)
}
