package source

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"braid/scheduler"
)

// A reply is a response, and the request's own context: it outlives the call
// that made the request, since a body may change hands.
type reply struct {
	*http.Response
	at     place
	cancel context.CancelCauseFunc
	cause  func() error // why the request was ended; nil if it was not
	unbind func() bool
}

// bind lets ctx end the request from now on.
func (re *reply) bind(ctx context.Context) {
	if re.unbind != nil {
		re.unbind()
	}
	re.unbind = context.AfterFunc(ctx, func() { re.cancel(context.Cause(ctx)) })
}

// drop ends the request and its connection.
func (re *reply) drop() {
	re.cancel(nil)
	re.Body.Close()
	re.unbind()
}

// finish ends the request; if so little of the body is left that it can be read
// the connection stays.
func (re *reply) finish() {
	slow := time.AfterFunc(linger, func() { re.cancel(nil) })
	defer slow.Stop()
	if _, err := io.CopyN(io.Discard, re.Body, 16<<10); err == nil {
		re.cancel(nil) // there is more
	}
	re.Body.Close()
	re.cancel(nil)
	re.unbind()
}

// ask sends one request. The caller ends the reply.
func (s *HTTP) ask(ctx context.Context, at place, q question) (*reply, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	own, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	re := &reply{cancel: cancel, cause: func() error { return context.Cause(own) }}
	re.bind(ctx)
	ranged := ""
	if q.ranged {
		r := q.r
		if q.stream {
			r.End = unbounded // what comes behind it is wanted next
		}
		ranged = formatRange(r)
	}
	var err error
	if re.Response, re.at, err = s.web.get(own, at, ranged, q.doubts > 0); err != nil {
		re.unbind()
		cancel(nil)
		if ctx.Err() != nil {
			err = context.Cause(ctx) // whatever else went wrong meanwhile
		}
		return nil, err
	}
	return re, nil
}

func (re *reply) answer() answer {
	return answer{
		status:  re.StatusCode,
		header:  re.Header,
		length:  re.ContentLength,
		chunked: len(re.TransferEncoding) > 0 || re.ProtoMajor >= 2,
	}
}

// refuse ends a reply that was not accepted and says why.
func (s *HTTP) refuse(re *reply, v verdict) error {
	if v.status != 0 && !v.strike {
		re.finish()
	} else {
		re.drop() // a server that breaks the rules gets a new connection
	}
	return v.refusal(re.at)
}

// refusal is why an answer from a place was not accepted.
func (v verdict) refusal(at place) error {
	host := at.host()
	var err error
	switch {
	case v.class == changed:
		return fmt.Errorf("%s: %w: %s", host, scheduler.ErrChanged, v.reason)
	case v.class == noRange && v.reason != "":
		return fmt.Errorf("%s: %w: %s", host, scheduler.ErrNoRanges, v.reason)
	case v.status != 0:
		err = &StatusError{Code: v.status, URL: redactURL(at.url), After: v.after}
	default:
		err = &ProtocolError{Host: host, Reason: v.reason}
	}
	if v.class == fatal || v.final {
		err = scheduler.Permanent(err)
	}
	if v.class == shrink {
		err = scheduler.Crowded(err)
	}
	return err
}

// overlap is how many bytes two answers must have in common that ought to be of
// one version, though their entity-tags differ.
const overlap = 64 << 10

// overlap is the first bytes of the file that the answer is of: where the range
// begins, or the file.
func (re *reply) overlap(v verdict) ([]byte, error) {
	if v.whole {
		return re.peek(0, min(v.span.End, overlap))
	}
	return re.peek(v.skip, min(v.span.Len(), overlap))
}

// peek reads ahead: n bytes of the body, after the first skip. They stay to be
// read. It returns fewer only with an error.
func (re *reply) peek(skip, n int64) ([]byte, error) {
	ahead, err := io.ReadAll(io.LimitReader(re.Body, skip+n))
	re.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(ahead), re.Body), re.Body}
	if err == nil && int64(len(ahead)) < skip+n {
		err = io.ErrUnexpectedEOF
	}
	return ahead[min(skip, int64(len(ahead))):], err
}

// agree says whether two beginnings are equal as far as both go, which must be
// somewhere.
func agree(a, b []byte) bool {
	n := min(len(a), len(b))
	return n > 0 && bytes.Equal(a[:n], b[:n])
}
