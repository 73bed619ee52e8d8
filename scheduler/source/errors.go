package source

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"braid/scheduler"
)

// A URLError says that a URL is not one that braid can fetch. It is permanent.
type URLError struct {
	URL    string // as Redact writes it
	Reason string
}

func (e *URLError) Error() string {
	return fmt.Sprintf(`"%s" is not a URL braid can fetch: %s`, e.URL, e.Reason)
}

// A StatusError says that the server answered with a status that brings no
// bytes (RFC 9110, section 15). One of the 4xx is permanent, but for 408, 425
// and 429.
type StatusError struct {
	Code  int
	URL   string        // what was asked for, as Redact writes it
	After time.Duration // how long the server asks to wait; 0 if it does not say
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("%s: the server answered %d", e.URL, e.Code)
	if text := http.StatusText(e.Code); text != "" {
		s += " " + text
	}
	if e.After > 0 {
		s += fmt.Sprintf(" and asks to wait %v", e.After)
	}
	return s
}

// RetryAfter is how long the server asks to wait (RFC 9110, section 10.2.3);
// 0 if it does not say.
func (e *StatusError) RetryAfter() time.Duration { return e.After }

// A ProtocolError says that an answer breaks the rules of HTTP, or is none.
type ProtocolError struct {
	Host   string
	Reason string
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("%s: the server's answer cannot be trusted: %s", e.Host, e.Reason)
}

// A DowngradeError says that a redirect from https to http was not followed.
// It is permanent.
type DowngradeError struct {
	From, To string // as Redact writes them
}

func (e *DowngradeError) Error() string {
	return fmt.Sprintf("%s redirects to %s, which is not encrypted: allow the downgrade to follow it", e.From, e.To)
}

// A netError is what befell a connection, told without the URL: net/http puts
// all of it into its errors, secrets included, and what the server sent, too.
type netError struct {
	host string
	err  error
}

func (e *netError) Unwrap() error { return e.err }

func (e *netError) Error() string {
	switch {
	case errors.Is(e.err, io.ErrUnexpectedEOF):
		return e.host + ": the connection was closed before the answer was complete"
	case errors.Is(e.err, io.EOF):
		return e.host + ": the connection was closed without an answer"
	case notTLS(e.err):
		return e.host + ": the server does not speak TLS at this port: try http://"
	}
	return e.host + ": " + clean(explain(e.host, e.err), 300)
}

// explain is the text of err without what package net says of its own calls,
// and without what host tells already: the address, but for one that host was
// resolved to, or of a proxy.
func explain(host string, err error) string {
	name, _, noPort := net.SplitHostPort(host)
	if noPort != nil {
		name = strings.Trim(host, "[]")
	}
	prefix := ""
	op, isOp := errors.AsType[*net.OpError](err)
	if isOp && op.Op == "proxyconnect" {
		prefix = "the proxy: "
		err = op.Err
		op, isOp = errors.AsType[*net.OpError](err)
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		text := dns.Err
		if dns.IsTimeout {
			text = "its name could not be looked up in time"
		}
		if asked := strings.TrimSuffix(dns.Name, "."); !strings.EqualFold(asked, strings.TrimSuffix(name, ".")) {
			text = asked + ": " + text
		}
		return prefix + text
	}
	if !isOp || op.Op != "dial" && op.Op != "read" && op.Op != "write" {
		return prefix + err.Error()
	}
	inner := op.Err
	if call, ok := errors.AsType[*os.SyscallError](inner); ok {
		inner = call.Err
	}
	text := inner.Error()
	if op.Op == "dial" && op.Timeout() {
		text = "no connection in time"
	}
	if to, ok := op.Addr.(*net.TCPAddr); ok && !to.IP.Equal(net.ParseIP(name)) {
		by := " at "
		if errors.Is(inner, syscall.ECONNREFUSED) {
			by = " by "
		}
		text += by + to.String()
	}
	return prefix + text
}

// broken explains why a request got no answer.
func broken(host string, err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // without the URL
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok || notTLS(err) {
		return scheduler.Permanent(&netError{host: host, err: err})
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "response headers exceeded"):
		return scheduler.Permanent(&ProtocolError{Host: host, Reason: "its headers are too large"})
	case strings.Contains(text, "transport connection broken") && !network(err):
		return &ProtocolError{Host: host, Reason: "it is not HTTP"}
	}
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return scheduler.Crowded(&netError{host: host, err: err})
	}
	return &netError{host: host, err: err}
}

// malformed explains what is wrong with the framing of a body: chunks that are
// none, or a trailer of any length.
func malformed(host string, err error) error {
	e := &ProtocolError{Host: host, Reason: clean(strings.TrimPrefix(err.Error(), "http: "), 80)}
	if strings.Contains(e.Reason, "trailer") {
		return scheduler.Permanent(e)
	}
	return e
}

// notTLS says whether an https request met something that is not TLS.
func notTLS(err error) bool {
	_, ok := errors.AsType[tls.RecordHeaderError](err)
	return ok
}

// network says whether err came from the connection, not from what was read.
func network(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	_, ok := errors.AsType[syscall.Errno](err)
	return ok || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
