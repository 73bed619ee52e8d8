package source

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"

	"braid/scheduler"
)

// maxHops is the most redirects in a row that are followed.
const maxHops = 10

// A place is where a request goes.
type place struct {
	url     *url.URL
	trusted bool       // the headers of the user go along
	led     bool       // a redirect leads there
	addr    netip.Addr // where the last request went; not valid if that is not known
	over    *line      // what TLS ran over to the last answer from here; nil if that is not known
}

// host is the place's host, for messages.
func (p place) host() string { return clean(p.url.Host, 255) }

// origin is where the user's URL leads.
func (w *web) origin() place { return place{url: w.first, trusted: true} }

// A web sends requests and follows redirects. It builds every request in one
// place, so that none forgets a header or carries one too many; net/http's own
// redirects carry some to strangers, and add a Referer. It uses the client's
// transport and jar, and not its CheckRedirect.
type web struct {
	transport http.RoundTripper
	jar       http.CookieJar
	first     *url.URL    // the user's URL; header goes to its origin
	header    http.Header // the user's
	host      string      // the user's Host header; "" means the URL's
	agent     string
	downgrade bool // from https to http is allowed
	reach     reach
}

func newWeb(c *http.Client, rawURL string, o Options) (*web, error) {
	u, err := parseURL(rawURL)
	if err == nil {
		err = fetchable(u)
	}
	if err != nil {
		return nil, scheduler.Permanent(&URLError{URL: Redact(rawURL), Reason: err.Error()})
	}
	w := &web{transport: c.Transport, jar: c.Jar, header: o.Header.Clone(), agent: o.UserAgent, downgrade: o.AllowDowngrade}
	if w.transport == nil {
		w.transport = http.DefaultTransport
	}
	if w.header == nil {
		w.header = http.Header{}
	}
	if w.agent == "" {
		w.agent = w.header.Get("User-Agent")
	}
	if w.agent == "" {
		w.agent = "braid"
	}
	w.host = w.header.Get("Host")
	if user := u.User; user != nil && w.header.Get("Authorization") == "" {
		password, _ := user.Password()
		pair := user.Username() + ":" + password
		w.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	// What is asked for, and on which condition, is not the user's to say here.
	for _, key := range []string{
		"Host", "User-Agent", "Range", "Accept-Encoding", "If-Range",
		"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since",
	} {
		w.header.Del(key)
	}
	u.User = nil
	w.first = u
	return w, nil
}

// get asks for at, and for what redirects lead to; if fresh, past the caches on
// the way (RFC 9111, section 5.2.1.4). It returns the answer that
// is no redirect, and where that came from.
func (w *web) get(ctx context.Context, at place, ranged string, fresh bool) (*http.Response, place, error) {
	seen := map[string]bool{}
	for hops := 0; ; hops++ {
		seen[at.url.String()] = true
		resp, err := w.send(ctx, &at, ranged, fresh)
		if err != nil {
			return nil, at, err
		}
		location := resp.Header.Get("Location")
		if !redirects(resp.StatusCode) || location == "" {
			return resp, at, nil
		}
		resp.Body.Close()
		next, err := w.next(at, location)
		switch {
		case err != nil:
			return nil, at, scheduler.Permanent(err)
		case hops == maxHops:
			return nil, at, scheduler.Permanent(&ProtocolError{at.host(), fmt.Sprintf("it redirects more than %d times", maxHops)})
		case seen[next.url.String()] && w.jar == nil: // a cookie may have made a difference
			return nil, at, scheduler.Permanent(&ProtocolError{at.host(), "it redirects in a circle"})
		}
		at = next
	}
}

// forget drops the idle connections, so that the next request has a new one and
// may meet another server behind a balancer.
func (w *web) forget() {
	if t, ok := w.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// blame puts the address that an answer came from behind the others of its
// host, for the next connections: what it sends stalls or breaks off.
func (w *web) blame(at place) {
	if t, ok := w.transport.(*transport); ok && at.addr.IsValid() {
		t.blame(at.addr)
	}
}

// send makes one request, and notes in at which address it went to.
func (w *web) send(ctx context.Context, at *place, ranged string, fresh bool) (*http.Response, error) {
	var addr atomic.Pointer[netip.Addr]
	var over atomic.Pointer[line]
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
		over.Store(below(got.Conn))
		if tcp, ok := got.Conn.RemoteAddr().(*net.TCPAddr); ok {
			to := tcp.AddrPort().Addr()
			addr.Store(&to)
		}
	}})
	req := w.request(*at, ranged, fresh).WithContext(traced)
	resp, err := w.roundTrip(req, at.led)
	if to := addr.Load(); to != nil {
		at.addr = *to
	}
	at.over = over.Load()
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if e, ok := errors.AsType[*AddressError](err); ok {
			return nil, scheduler.Permanent(&AddressError{at.host(), e.Addr, e.Kind})
		}
		return nil, broken(at.host(), err)
	}
	if cookies := resp.Cookies(); w.jar != nil && len(cookies) > 0 {
		w.jar.SetCookies(at.url, cookies)
	}
	return resp, nil
}

