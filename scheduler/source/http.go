package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"braid/scheduler"
	"braid/segment"
)

var _ scheduler.Source = (*HTTP)(nil)

// Options are what Open can be told. The zero value is good.
type Options struct {
	// Header is sent along to the origin of the URL: its scheme, host and
	// port. A redirect to anywhere else leaves it behind, except to https on
	// the same host. Range, Accept-Encoding and conditions are taken out of it.
	Header http.Header

	UserAgent string // "" means the one in Header, or else "braid"

	// From is the first byte that is wanted: where an earlier run's first gap
	// is. If the file has no such byte, it is 0. If From is not 0, an answer on
	// which that run could not be continued is asked for twice.
	From int64

	AllowDowngrade bool // follow redirects from https to http
}

// An HTTP is one file on a server. It may be used by several goroutines at
// once.
type HTTP struct {
	web   *web
	own   *http.Client // made here; nil if it is the caller's
	proto string
	mime  string
	name  string

	ranges   atomic.Bool
	unproven atomic.Bool
	strikes  atomic.Int32 // answers in a row that were let off
	doubts   atomic.Int32 // answers in a row that were of another version

	resolving resolving

	mu   sync.Mutex
	at   place // where the redirects led
	fact fact
	kept *body // the probe's, until it is taken
	open int   // bodies that are out while there are no ranges
}

// Open asks a server what rawURL is. The request is a GET for all bytes from
// o.From on: it is the probe and the first request of the download, for its
// body is kept, and goes to the first HTTP.Open whose range begins there. Call
// Close when done.
//
// ctx bounds the asking, not the kept body. A nil client means
// Client(ClientOptions{}); another's Timeout must be 0, as it would bound
// bodies too. Its CheckRedirect is not used.
//
// The error is a *URLError, a *StatusError, a *ProtocolError, a *DowngradeError
// or from the network, and permanent in the sense of scheduler.IsPermanent if
// asking again cannot help.
func Open(ctx context.Context, c *http.Client, rawURL string, o Options) (*HTTP, error) {
	s := &HTTP{name: Name(rawURL)}
	if c == nil {
		s.own = Client(ClientOptions{})
		c = s.own
	}
	if c.Timeout != 0 {
		return nil, scheduler.Permanent(errors.New("the client has a Timeout, which would cut long bodies: set it to 0 and use the context"))
	}
	var err error
	if s.web, err = newWeb(c, rawURL, o); err != nil {
		return nil, err
	}
	s.at = s.web.origin()
	s.resolving.turn = make(chan struct{}, 1)
	if err := s.probe(ctx, max(o.From, 0)); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// probe asks until an answer can be made sense of: for a range, from byte 0 if
// the range lies past the end, and without a range if that cannot be had. Each
// of these happens once at most, and so does asking again for what may have
// been a stray answer.
func (s *HTTP) probe(ctx context.Context, from int64) error {
	q := question{r: segment.Range{Off: from, End: unbounded}, ranged: true, probe: true, resume: from > 0}
	for {
		re, err := s.ask(ctx, s.at, q)
		if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
			return scheduler.Permanent(err) // most likely mistyped
		}
		if err != nil {
			return err
		}
		v := judge(q, fact{id: segment.Identity{Size: -1}}, re.answer())
		if v.class == accept {
			s.begin(re, v)
			return nil
		}
		err = s.refuse(re, v)
		switch {
		case v.class == noRange && v.status == http.StatusRequestedRangeNotSatisfiable && q.r.Off > 0:
			q.r.Off = 0
		case v.class == noRange && q.ranged:
			q.r.Off, q.ranged, q.resume, q.strikes = 0, false, false, 0
		case v.strike && q.strikes == 0:
			q.strikes++
			s.web.forget()
		default:
			return err
		}
	}
}

// begin takes what the first good answer says for the truth.
func (s *HTTP) begin(re *reply, v verdict) {
	s.at, s.fact = re.at, v.fact
	s.proto, s.mime = re.Proto, mediaType(re.Header)
	s.ranges.Store(!v.whole)
	s.unproven.Store(v.unproven)
	if v.span.Empty() {
		re.finish()
		return
	}
	re.unbind() // the probe's context ends here; whoever takes the body has one
	s.kept = newBody(re, v)
}

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
		strikes: int(s.strikes.Load()), fresh: s.doubts.Load() > 0, redirected: at != s.web.origin(),
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
			mine, err := re.peek(v.skip, min(v.span.Len(), overlap))
			if err == nil && !agree(mine, other) {
				v = verdict{class: changed, reason: "it sends two versions of the file by turns"}
				return nil, s.refuse(re, v)
			}
			s.untag(known.id.ETag)
			fallthrough
		case v.class == accept:
			s.accepted(v, re.at)
			return newBody(re, v), nil
		case v.tag != "":
			known.id.ETag = ""
			if u := judge(q, known, re.answer()); u.class == accept && other == nil {
				other, _ = re.peek(u.skip, min(u.span.Len(), overlap))
			}
			re.drop()
			s.web.forget()
			q.tags, q.fresh = append(q.tags, v.tag), true
		case v.strike && q.stream && q.ranged:
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
func (s *HTTP) accepted(v verdict, at place) {
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
		if _, known := s.known(); known.streams() {
			re.drop()
			return fmt.Errorf("%s: %w: %s", re.at.host(), scheduler.ErrSequential, v.reason)
		}
	}
	return s.refuse(re, v)
}

// known is where to ask, and what the answers must agree with.
func (s *HTTP) known() (place, fact) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at, s.fact
}

// untag forgets the entity-tag, which means nothing.
func (s *HTTP) untag(tag string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fact.id.ETag == tag {
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

// Identity is which version of the file the first answer was of. Its Size is -1
// if the server does not say. Its ETag is dropped once it turns out to mean
// nothing.
func (s *HTTP) Identity() segment.Identity {
	_, known := s.known()
	return known.id
}

// Ranges says whether the server serves ranges. It turns false for good when an
// Open returns scheduler.ErrNoRanges or scheduler.ErrSequential.
func (s *HTTP) Ranges() bool { return s.ranges.Load() }

// Unproven says whether nothing proved the end of the whole file last opened:
// it was told neither by a length nor by chunks, only by the closing of the
// connection, which a broken one does too.
func (s *HTTP) Unproven() bool { return s.unproven.Load() }

// Host is the host, and port, that the redirects led to, for messages.
func (s *HTTP) Host() string {
	at, _ := s.known()
	return at.host()
}

// Proto is the protocol of the first answer, such as "HTTP/1.1".
func (s *HTTP) Proto() string { return s.proto }

// ContentType is the media type of the first answer, without parameters, lower
// case; "" if there was none.
func (s *HTTP) ContentType() string { return clean(s.mime, 255) }

// Name is a safe file name, made from the URL that Open was given; see the
// function Name.
func (s *HTTP) Name() string { return s.name }

// Close drops the kept body, if nobody took it, and the idle connections of a
// client that Open made. Bodies that are open are not touched.
func (s *HTTP) Close() error {
	s.mu.Lock()
	kept := s.kept
	s.kept = nil
	s.mu.Unlock()
	if kept != nil {
		kept.Close()
	}
	if s.own != nil {
		s.own.CloseIdleConnections()
	}
	return nil
}
