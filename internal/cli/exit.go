package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"

	"braid/internal/bench"
	"braid/internal/ui"
	"braid/scheduler"
	"braid/scheduler/sink"
	"braid/scheduler/source"
	"braid/segment"
	"braid/server"
)

// The exit codes. Codes are added, never given a new meaning.
const (
	exitOK        = 0
	exitOther     = 1
	exitUsage     = 2
	exitIO        = 3
	exitNetwork   = 4
	exitTLS       = 5
	exitAuth      = 6
	exitProtocol  = 7
	exitHTTP      = 8
	exitTimeout   = 9
	exitIntegrity = 10
	exitExists    = 11
	exitPartial   = 12
	exitLocked    = 13
	exitSlower    = 20
)

// exits names the codes, for events and help.
var exits = []struct {
	code int
	name string
	when string
}{
	{exitOK, "ok", "everything is done: complete, verified if asked, durable"},
	{exitOther, "other", "nothing of what follows"},
	{exitUsage, "usage", "the command line is wrong"},
	{exitIO, "io", "this machine: the disk is full, permission is missing, a file cannot be renamed, or what was served is gone"},
	{exitNetwork, "network", "no such host, connection refused, reset or closed, after all retries"},
	{exitTLS, "tls", "the certificate is not trusted or of no use, no handshake, or a redirect to plain http"},
	{exitAuth, "auth", "the server wants credentials: 401, 403, 407"},
	{exitProtocol, "protocol", "what the server answers cannot be right, or cannot be resumed; or braid check found a broken rule"},
	{exitHTTP, "http", "any other answer of 4xx or 5xx"},
	{exitTimeout, "timeout", "no connection or no bytes in time, after all retries"},
	{exitIntegrity, "integrity", "the checksum is wrong, or the file on the server has changed"},
	{exitExists, "exists", "there is a file of that name already"},
	{exitPartial, "partial", "some of several downloads failed, or of a benchmark's requests"},
	{exitLocked, "locked", "another braid is fetching the same file"},
	{exitSlower, "slower", "braid bench --fail-slower: the server has become slower"},
	{130, "signal", "interrupted; what was fetched is kept"},
	{143, "signal", "terminated; what was fetched is kept"},
}

// kind is the name of an exit code.
func kind(code int) string {
	for _, e := range exits {
		if e.code == code {
			return e.name
		}
	}
	if code > 128 {
		return "signal"
	}
	return "other"
}

// exitCode is the code that a run which ended with err exits with. A signal
// explains whatever else went wrong on the way out, except what it did not
// cause: that bytes could not be saved.
func exitCode(ctx context.Context, err error) int {
	if err == nil {
		return exitOK
	}
	if s, ok := errors.AsType[SignalError](context.Cause(ctx)); ok && !errors.Is(err, scheduler.ErrSink) {
		return s.code()
	}
	code, _ := judge(err)
	return code
}

// hintFor is what the user can do about err, or "": go on, if the download is
// one that the same command goes on with, else as judge says.
func hintFor(err error, resumable bool) string {
	const again = "the same command goes on"
	code, next := judge(err)
	if a, ok := errors.AsType[advised](err); ok {
		next = a.next
	}
	switch {
	case !resumable, as[*net.DNSError](err):
		return next
	case full(err):
		return next + ", then " + again
	case code == exitNetwork, code == exitTimeout, kind(code) == "signal":
		return again
	}
	return next
}

// kindOf is the name of the exit code that err alone would lead to.
func kindOf(err error) string {
	code, _ := judge(err)
	return kind(code)
}

// status is the HTTP status that err is about, or 0.
func status(err error) int {
	if s, ok := errors.AsType[*source.StatusError](err); ok {
		return s.Code
	}
	return 0
}

