package source

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"braid/scheduler"
	"braid/segment"
)

func TestOneConnectionForManyRanges(t *testing.T) {
	rows := []struct {
		name   string
		answer func(segment.Range) string
	}{
		{"Content-Length", func(r segment.Range) string { return part(r) }},
		{"chunked", chunked},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			o := serve(t, func(_ int, r *http.Request) string { return row.answer(asked(r)) })
			s := mustOpen(t, o.url, Options{})
			wantBytes(t, s, span(0, 1000))
			for i := range int64(20) {
				body, err := s.Open(t.Context(), span(i*50, i*50+50))
				if err != nil {
					t.Fatal(err)
				}
				// Taken as the engine takes it: all of the bytes, and no EOF.
				if _, err := io.ReadFull(body, make([]byte, 50)); err != nil {
					t.Fatal(err)
				}
				body.Close()
			}
			if n := o.conns.Load(); n != 1 {
				t.Errorf("%d connections, want 1", n)
			}
		})
	}
	t.Run("a refusal keeps it", func(t *testing.T) {
		o := serve(t, afterProbe(same(message(503, strings.Repeat("sorry ", 1000)))))
		s := mustOpen(t, o.url, Options{})
		wantBytes(t, s, span(0, 1000))
		for range 5 {
			if _, err := s.Open(t.Context(), span(5, 10)); err == nil {
				t.Error("no error")
			}
		}
		if n := o.conns.Load(); n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
	})
	t.Run("an end that does not come", func(t *testing.T) {
		o := serve(t, afterProbe(func(_ int, r *http.Request) string {
			return strings.TrimSuffix(chunked(asked(r)), "0\r\n\r\n") + hang
		}))
		s := mustOpen(t, o.url, Options{})
		wantBytes(t, s, span(500, 600)) // Close does not hang
	})
	t.Run("too much drops it", func(t *testing.T) {
		o := serve(t, afterProbe(func(_ int, r *http.Request) string {
			if asked(r).Off != 500 {
				return part(asked(r))
			}
			return "HTTP/1.1 206 Partial Content\r\nContent-Length: 10000000\r\nContent-Range: bytes 500-599/1000\r\n\r\n" + file[500:] + hang
		}))
		s := mustOpen(t, o.url, Options{})
		wantBytes(t, s, span(0, 1000))
		wantBytes(t, s, span(500, 600))
		wantBytes(t, s, span(600, 700))
		if n := o.conns.Load(); n != 2 {
			t.Errorf("%d connections, want 2", n)
		}
	})
}

func TestOneConnectionPerRange(t *testing.T) {
	const n = 6
	o := serve(t, ranges)
	s := mustOpen(t, o.url, Options{})
	var bodies []io.ReadCloser
	for i := range int64(n) {
		body, err := s.Open(t.Context(), span(i*100, 1000))
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	for _, body := range bodies {
		body.Close()
	}
	if got := o.conns.Load(); got != n {
		t.Errorf("%d connections, want %d", got, n)
	}
}

func TestManyGoroutines(t *testing.T) {
	o := serve(t, ranges)
	s := mustOpen(t, o.url, Options{})
	var all sync.WaitGroup
	for w := range int64(8) {
		all.Go(func() {
			for off := w * 125; off < (w+1)*125; off += 25 {
				if got, err := read(t.Context(), s, span(off, off+25)); err != nil || got != file[off:off+25] {
					t.Errorf("%d: %q, %v", off, got, err)
				}
				_, _, _ = s.Ranges(), s.Unproven(), s.Identity()
			}
		})
	}
	all.Wait()
}

// A pipe of bytes that knows whether its end was seen.
type watched struct {
	io.Reader
	ended, closed bool
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.ended = w.ended || err == io.EOF
	return n, err
}

func (w *watched) Close() error { w.closed = true; return nil }

func TestReadToTheEndOrLoseTheConnection(t *testing.T) {
	rows := []struct {
		name       string
		comes      int // bytes that the response has
		take       int // bytes that are read, of 10
		end, alive bool
	}{
		{"all", 10, 10, true, true},
		{"not all", 10, 9, false, false},
		{"nothing", 10, 0, false, false},
		{"all, and more is there", 11, 10, false, false},
	}
	for _, row := range rows {
		w := &watched{Reader: strings.NewReader(file[:row.comes])}
		ctx, cancel := context.WithCancelCause(t.Context())
		alive := false
		re := &reply{
			Response: &http.Response{Body: w},
			at:       place{url: &url.URL{Host: "example.com"}},
			cancel: func(err error) {
				alive = alive || w.closed // ended only after a proper Close
				cancel(err)
			},
			cause:  func() error { return context.Cause(ctx) },
			unbind: func() bool { return true },
		}
		b := new(HTTP).newBody(re, verdict{span: span(0, 10)})
		if _, err := io.ReadFull(b, make([]byte, row.take)); err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		b.Close()
		b.Close()
		if w.ended != row.end || !w.closed || alive != row.alive {
			t.Errorf("%s: ended %v, closed %v, alive %v", row.name, w.ended, w.closed, alive)
		}
	}
}

func TestCloseDropsTheKeptBody(t *testing.T) {
	gone := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000000")
		w.Write([]byte("x"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		gone <- r.Context().Err()
	}))
	defer server.Close()
	s := mustOpen(t, server.URL, Options{})
	s.Close()
	<-gone
	s.Close() // again
}

