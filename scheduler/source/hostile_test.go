package source

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"braid/scheduler"
)

// checkText fails if an error tells a secret or repeats what may upset a
// terminal.
func checkText(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("no error")
		return
	}
	text := err.Error()
	if strings.Contains(text, "canary") || strings.ContainsAny(text, "\x00\x1b\r\n\u202e\u009b") || len(text) > 600 {
		t.Errorf("%q", text)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	many := strings.Repeat("X-Long: "+strings.Repeat("x", 1000)+"\r\n", 300)
	rows := []struct {
		name, answer string
		permanent    bool
	}{
		{"case 48: 103 for ever", strings.Repeat("HTTP/1.1 103 Early Hints\r\nX: "+strings.Repeat("x", 1000)+"\r\n\r\n", 300) + message(200, file), true},
		{"case 49: huge headers", "HTTP/1.1 200 OK\r\n" + many + "\r\n", true},
		{"case 49: one huge header", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 300<<10) + "\r\n\r\n", true},
		{"case 50: HTTP/0.9", "canary \x1b[2J file" + bye, false},
		{"case 50: half a status line", "HTTP/1" + bye, false},
		{"case 50: another protocol", "SSH-2.0-canary\r\n" + bye, false},
		{"case 50: no status", "HTTP/1.1 canary\r\n\r\n" + bye, false},
		{"case 50: a status of letters", "HTTP/1.1 abc canary\r\n\r\n" + bye, false},
		{"case 50: a version from nowhere", "HTTP/9.canary 200 OK\r\n\r\n" + bye, false},
		{"a header without colon", "HTTP/1.1 200 OK\r\ncanary \u202e\r\n\r\n" + bye, false},
		{"a length of letters", "HTTP/1.1 200 OK\r\nContent-Length: canary\r\n\r\n" + bye, false},
		{"a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n" + bye, false},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\nX: canary\r\n\r\n" + bye, false},
		{"a strange framing", "HTTP/1.1 200 OK\r\nTransfer-Encoding: canary\r\n\r\n" + bye, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			o := serve(t, same(row.answer))
			_, err := Open(t.Context(), nil, o.url+"/?token=canary", Options{Header: secrets()})
			checkText(t, err)
			if _, ok := errors.AsType[*ProtocolError](err); !ok || scheduler.IsPermanent(err) != row.permanent {
				t.Errorf("%v, permanent: %v", err, scheduler.IsPermanent(err))
			}
		})
	}
	for name, answer := range map[string]string{
		"closed": bye, "reset": reset,
		"closed in the headers": "HTTP/1.1 200 OK\r\nX: canary" + bye,
	} {
		t.Run(name, func(t *testing.T) { // case 47
			o := serve(t, same(answer))
			_, err := Open(t.Context(), nil, o.url, Options{})
			checkText(t, err)
			if _, ok := errors.AsType[*ProtocolError](err); ok || scheduler.IsPermanent(err) {
				t.Errorf("%v: want an error of the network that may pass", err)
			}
		})
	}
	t.Run("huge trailers", func(t *testing.T) { // case 49
		o := serve(t, afterProbe(func(_ int, r *http.Request) string {
			return strings.TrimSuffix(chunked(asked(r)), "\r\n") + many + "\r\n"
		}))
		s := mustOpen(t, o.url, Options{})
		wantBytes(t, s, span(500, 600))
	})
	t.Run("garbage in chunks", func(t *testing.T) {
		o := serve(t, afterProbe(same("HTTP/1.1 206 Partial Content\r\nTransfer-Encoding: chunked\r\nContent-Range: bytes 500-599/1000\r\n\r\ncanary\x1b\r\n")))
		s := mustOpen(t, o.url, Options{})
		_, err := read(t.Context(), s, span(500, 600))
		checkText(t, err)
	})
}