// judge says what err means to whoever called braid get, and what to do about
// it if nothing was fetched. The order matters: what we have named ourselves
// comes before what it wraps, an errno from the disk before one from the network.
func judge(err error) (code int, hint string) {
	is := func(target error) bool { return errors.Is(err, target) }
	switch {
	case err == nil:
		return exitOK, ""
	case as[SignalError](err) && !is(scheduler.ErrSink):
		s, _ := errors.AsType[SignalError](err)
		return s.code(), ""
	case as[*usageError](err), as[*source.URLError](err):
		return exitUsage, ""
	case is(errFails):
		return exitProtocol, ""
	case is(errPartial):
		return exitPartial, ""
	case is(errSlower):
		return exitSlower, ""
	case as[*wrongError](err):
		return judgeWrong(err), ""
	case as[*bench.StrangerError](err):
		return exitUsage, ""
	case as[*bench.UnfitError](err):
		return exitProtocol, ""
	case is(bench.ErrOverdue):
		return exitTimeout, ""
	case as[*bench.CorruptError](err):
		return exitIntegrity, ""

	case as[*segment.DigestError](err):
		return exitIntegrity, "either the file or the checksum is wrong"
	case is(scheduler.ErrChanged):
		return exitIntegrity, "--on-change restart begins anew"
	case is(sink.ErrLocked):
		return exitLocked, "wait for it, or give another name with -o"
	case is(segment.ErrVersion):
		return exitIO, "use that braid, or remove the file that ends in .part.ck"
	case is(sink.ErrForeign):
		return exitExists, ""
	case as[*twiceError](err):
		return exitExists, "-o gives it another name, or out=NAME below it in a list"
	case is(fs.ErrExist):
		return exitExists, judgeTaken(err)
	case full(err):
		return exitIO, "free some space"
	case is(fs.ErrNotExist) && local(err):
		return exitIO, "make the folder first, or let -d make it"
	case is(fs.ErrPermission) && local(err), is(syscall.EROFS):
		return exitIO, "-d takes another folder"
	case is(scheduler.ErrSink):
		return exitIO, ""
	case as[*source.StatusError](err):
		return judgeStatus(status(err))
	case is(scheduler.ErrTooLarge):
		return exitProtocol, "--max-size takes more"
	case is(scheduler.ErrNoRanges):
		return exitProtocol, "--on-change restart begins anew"
	case as[*source.ProtocolError](err):
		return exitProtocol, ""
	case as[*source.AddressError](err):
		return exitProtocol, "--allow-private-redirect follows it"

	case as[*source.DowngradeError](err):
		return exitTLS, "--allow-downgrade follows it"
	case as[*server.CertificateError](err):
		return exitTLS, ""
	case as[*tls.CertificateVerificationError](err):
		return exitTLS, judgeCertificate(err)
	case as[tls.RecordHeaderError](err), is(http.ErrSchemeMismatch), alert(err):
		return exitTLS, ""

	case is(scheduler.ErrStalled), is(scheduler.ErrReplaced), is(context.DeadlineExceeded), timeout(err):
		return exitTimeout, "try again later"
	case listening(err), local(err):
		return exitIO, ""
	case as[*net.DNSError](err):
		return exitNetwork, "check the name of the host"
	case is(syscall.ECONNREFUSED):
		return exitNetwork, "is the server running, and is the port right?"
	case as[*net.OpError](err), is(io.EOF), is(io.ErrUnexpectedEOF), as[syscall.Errno](err):
		return exitNetwork, "try again"
	}
	return exitOther, ""
}

// judgeWrong is the code of a benchmark some of whose requests failed.
func judgeWrong(err error) int {
	if w, ok := errors.AsType[*wrongError](err); ok && w.corrupt {
		return exitIntegrity
	}
	return exitPartial
}

func judgeStatus(status int) (code int, hint string) {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return exitAuth, "--header @FILE sends credentials"
	case http.StatusNotFound, http.StatusGone:
		return exitHTTP, "check the URL"
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return exitHTTP, "try again later, or with fewer connections: -x 1"
	}
	return exitHTTP, ""
}

// judgeTaken is what to do when the name is taken. Only files and links are
// ever replaced.
func judgeTaken(err error) (hint string) {
	const other = "-o gives another name"
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		switch st, err := os.Lstat(p.Path); {
		case err != nil, st.Mode().IsRegular(), st.Mode()&fs.ModeSymlink != 0:
		case st.IsDir():
			return "it is a folder; " + other
		default:
			return "it is not a regular file; " + other
		}
	}
	return "--force replaces it, " + other
}

func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// alert says whether err is a TLS alert. One that the peer sent is no
// tls.AlertError, only the operation of an OpError tells.
func alert(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "remote error" || op.Op == "local error") || as[tls.AlertError](err)
}

// local says whether err is about a file on this machine.
func local(err error) bool { return as[*fs.PathError](err) || as[*os.LinkError](err) }

// full says whether err is about a disk that has no room left.
func full(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

func timeout(err error) bool {
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout()
}

func listening(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "listen"
}

// errPartial says that some of several downloads failed.
var errPartial = errors.New("some of the downloads failed")

// together makes one error of how several downloads ended, ok of them well: nil
// if all did, the first error if all failed for one reason. When a signal keeps
// the rest back, bytes that could not be saved are still what is told.
func together(ctx context.Context, ok int, failed []error) error {
	if len(failed) == 0 {
		return nil
	}
	if as[SignalError](context.Cause(ctx)) {
		for _, err := range failed {
			if errors.Is(err, scheduler.ErrSink) {
				return err
			}
		}
	}
	for _, err := range failed {
		if ok > 0 || exitCode(ctx, err) != exitCode(ctx, failed[0]) {
			return errPartial
		}
	}
	return failed[0]
}

// A reported error is one that the user has read already.
type reported struct{ error }

func (r reported) Unwrap() error { return r.error }

func told(err error) bool { return as[reported](err) }

// An advised error is one of a command that knows what the user can do about
// it.
type advised struct {
	error
	next string
}

func (a advised) Unwrap() error { return a.error }

// message is err and what to do about it, in one line.
func message(err error) string {
	line := strings.ReplaceAll(err.Error(), "\n", "; ")
	if a, ok := errors.AsType[advised](err); ok && a.next != "" {
		line += "; " + a.next
	}
	return ui.Safe(line)
}
