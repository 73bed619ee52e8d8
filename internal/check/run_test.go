package check

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"braid/scheduler/source"
	"braid/server"
)

// Of a file of any size little is read, with few requests, and our own server
// passes.
func TestHugeFile(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	url := origin(t, server.Options{Log: func(server.Access) { requests.Add(1) }}) + "100G"
	r := mustRun(t, url, Options{})
	if r.Summary.Fail+r.Summary.Allowed > 0 || r.Summary.Segments != Safe || r.Summary.Resume != Safe || r.Summary.Connections != 16 {
		t.Errorf("%+v %+v", r.Summary, r.Rows)
	}
	if r.Requests > 80 || r.Bytes > 1<<20 {
		t.Errorf("%d requests and %d bytes", r.Requests, r.Bytes)
	}
	if r.Size != 100<<30 || len(r.Rows) < 60 {
		t.Errorf("%d bytes, %d rows", r.Size, len(r.Rows))
	}
}

// Files so short that most ranges mean nothing are no reason to fail.
func TestShortFiles(t *testing.T) {
	t.Parallel()
	url := origin(t, server.Options{})
	for _, size := range []int{0, 1, 2, 3, 99, 399, 1000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			r := mustRun(t, url+fmt.Sprint(size), Options{})
			for _, row := range r.Rows {
				if row.Verdict == Fail || row.Verdict == Allowed {
					t.Errorf("%+v", row)
				}
			}
			if text := strings.Join(r.Summary.Text, " "); size == 0 && text != "The file is empty: there is nothing to fetch in parts." {
				t.Error(text)
			} else if size > 0 && r.Summary.Segments != Safe {
				t.Error(text)
			}
		})
	}
}

func TestNoRanges(t *testing.T) {
	t.Parallel()
	r := mustRun(t, origin(t, server.Options{Rogue: server.Rogue{Faults: []string{"no-ranges"}}})+"200K", Options{})
	want(t, r, "single", NotOffered)
	want(t, r, "parallel", NotOffered)
	if _, asked := r.row("suffix"); asked || r.Summary.Fail > 0 {
		t.Errorf("%+v", r.Rows)
	}
	if text := strings.Join(r.Summary.Text, " "); text != "There are no ranges: the file comes over one connection, and an interruption begins anew." {
		t.Error(text)
	}
}

// What is not the file is no report.
func TestNothingToCheck(t *testing.T) {
	t.Parallel()
	s := handled(t, func(w http.ResponseWriter, r *http.Request) {
		var status int
		fmt.Sscanf(r.URL.Path, "/%d", &status)
		w.WriteHeader(status)
	})
	for _, status := range []int{401, 404, 500} {
		r, err := Run(t.Context(), fmt.Sprintf("%s/%d", s.URL, status), Options{})
		if e, ok := errors.AsType[*source.StatusError](err); !ok || e.Code != status || len(r.Rows) > 0 || r.Partial == "" {
			t.Errorf("%d: %v %+v", status, err, r)
		}
	}
	if _, err := Run(t.Context(), s.URL+"/204", Options{}); err == nil {
		t.Error("204 is a file")
	} else if _, ok := errors.AsType[*source.ProtocolError](err); !ok {
		t.Error(err)
	}
	if _, err := Run(t.Context(), "ftp://x/", Options{}); err == nil {
		t.Error("ftp")
	}
}