// secure is a server that speaks TLS, and HTTP/2 if it is asked to.
func secure(t *testing.T, config *tls.Config) *httptest.Server {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(file))
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = quiet()
	server.TLS = config
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func TestTLS(t *testing.T) {
	server := secure(t, nil)
	path := filepath.Join(t.TempDir(), "ca.pem")
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(path, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	pool, err := CertPool(path)
	if err != nil {
		t.Fatal(err)
	}
	trusting := Client(ClientOptions{RootCAs: pool})
	defer trusting.CloseIdleConnections()
	insecure := Client(ClientOptions{Insecure: true})
	defer insecure.CloseIdleConnections()
	for _, c := range []*http.Client{trusting, insecure} {
		s, err := Open(t.Context(), c, server.URL, Options{})
		if err != nil {
			t.Fatal(err)
		}
		wantBytes(t, s, span(0, 1000))
		wantBytes(t, s, span(10, 20))
		if s.Proto() != "HTTP/1.1" {
			t.Errorf("%s, want HTTP/1.1 although the server knows HTTP/2", s.Proto())
		}
		s.Close()
	}

	_, err = Open(t.Context(), nil, server.URL+"/?token=canary", Options{})
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); !ok || !scheduler.IsPermanent(err) {
		t.Errorf("%v", err)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		t.Errorf("%v", err)
	}
	_, err = Open(t.Context(), trusting, strings.Replace(server.URL, "127.0.0.1", "localhost", 1), Options{})
	if _, ok := errors.AsType[x509.HostnameError](err); !ok || !scheduler.IsPermanent(err) {
		t.Errorf("%v", err)
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	_, err = Open(t.Context(), nil, strings.Replace(plain.URL, "http", "https", 1), Options{})
	if _, ok := errors.AsType[tls.RecordHeaderError](err); !ok || !scheduler.IsPermanent(err) || !strings.Contains(err.Error(), "does not speak TLS") {
		t.Errorf("%v", err)
	}
}

func TestOldTLS(t *testing.T) {
	server := secure(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	c := Client(ClientOptions{Insecure: true})
	if s, err := Open(t.Context(), c, server.URL, Options{}); err == nil {
		s.Close()
		t.Error("TLS 1.1 was spoken")
	}
}

func TestCertPoolErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := CertPool(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	path := filepath.Join(dir, "empty.pem")
	os.WriteFile(path, []byte("not PEM"), 0o600)
	if _, err := CertPool(path); err == nil {
		t.Error("no error")
	}
}

func TestInjectedClient(t *testing.T) {
	t.Run("with a Timeout", func(t *testing.T) {
		_, err := Open(t.Context(), &http.Client{Timeout: time.Hour}, "http://127.0.0.1", Options{})
		if err == nil || !strings.Contains(err.Error(), "Timeout") || !scheduler.IsPermanent(err) {
			t.Errorf("%v", err)
		}
	})
	t.Run("with HTTP/2", func(t *testing.T) {
		server := secure(t, nil)
		s, err := Open(t.Context(), server.Client(), server.URL, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if s.Proto() != "HTTP/2.0" {
			t.Errorf("%s", s.Proto())
		}
		wantBytes(t, s, span(0, 1000))
		wantBytes(t, s, span(10, 20))
	})
	t.Run("that unpacks gzip", func(t *testing.T) {
		o := serve(t, func(_ int, r *http.Request) string {
			if got := r.Header.Get("Accept-Encoding"); got != "identity" {
				t.Errorf("Accept-Encoding %q", got)
			}
			return message(200, "\x1f\x8bnot really", "Content-Encoding: gzip")
		})
		c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		s, err := Open(t.Context(), c, o.url, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if got, err := read(t.Context(), s, span(0, end)); err != nil || got != "\x1f\x8bnot really" {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("whose transport repeats what it hears", func(t *testing.T) {
		c := &http.Client{Transport: tripper(func(*http.Request) (*http.Response, error) {
			return nil, errors.New("the proxy says \x1b[2J\u202e" + strings.Repeat("x", 5000))
		})}
		_, err := Open(t.Context(), c, "http://example.com/", Options{})
		checkText(t, err)
	})
	t.Run("that knows no userinfo", func(t *testing.T) {
		c := &http.Client{Transport: tripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.User != nil {
				t.Errorf("%v", r.URL.User)
			}
			resp := &http.Response{StatusCode: 302, Header: head("Location: http://evil:evil@example.com/b"), Body: http.NoBody}
			if r.URL.Path == "/b" {
				resp.StatusCode = 404
			}
			return resp, nil
		})}
		_, err := Open(t.Context(), c, "http://u:canary@example.com/", Options{})
		checkText(t, err)
	})
	t.Run("whose transport adds the URL to errors", func(t *testing.T) {
		c := &http.Client{Transport: tripper(func(r *http.Request) (*http.Response, error) {
			return nil, urlErrorFor(r.URL.String())
		})}
		_, err := Open(t.Context(), c, "http://example.com/?token=canary", Options{})
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%v", err)
		}
	})
}

func TestContentType(t *testing.T) {
	o := serve(t, same(message(200, "x", "Content-Type: Text/HTML; charset=utf-8")))
	if got := mustOpen(t, o.url, Options{}).ContentType(); got != "text/html" {
		t.Errorf("%q", got)
	}
}
