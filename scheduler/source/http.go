package source

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"braid/scheduler"
	"braid/segment"
)

var (
	_ scheduler.Source   = (*HTTP)(nil)
	_ scheduler.Streamer = (*HTTP)(nil)
)

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

	// Whole asks for the whole file without a range: for servers whose ranges
	// have turned out to be lies. From is not used then.
	Whole bool

	// Taste asks for the first byte only, instead of all: for those who want to
	// know what the URL is, and will ask for other ranges. From is not used then.
	Taste bool

	Fresh bool // past the caches on the way, one of which may have an old version

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
	title string         // from Content-Disposition; "" if there is none
	sum   segment.Digest // from Repr-Digest; zero if there is none

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
	if err := s.probe(ctx, o); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// probe asks until an answer can be made sense of: for a range, from byte 0 if
// the range lies past the end, and without a range if that cannot be had. Each
// of these happens once at most, and so does asking again for what may have
// been a stray answer.
func (s *HTTP) probe(ctx context.Context, o Options) error {
	from := max(o.From, 0)
	q := question{r: segment.Range{Off: from, End: unbounded}, ranged: true, probe: true, resume: from > 0}
	if o.Taste {
		q = question{r: segment.Range{Off: 0, End: 1}, ranged: true, probe: true}
	}
	if o.Whole {
		q = question{r: segment.Range{Off: 0, End: unbounded}, probe: true}
	}
	if o.Fresh {
		q.doubts = 1
	}
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
			s.fact.once = o.Whole
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
	s.proto = re.Proto
	if re.StatusCode < 300 { // a 416 tells of its own page
		s.mime = mediaType(re.Header)
		s.title, _ = Disposition(re.Header)
		s.sum, _ = ReprDigest(re.Header)
	}
	s.ranges.Store(!v.whole)
	s.unproven.Store(v.unproven)
	if v.span.Empty() {
		re.finish()
		return
	}
	re.unbind() // the probe's context ends here; whoever takes the body has one
	s.kept = s.newBody(re, v)
}

// Identity is which version of the file the first answer was of. Its Size is -1
// if the server does not say. Its ETag is dropped once it turns out to mean
// nothing.
func (s *HTTP) Identity() segment.Identity {
	_, known := s.known()
	return known.id
}

// Whole says whether the file can only be had in one piece, from its first byte
// to its last, and an interruption begins anew: there are no ranges, and nothing
// tells its versions apart; or its size is not known; or it comes encoded.
func (s *HTTP) Whole() bool {
	_, known := s.known()
	return known.id.Size < 0 || known.coding != "" || !s.ranges.Load() && !known.streams()
}

// Stream gives up on ranges if the server has refused one with a status that may
// be meant for ranges only, and the file can be read from its beginning.
func (s *HTTP) Stream(refused error) bool {
	_, known := s.known()
	status, ok := errors.AsType[*StatusError](refused)
	return ok && refusesRange(status.Code) && known.streams() && s.ranges.Swap(false)
}

// Fickle says whether the server's entity-tags are found to mean nothing when it
// is asked again for a few bytes. Then Identity has none.
func (s *HTTP) Fickle(ctx context.Context) (bool, error) {
	const patience = 30 * time.Second
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("%w for %v", scheduler.ErrStalled, patience))
	defer cancel()
	for range 2 {
		_, known := s.known()
		if known.id.ETag == "" {
			return true, nil
		}
		body, err := s.Open(ctx, segment.Range{Off: 0, End: overlap})
		if err != nil {
			return false, err
		}
		body.Close()
		s.web.forget()
	}
	return s.Identity().ETag == "", nil
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

// Title is a safe file name that the server gives in Content-Disposition; "" if
// it does not.
func (s *HTTP) Title() string { return s.title }

// Digest is what the server says the file hashes to, in Repr-Digest (RFC 9530),
// and whether it does.
func (s *HTTP) Digest() (segment.Digest, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sum, len(s.sum.Sum) > 0
}

// Encoded is the content coding in which the file comes, though nobody asked for
// it, and in which it is kept; "" if none.
func (s *HTTP) Encoded() string {
	_, known := s.known()
	return clean(known.coding, 40)
}

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