// A server that dies, or a user who has seen enough, leaves what was found out.
func TestPartial(t *testing.T) {
	t.Parallel()
	t.Run("the server dies", func(t *testing.T) {
		t.Parallel()
		var n atomic.Int64
		s := handled(t, func(w http.ResponseWriter, r *http.Request) {
			if n.Add(1) > 5 {
				panic(http.ErrAbortHandler)
			}
			http.ServeContent(w, r, "f.bin", time.Now().Add(-time.Hour), strings.NewReader(strings.Repeat("0123456789", 100)))
		})
		r, err := Run(t.Context(), s.URL, Options{})
		if !errors.Is(err, io.EOF) || r.Partial == "" || len(r.Rows) < 8 {
			t.Errorf("%v %q %+v", err, r.Partial, r.Rows)
		}
		if text := strings.Join(r.Summary.Text, " "); !strings.Contains(text, "provisional") {
			t.Error(text)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		enough := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		seen := 0
		r, err := Run(ctx, origin(t, server.Options{})+"200K", Options{Seen: func(Row) {
			if seen++; seen == 20 {
				cancel(enough)
			}
		}})
		if err != enough || r.Partial != "enough" || len(r.Rows) != 20 {
			t.Errorf("%v %q %d", err, r.Partial, len(r.Rows))
		}
	})
	t.Run("the file goes", func(t *testing.T) {
		t.Parallel()
		r, err := Run(t.Context(), origin(t, server.Options{Rogue: server.Rogue{Faults: []string{"one-shot"}}})+"200K", Options{})
		if e, ok := errors.AsType[*source.StatusError](err); !ok || e.Code != 410 || r.Partial == "" {
			t.Errorf("%v %+v", err, r)
		}
	})
}

// A request that is never answered costs its row, not the run.
func TestUnanswered(t *testing.T) {
	t.Parallel()
	r := mustRun(t, origin(t, server.Options{Rogue: server.Rogue{Faults: []string{"head-hangs"}}})+"200K", Options{Timeout: 200 * time.Millisecond})
	want(t, r, "head", Fail)
	want(t, r, "single", Pass)
}

// An answer that breaks off once is asked for again: that is no one's fault.
func TestBreaksOffOnce(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	content := strings.Repeat("0123456789", 100)
	s := handled(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") == "bytes=0-499" && r.Method == http.MethodGet && n.Add(1) == 1 {
			w.Header().Set("Content-Length", "500")
			w.Header().Set("Content-Range", "bytes 0-499/1000")
			w.WriteHeader(http.StatusPartialContent)
			io.WriteString(w, content[:100])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		http.ServeContent(w, r, "f.bin", time.Now().Add(-time.Hour), strings.NewReader(content))
	})
	r := mustRun(t, s.URL, Options{})
	want(t, r, "single", Pass)
}

// Servers behind one name that do not agree are found out.
func TestAddresses(t *testing.T) {
	t.Parallel()
	r := mustRun(t, strings.Replace(origin(t, server.Options{}), "127.0.0.1", "localhost", 1)+"200K", Options{
		Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")}, nil
		},
	})
	row, _ := r.row("addresses")
	if row.Came != "2 asked, 1 answered" || row.Verdict != Allowed {
		t.Errorf("%+v", row)
	}
}

// A compressed answer under the strong ETag of the plain one is what breaks
// downloads.
func TestCompression(t *testing.T) {
	t.Parallel()
	const plain = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	for tag, verdict := range map[string]Verdict{`"a"`: Fail, `"a-gzip"`: Pass, `W/"a"`: Pass} {
		s := handled(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"a"`)
			w.Header().Set("Vary", "Accept-Encoding")
			content := plain
			if r.Header.Get("Accept-Encoding") == "gzip" {
				w.Header().Set("ETag", tag)
				w.Header().Set("Content-Encoding", "gzip")
				content = "\x1f\x8bsomething shorter"
				r.Header.Del("Range")
			}
			http.ServeContent(w, r, "", time.Now().Add(-time.Hour), strings.NewReader(content))
		})
		want(t, mustRun(t, s.URL, Options{}), "gzip", verdict)
	}
}

// A Repr-Digest is compared with the file, if that is short.
func TestDigest(t *testing.T) {
	t.Parallel()
	const hello = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" // of nothing
	for _, c := range []struct {
		content, digest string
		want            Verdict
	}{
		{"{\"hello\": \"world\"}\n", "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:", Pass}, // RFC 9530, B.1
		{"{\"hello\": \"world\"}\n", "sha-256=:" + hello + ":", Fail},
		{"{\"hello\": \"world\"}\n", "md5=:AAAA:", Allowed},
		{"{\"hello\": \"world\"}\n", "", NotOffered},
	} {
		s := handled(t, func(w http.ResponseWriter, r *http.Request) {
			if c.digest != "" {
				w.Header().Set("Repr-Digest", c.digest)
			}
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(c.content))
		})
		want(t, mustRun(t, s.URL, Options{}), "repr-digest", c.want)
	}
}

// Over TLS there are facts about that, and HTTP/2.
func TestTLS(t *testing.T) {
	t.Parallel()
	mint := httptest.NewTLSServer(nil)
	mint.Close()
	roots := x509.NewCertPool()
	roots.AddCert(mint.Certificate())
	o := server.Options{TLS: &tls.Config{Certificates: mint.TLS.Certificates}}
	url := strings.Replace(origin(t, o), "http://", "https://", 1) + "8M"
	r := mustRun(t, url, Options{Client: source.ClientOptions{RootCAs: roots}})
	want(t, r, "tls", Pass)
	want(t, r, "http2", Pass)
	if r.Summary.Fail+r.Summary.Allowed > 0 || r.Proto != "HTTP/1.1" {
		t.Errorf("%s %+v", r.Proto, r.Rows)
	}
	o.TLS.NextProtos = []string{"http/1.1"}
	r = mustRun(t, strings.Replace(origin(t, o), "http://", "https://", 1)+"200K", Options{Client: source.ClientOptions{RootCAs: roots}})
	want(t, r, "http2", NotOffered)
}
