package bench

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strconv"
	"syscall"

	"braid/scheduler"
	"braid/scheduler/source"
)

// Kinds are failures by kind: "corrupt", "changed", "range", "short", "status
// 503", "timeout", "refused", "reset", "closed", "tls", "dns", "protocol" or "other".
type Kinds map[string]Failures

// Failures are how often something went wrong, and in which words at first.
type Failures struct {
	Count int64  `json:"count"`
	First string `json:"first"`
}

func (k Kinds) with(kind string, n int64, words string) Kinds {
	if k == nil {
		k = Kinds{}
	}
	f := k[kind]
	if f.Count == 0 {
		f.First = words
	}
	f.Count += n
	k[kind] = f
	return k
}

// kindOf says of which kind a failure is.
func kindOf(err error) string {
	is := func(target error) bool { return errors.Is(err, target) }
	if s, ok := errors.AsType[*source.StatusError](err); ok {
		return "status " + strconv.Itoa(s.Code)
	}
	switch {
	case as[*CorruptError](err):
		return "corrupt"
	case is(scheduler.ErrChanged):
		return "changed"
	case is(scheduler.ErrNoRanges), is(scheduler.ErrSequential):
		return "range"
	case as[*source.ProtocolError](err):
		return "protocol"
	case as[*tls.CertificateVerificationError](err), as[tls.RecordHeaderError](err), as[tls.AlertError](err):
		return "tls"
	case as[*net.DNSError](err):
		return "dns"
	case is(scheduler.ErrStalled), is(context.DeadlineExceeded), timeout(err):
		return "timeout"
	case is(syscall.ECONNREFUSED):
		return "refused"
	case is(syscall.ECONNRESET), is(syscall.EPIPE):
		return "reset"
	case is(io.ErrUnexpectedEOF):
		return "short"
	case is(io.EOF):
		return "closed"
	}
	return "other"
}

func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func timeout(err error) bool {
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout()
}
