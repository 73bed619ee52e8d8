package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"braid/internal/bench"
	"braid/scheduler"
	"braid/scheduler/sink"
	"braid/scheduler/source"
	"braid/segment"
)

func op(name string, err error) error { return &net.OpError{Op: name, Net: "tcp", Err: err} }

func TestExitCodes(t *testing.T) {
	sys := func(call string, no syscall.Errno) error { return os.NewSyscallError(call, no) }
	for _, c := range []struct {
		name string
		err  error
		want int
		kind string
	}{
		{"all well", nil, 0, "ok"},
		{"unknown", errors.New("odd"), 1, "other"},
		{"cancelled by nobody", context.Canceled, 1, "other"},
		{"usage", &usageError{problem: "x"}, 2, "usage"},
		{"a URL the source refuses", &source.URLError{URL: "x", Reason: "y"}, 2, "usage"},
		{"disk full", fmt.Errorf("%w: %w", scheduler.ErrSink, &fs.PathError{Op: "write", Path: "f", Err: syscall.ENOSPC}), 3, "io"},
		{"quota", &fs.PathError{Op: "write", Path: "f", Err: syscall.EDQUOT}, 3, "io"},
		{"no permission", &fs.PathError{Op: "open", Path: "f", Err: syscall.EACCES}, 3, "io"},
		{"rename", &os.LinkError{Op: "rename", Old: "a", New: "b", Err: syscall.EXDEV}, 3, "io"},
		{"sink gives its own reason", fmt.Errorf("%w: the part is gone", scheduler.ErrSink), 3, "io"},
		{"a slow disk is no network timeout", fmt.Errorf("%w: %w", scheduler.ErrSink, os.ErrDeadlineExceeded), 3, "io"},
		{"newer checkpoint", fmt.Errorf("f.part.ck: %w", segment.ErrVersion), 3, "io"},
		{"address in use", op("listen", sys("bind", syscall.EADDRINUSE)), 3, "io"},
		{"no such host", op("dial", &net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}), 4, "network"},
		{"refused", op("dial", sys("connect", syscall.ECONNREFUSED)), 4, "network"},
		{"reset", &scheduler.RangeError{Err: op("read", sys("read", syscall.ECONNRESET))}, 4, "network"},
		{"short body", fmt.Errorf("bytes 1-2: %w", io.ErrUnexpectedEOF), 4, "network"},
		{"no answer", &url.Error{Op: "Get", URL: "x", Err: io.EOF}, 4, "network"},
		{"certificate", &tls.CertificateVerificationError{Err: x509.HostnameError{}}, 5, "tls"},
		{"unknown authority", &url.Error{Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}, 5, "tls"},
		{"a key that is not pinned", &tls.CertificateVerificationError{Err: &source.PinError{}}, 5, "tls"},
		{"no TLS at that port", op("dial", tls.RecordHeaderError{Msg: "x"}), 5, "tls"},
		{"http at an https port", http.ErrSchemeMismatch, 5, "tls"},
		{"an alert of the peer", op("remote error", errors.New("tls: handshake failure")), 5, "tls"},
		{"an alert of ours", op("local error", errors.New("tls: bad record MAC")), 5, "tls"},
		{"downgrade", &source.DowngradeError{From: "https://a/", To: "http://a/"}, 5, "tls"},
		{"401", &source.StatusError{Code: 401}, 6, "auth"},
		{"403", &source.StatusError{Code: 403}, 6, "auth"},
		{"407", &source.StatusError{Code: 407}, 6, "auth"},
		{"load on strangers", fmt.Errorf("x: %w", &bench.StrangerError{Addr: netip.MustParseAddr("8.8.8.8")}), 2, "usage"},
		{"nothing to measure", &bench.UnfitError{URL: "x", Reason: "y"}, 7, "protocol"},
		{"a server gone in a benchmark", &bench.GoneError{Last: op("dial", sys("connect", syscall.ECONNREFUSED))}, 4, "network"},
		{"answers that never end", bench.ErrOverdue, 9, "timeout"},
		{"failed requests", &wrongError{failed: 1, all: 2}, 12, "partial"},
		{"wrong bytes", errors.Join(&wrongError{failed: 1, all: 2, corrupt: true}, nil), 10, "integrity"},
		{"slower than before", fmt.Errorf("%w: by 7 %%", errSlower), 20, "slower"},
		{"protocol", &source.ProtocolError{Host: "x", Reason: "y"}, 7, "protocol"},
		{"a redirect to a private address", scheduler.Permanent(&source.AddressError{Host: "x", Addr: netip.MustParseAddr("10.0.0.1"), Kind: "private"}), 7, "protocol"},
		{"ranges given up", fmt.Errorf("x: %w", scheduler.ErrNoRanges), 7, "protocol"},
		{"404", &source.StatusError{Code: 404}, 8, "http"},
		{"503 inside a range", &scheduler.RangeError{Err: &source.StatusError{Code: 503}}, 8, "http"},
		{"stalled", fmt.Errorf("%w for 30s", scheduler.ErrStalled), 9, "timeout"},
		{"deadline", context.DeadlineExceeded, 9, "timeout"},
		{"connect timeout", op("dial", sys("connect", syscall.ETIMEDOUT)), 9, "timeout"},
		{"i/o timeout", op("read", os.ErrDeadlineExceeded), 9, "timeout"},
		{"DNS timeout", &net.DNSError{IsTimeout: true}, 9, "timeout"},
		{"digest", &segment.DigestError{Algorithm: "sha256"}, 10, "integrity"},
		{"changed", scheduler.Permanent(fmt.Errorf("x: %w", scheduler.ErrChanged)), 10, "integrity"},
		{"changed, and saving failed too", errors.Join(scheduler.ErrChanged, scheduler.ErrSink), 10, "integrity"},
		{"exists", &fs.PathError{Op: "open", Path: "f", Err: fs.ErrExist}, 11, "exists"},
		{"exists, says the system", &os.LinkError{Op: "link", Err: syscall.EEXIST}, 11, "exists"},
		{"partial", errPartial, 12, "partial"},
		{"locked", fmt.Errorf("f %w (pid 1)", sink.ErrLocked), 13, "locked"},
		{"interrupt", SignalError{os.Interrupt}, 130, "signal"},
		{"termination", fmt.Errorf("saving: %w", SignalError{syscall.SIGTERM}), 143, "signal"},
		{"interrupt, and the disk is full", errors.Join(SignalError{os.Interrupt}, scheduler.ErrSink), 3, "io"},
		{"told already", reported{scheduler.ErrStalled}, 9, "timeout"},
	} {
		got := exitCode(t.Context(), c.err)
		if got != c.want || kind(got) != c.kind {
			t.Errorf("%s: %d %s, want %d %s", c.name, got, kind(got), c.want, c.kind)
		}
	}
}