// request is what is sent to a place.
func (w *web) request(at place, ranged string, fresh bool) *http.Request {
	req := &http.Request{Method: http.MethodGet, URL: at.url, Header: http.Header{}}
	if at.trusted {
		req.Header = w.header.Clone()
		req.Host = w.host
	}
	req.Header.Set("User-Agent", w.agent)
	req.Header.Set("Accept-Encoding", "identity") // or net/http asks for gzip
	if ranged != "" {
		req.Header.Set("Range", ranged)
	}
	if fresh {
		req.Header.Set("Cache-Control", "no-cache")
	}
	if w.jar != nil {
		for _, cookie := range w.jar.Cookies(at.url) {
			req.AddCookie(cookie)
		}
	}
	return req
}

func (w *web) roundTrip(req *http.Request, led bool) (*http.Response, error) {
	if t, ok := w.transport.(*transport); ok {
		return t.roundTrip(req, led, &w.reach)
	}
	return w.transport.RoundTrip(req) // a caller's own goes where it likes
}

// redirects says whether a status sends the request elsewhere (RFC 9110,
// section 15.4).
func redirects(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

// next is where a redirect from at leads, if braid may go there. Headers that
// were left behind are not picked up again, even back at their origin.
func (w *web) next(at place, location string) (place, error) {
	ref, err := parseURL(location)
	if err != nil {
		return place{}, &ProtocolError{at.host(), "it redirects to something that is no URL"}
	}
	ref = at.url.ResolveReference(ref)
	ref.User = nil
	if err := fetchable(ref); err != nil {
		return place{}, &ProtocolError{at.host(), "it redirects to " + redactURL(ref) + ": " + err.Error()}
	}
	down := at.url.Scheme == "https" && ref.Scheme == "http"
	if down && !w.downgrade {
		return place{}, &DowngradeError{From: redactURL(at.url), To: redactURL(ref)}
	}
	return place{url: ref, trusted: at.trusted && !down && carries(w.first, ref), led: true}, nil
}

// carries says whether the headers meant for first may go to u: to the same
// scheme, host and port, or from http to https on one host at the ports these
// have by default.
func carries(first, u *url.URL) bool {
	if !strings.EqualFold(first.Hostname(), u.Hostname()) {
		return false
	}
	if first.Scheme == u.Scheme {
		return port(first) == port(u)
	}
	return first.Scheme == "http" && port(first) == "80" && port(u) == "443"
}

func port(u *url.URL) string {
	switch p := u.Port(); {
	case p != "":
		return p
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// parseURL parses a URL and makes it fit for a request line: no fragment, and
// nothing raw in the query. Its error does not repeat the URL.
func parseURL(raw string) (*url.URL, error) {
	for _, r := range raw {
		if r < ' ' || r >= 0x7f && r <= 0x9f {
			return nil, fmt.Errorf("it holds a control character")
		}
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("it cannot be parsed; percent-encode what is unusual in it")
	}
	u.Fragment, u.RawFragment = "", ""
	u.RawQuery = escapeQuery(u.RawQuery)
	return u, nil
}

// escapeQuery percent-encodes what must not stand in a request line.
func escapeQuery(query string) string {
	var b strings.Builder
	for _, c := range []byte(query) {
		if c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// fetchable says what keeps braid from asking u.
func fetchable(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("want http:// or https://")
	}
	if u.Opaque != "" || u.Hostname() == "" {
		return fmt.Errorf("it names no host")
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("port %s does not exist", p)
		}
	}
	return nil
}
