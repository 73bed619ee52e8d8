package source

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A body without a length ends with a close_notify over TLS, or it was cut
// (case 42).
func TestCutOverTLS(t *testing.T) {
	for _, cut := range []bool{false, true} {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			out := bufio.NewWriter(conn)
			io.WriteString(out, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"+file)
			out.Flush()
			if cut {
				conn.(*tls.Conn).NetConn().Close()
			} else {
				conn.Close()
			}
		}))
		s.StartTLS()
		roots := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		c := Client(ClientOptions{RootCAs: roots})
		src, err := Open(t.Context(), c, s.URL, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := read(t.Context(), src, span(0, math.MaxInt64))
		if cut != errors.Is(err, io.ErrUnexpectedEOF) || !cut && (err != nil || got != file) {
			t.Errorf("cut %v: %d bytes, %v", cut, len(got), err)
		}
		src.Close()
		c.CloseIdleConnections()
		s.Close()
	}
}