// net/http's own errors, not our idea of them.
func TestExitCodeOfARealHandshake(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // its side of the story is noise
	s.StartTLS()
	defer s.Close()
	_, err := source.Open(t.Context(), nil, s.URL+"/f", source.Options{})
	if code, next := judge(err); code != exitTLS || !strings.Contains(next, "--cacert") {
		t.Errorf("%v: %d, %q", err, code, next)
	}
	_, err = source.Open(t.Context(), nil, "http"+strings.TrimPrefix(s.URL, "https")+"/f", source.Options{})
	if code, _ := judge(err); code == exitOther || code == exitOK {
		t.Errorf("%v: %d", err, code)
	}
}

func TestASignalExplainsTheRest(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(SignalError{syscall.SIGTERM})
	if got := exitCode(ctx, errors.New("use of closed network connection")); got != 143 {
		t.Errorf("%d, want 143", got)
	}
	if got := exitCode(ctx, nil); got != 0 {
		t.Errorf("done in spite of the signal: %d, want 0", got)
	}
}

// A disk that failed is not the signal's doing, and must not look as if all were
// well but for it.
func TestASignalHidesNoDiskFailure(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(SignalError{syscall.SIGTERM})
	disk := fmt.Errorf("%w: %w", scheduler.ErrSink, &fs.PathError{Op: "write", Path: "f", Err: syscall.EIO})
	if got := exitCode(ctx, disk); got != exitIO {
		t.Errorf("%d, want %d", got, exitIO)
	}
	err := together(ctx, 1, []error{disk, context.Cause(ctx)})
	if got := exitCode(ctx, err); got != exitIO {
		t.Errorf("of several: %d, want %d", got, exitIO)
	}
	err = together(ctx, 1, []error{&source.StatusError{Code: 404}, context.Cause(ctx)})
	if got := exitCode(ctx, err); got != 143 {
		t.Errorf("of several without a failing disk: %d, want 143", got)
	}
}