// Whatever a server puts anywhere, no error shows it raw, and no error shows
// what the user keeps secret, even if the server sends it back.
func TestNoSecretInErrors(t *testing.T) {
	const evil = "canary\x1b[2J\u202e\u009b"
	shown := strings.ReplaceAll(evil, "canary", "")
	rows := []struct {
		name   string
		answer string
	}{
		{"status text", "HTTP/1.1 404 " + evil + "\r\nContent-Length: 0\r\n\r\n"},
		{"status text and code", "HTTP/1.1 999 " + evil + "\r\nContent-Length: 0\r\n\r\n"},
		{"body", message(500, evil)},
		{"Content-Range", message(206, file, "Content-Range: "+shown)},
		{"Content-Encoding", message(206, file, "Content-Encoding: "+shown)},
		{"ETag", part(span(500, 600), `ETag: "`+shown+`"`)},
		{"Location", to("http://example.invalid\x1b/canary")},
		{"Location, query", to("ftp://evil:canary@example.invalid/?token=canary")},
		{"Retry-After", message(429, "", "Retry-After: "+evil)},
		{"not HTTP", evil + bye},
		{"short", "HTTP/1.1 206 Partial Content\r\nContent-Length: 100\r\nContent-Range: bytes 500-599/1000\r\n\r\nshort" + bye},
		{"closed", bye},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			o := serve(t, func(n int, r *http.Request) string {
				if n == 0 {
					return part(asked(r), `ETag: "x"`)
				}
				return row.answer
			})
			raw := strings.Replace(o.url, "http://", "http://canary:canary@", 1) + "/f?X-Amz-Signature=canary&token=canary"
			s := mustOpen(t, raw, Options{Header: secrets()})
			for range 3 {
				_, err := read(t.Context(), s, span(500, 600))
				checkText(t, err)
				if text := fmt.Sprintf("%v %+v %#v", err, err, errors.Unwrap(err)); strings.Contains(text, "canary") {
					t.Errorf("%s", text)
				}
			}
		})
	}
	t.Run("no server", func(t *testing.T) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ln.Close()
		_, err = Open(t.Context(), nil, "http://canary:canary@"+ln.Addr().String()+"/?token=canary", Options{Header: secrets()})
		checkText(t, err)
		errno, _ := errors.AsType[syscall.Errno](err)
		if err.Error() != ln.Addr().String()+": "+errno.Error() || scheduler.IsPermanent(err) {
			t.Errorf("%v", err)
		}
		if _, ok := errors.AsType[*net.OpError](err); !ok {
			t.Errorf("%#v", err)
		}
	})
	t.Run("no such host", func(t *testing.T) { // case 56
		c := &http.Client{Transport: tripper(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "nowhere.invalid", IsNotFound: true}}
		})}
		_, err := Open(t.Context(), c, "http://nowhere.invalid/?token=canary", Options{})
		checkText(t, err)
		if !scheduler.IsPermanent(err) {
			t.Errorf("%v", err)
		}
	})
	t.Run("a header that cannot be sent", func(t *testing.T) {
		_, err := Open(t.Context(), nil, "http://127.0.0.1:9/", Options{Header: http.Header{"X-Api-Key": {"canary\n"}}})
		checkText(t, err)
	})
}

func TestNetErrorText(t *testing.T) {
	at := func(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 443} }
	dial := func(ip string, err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: at(ip), Err: err}
	}
	refused := os.NewSyscallError("connect", syscall.ECONNREFUSED)
	unknown := &net.DNSError{Err: "no such host", Name: "nowhere.invalid", Server: "192.0.2.53:53", IsNotFound: true}
	lookup := &net.OpError{Op: "dial", Net: "tcp", Err: unknown}
	through := func(err error) error { return &net.OpError{Op: "proxyconnect", Net: "tcp", Err: err} }
	rows := []struct {
		host string
		err  error
		want string
	}{
		{"10.0.0.1:443", dial("10.0.0.1", refused), "10.0.0.1:443: connection refused"},
		{"10.0.0.1", dial("10.0.0.1", refused), "10.0.0.1: connection refused"},
		{"[::1]:443", dial("::1", refused), "[::1]:443: connection refused"},
		{"[::1]", dial("::1", refused), "[::1]: connection refused"},
		{"example.org", dial("10.0.0.1", refused), "example.org: connection refused by 10.0.0.1:443"},
		{"example.org", dial("::1", os.NewSyscallError("connect", syscall.EHOSTUNREACH)), "example.org: no route to host at [::1]:443"},
		{"10.0.0.1", dial("10.0.0.1", os.ErrDeadlineExceeded), "10.0.0.1: no connection in time"},
		{"example.org", dial("10.0.0.1", os.ErrDeadlineExceeded), "example.org: no connection in time at 10.0.0.1:443"},
		{"10.0.0.1", &net.OpError{Op: "read", Net: "tcp", Source: at("10.0.0.2"), Addr: at("10.0.0.1"), Err: os.NewSyscallError("read", syscall.ECONNRESET)}, "10.0.0.1: connection reset by peer"},
		{"nowhere.invalid", lookup, "nowhere.invalid: no such host"},
		{"nowhere.invalid:8080", lookup, "nowhere.invalid:8080: no such host"},
		{"nowhere.invalid", &net.DNSError{Err: "read udp 10.0.0.1:5->10.0.0.53:53: i/o timeout", Name: "nowhere.invalid", IsTimeout: true}, "nowhere.invalid: its name could not be looked up in time"},
		{"example.org", through(dial("10.0.0.1", refused)), "example.org: the proxy: connection refused by 10.0.0.1:443"},
		{"example.org", through(lookup), "example.org: the proxy: nowhere.invalid: no such host"},
		{"example.org", &net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}, "example.org: remote error: tls: handshake failure"},
		{"example.org", errors.New("other \x1b"), `example.org: other \x1b`},
	}
	for _, row := range rows {
		err := broken(row.host, row.err)
		if err.Error() != row.want || !errors.Is(err, row.err) {
			t.Errorf("%v, want %s", err, row.want)
		}
	}
}
