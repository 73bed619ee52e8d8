package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"strings"
	"sync"
	"time"

	"braid/scheduler"
	"braid/segment"
)

// An Asker sends a server single requests, word for word, and shows what comes
// back, as it came. It is for those who want to know what the server does, not
// to have the file: nothing is judged and nothing is asked twice. It may be used
// by several goroutines at once.
type Asker struct {
	web *web

	mu sync.Mutex
	at place // where the redirects led
}

// NewAsker makes an Asker for rawURL; see Open for what may be wrong with that,
// and Options for Header, UserAgent and AllowDowngrade: no other counts.
func NewAsker(c *http.Client, rawURL string, o Options) (*Asker, error) {
	w, err := newWeb(c, rawURL, o)
	if err != nil {
		return nil, err
	}
	return &Asker{web: w, at: w.origin()}, nil
}

// Through is an Asker that asks where the redirects of a led, through another
// client.
func (a *Asker) Through(c *http.Client) *Asker {
	w := &web{transport: c.Transport, jar: c.Jar, first: a.web.first, header: a.web.header, host: a.web.host,
		agent: a.web.agent, downgrade: a.web.downgrade}
	w.reach.Store(a.web.reach.Load())
	return &Asker{web: w, at: a.place()}
}

func (a *Asker) place() place {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.at
}

// Host is where the requests go, without a port.
func (a *Asker) Host() string { return a.place().url.Hostname() }

// Proxied says whether the requests go through a proxy.
func (a *Asker) Proxied() bool {
	t, ok := a.web.transport.(*transport)
	if !ok {
		return false
	}
	by, err := t.proxy(&http.Request{URL: a.place().url})
	return by != nil || err != nil
}

// A Request is what an Asker asks. The zero Request is a GET without a range.
type Request struct {
	Method string      // "" means GET
	Header http.Header // takes the place of what braid sends under these names, which is an Accept-Encoding and a User-Agent
	Anew   bool        // it goes to the first URL, and through its redirects; else to where they led
	Fresh  bool        // it has a new connection
}

// An Answer is a response, and how it came. Its Body is the caller's to close.
type Answer struct {
	*http.Response
	URL    string // where it came from, as Redact writes it
	Hops   []Hop  // the redirects on the way there
	Wait   time.Duration
	Local  netip.AddrPort // of the connection; with Remote it names it, as long as it lives
	Remote netip.AddrPort // the proxy's, if there is one
	Reused bool           // the connection had brought another answer before
}

// A Hop is one redirect.
type Hop struct {
	Status   int
	From, To string // as Redact writes them
	Header   http.Header
}

// Ask sends one request, and sends it on where redirects lead. ctx bounds the
// answer with its body. The error is one of those of Open.
func (a *Asker) Ask(ctx context.Context, q Request) (*Answer, error) {
	at := a.place()
	if q.Anew {
		at = a.web.origin()
	}
	if q.Fresh {
		a.web.forget()
	}
	answer := &Answer{}
	for {
		begun := time.Now()
		resp, err := a.send(ctx, at, q, answer)
		if err != nil {
			return nil, err
		}
		answer.Wait = time.Since(begun)
		location := resp.Header.Get("Location")
		if !redirects(resp.StatusCode) || location == "" {
			answer.Response, answer.URL = resp, redactURL(at.url)
			break
		}
		resp.Body.Close()
		next, err := a.web.next(at, location)
		if err == nil && len(answer.Hops) == maxHops {
			err = &ProtocolError{at.host(), fmt.Sprintf("it redirects more than %d times", maxHops)}
		}
		if err != nil {
			return nil, scheduler.Permanent(err)
		}
		answer.Hops = append(answer.Hops, Hop{resp.StatusCode, redactURL(at.url), redactURL(next.url), resp.Header})
		at = next
	}
	a.mu.Lock()
	a.at = at
	a.mu.Unlock()
	return answer, nil
}

// send is web.send for what is to be sent as it is.
func (a *Asker) send(ctx context.Context, at place, q Request, answer *Answer) (*http.Response, error) {
	var mu sync.Mutex // a connection that comes too late is told of, too
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
		mu.Lock()
		defer mu.Unlock()
		answer.Local, answer.Remote, answer.Reused = addrPort(got.Conn.LocalAddr()), addrPort(got.Conn.RemoteAddr()), got.Reused
	}})
	req := a.web.request(at, "", false).WithContext(traced)
	if q.Method != "" {
		req.Method = q.Method
	}
	for name, lines := range q.Header {
		req.Header[name] = lines
	}
	resp, err := a.web.roundTrip(req, at.led)
	mu.Lock()
	defer mu.Unlock()
	if err == nil {
		return resp, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if e, ok := errors.AsType[*AddressError](err); ok {
		return nil, scheduler.Permanent(&AddressError{at.host(), e.Addr, e.Kind})
	}
	return nil, broken(at.host(), err)
}

func addrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := tcp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// Prefix reads the first n bytes of the body, or all of it, and closes it. whole
// says whether it ended within them, and as it should. The error is why it ended
// otherwise: it wraps io.ErrUnexpectedEOF if it is shorter than it was said to be.
func (a *Answer) Prefix(n int64) (bytes []byte, whole bool, err error) {
	defer a.Body.Close()
	bytes, err = io.ReadAll(io.LimitReader(a.Body, n+1))
	if int64(len(bytes)) > n {
		return bytes[:n], false, nil
	}
	host := clean(a.Request.URL.Host, 255)
	switch ctx := a.Request.Context(); {
	case err == nil:
		return bytes, true, nil
	case ctx.Err() != nil:
		return bytes, false, context.Cause(ctx)
	case !network(err) && !strings.Contains(err.Error(), "stream error"): // which is a reset of HTTP/2
		return bytes, false, malformed(host, err)
	}
	return bytes, false, &netError{host: host, err: err}
}

// Identity is what the answer says of the file's version. Its Size is the total
// of a Content-Range, or else, of a 200, the Content-Length; -1 if there is
// neither.
func (a *Answer) Identity() segment.Identity {
	size := int64(-1)
	switch _, total, err := ContentRange(a.Header); {
	case err == nil:
		size = total
	case a.StatusCode == http.StatusOK:
		size = a.ContentLength
	}
	return identity(a.Header, size)
}

// Kind is the media type of the answer, lower case, without parameters; "" if
// there is none.
func (a *Answer) Kind() string { return clean(mediaType(a.Header), 255) }

// RetryAfter is how long the server asks to wait; 0 if it does not say.
func (a *Answer) RetryAfter() time.Duration { return parseRetryAfter(a.Header) }

// Coding is the content coding of the answer, lower case; "" if its bytes are
// the file's own.
func (a *Answer) Coding() string { return clean(coding(a.Header), 40) }

// ContentRange reads a Content-Range (RFC 9110, section 14.4), of an answer or
// of a part of one. The range is empty in "bytes */N"; the total is -1 if it is
// not told. Nothing is accepted that says less, or contradicts itself.
func ContentRange(h interface{ Values(string) []string }) (r segment.Range, total int64, err error) {
	lines := h.Values("Content-Range")
	if len(lines) != 1 {
		return segment.Range{}, -1, errContentRange
	}
	return parseContentRange(lines[0])
}