func TestHints(t *testing.T) {
	const again = "the same command goes on"
	refused := op("dial", os.NewSyscallError("connect", syscall.ECONNREFUSED))
	for _, c := range []struct {
		name          string
		err           error
		begun, saving string // with nothing fetched, and with something
	}{
		{"refused", refused, "is the server running, and is the port right?", again},
		{"reset", op("read", syscall.ECONNRESET), "try again", again},
		{"short", io.ErrUnexpectedEOF, "try again", again},
		{"stalled", scheduler.ErrStalled, "try again later", again},
		{"no such host", op("dial", &net.DNSError{IsNotFound: true}), "check the name of the host", "check the name of the host"},
		{"interrupt", SignalError{os.Interrupt}, "", again},
		{"full", &fs.PathError{Op: "write", Path: "f", Err: syscall.ENOSPC}, "free some space", "free some space, then " + again},
		{"404", &source.StatusError{Code: 404}, "check the URL", "check the URL"},
		{"a device", &fs.PathError{Op: "create", Path: os.DevNull, Err: fs.ErrExist}, "it is not a regular file; -o gives another name", "it is not a regular file; -o gives another name"},
		{"a folder", &fs.PathError{Op: "create", Path: ".", Err: fs.ErrExist}, "it is a folder; -o gives another name", "it is a folder; -o gives another name"},
		{"a file", &fs.PathError{Op: "create", Path: "exit_test.go", Err: fs.ErrExist}, "--force replaces it, -o gives another name", "--force replaces it, -o gives another name"},
	} {
		if got := hintFor(c.err, false); got != c.begun {
			t.Errorf("%s, nothing fetched: %q, want %q", c.name, got, c.begun)
		}
		if got := hintFor(c.err, true); got != c.saving {
			t.Errorf("%s, something fetched: %q, want %q", c.name, got, c.saving)
		}
	}
}

type faulty struct{}

func (faulty) Write([]byte) (int, error) { panic("out of order\x1b") }

func TestAPanicIsAnError(t *testing.T) {
	var stderr strings.Builder
	code := Run(t.Context(), []string{"braid", "version"}, strings.NewReader(""), faulty{}, &stderr)
	if got := stderr.String(); code != exitOther || !strings.HasPrefix(got, "braid: internal error: out of order\\x1b\n") || !strings.Contains(got, "version.go") {
		t.Errorf("exit %d\n%s", code, got)
	}
}

func TestTogether(t *testing.T) {
	a, b := &source.StatusError{Code: 404}, &source.StatusError{Code: 500}
	for _, c := range []struct {
		name   string
		ok     int
		failed []error
		want   int
	}{
		{"all well", 2, nil, 0},
		{"one of one", 0, []error{a}, 8},
		{"all for one reason", 0, []error{a, b}, 8},
		{"for two reasons", 0, []error{a, scheduler.ErrStalled}, 12},
		{"one of two", 1, []error{a}, 12},
	} {
		if got := exitCode(t.Context(), together(t.Context(), c.ok, c.failed)); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestMessageIsOneSafeLine(t *testing.T) {
	err := advised{errors.Join(&source.StatusError{Code: 503, URL: "https://a/"}, errors.New("evil\x1b[2J")), "try\nagain"}
	want := `https://a/: the server answered 503 Service Unavailable; evil\x1b[2J; try\nagain`
	if got := message(err); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestEveryCodeHasOneName(t *testing.T) {
	seen := map[int]bool{}
	for _, e := range exits {
		if seen[e.code] || e.name == "" || e.when == "" {
			t.Errorf("%+v", e)
		}
		seen[e.code] = true
	}
	if kind(129) != "signal" || kind(99) != "other" {
		t.Error("unknown codes have odd names")
	}
}
