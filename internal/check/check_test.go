package check

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"braid/server"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// origin is braid's own server, at /pattern/SIZE.
func origin(t *testing.T, o server.Options) (url string) {
	t.Helper()
	o.Pattern, o.Grace = true, time.Millisecond
	h, err := server.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Serve(ctx, ln, h, o)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return "http://" + ln.Addr().String() + "/pattern/"
}

// handled is a server of the test's own.
func handled(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// mustRun is Run without an error.
func mustRun(t *testing.T, url string, o Options) *Report {
	t.Helper()
	r, err := Run(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// want compares the verdict of a row.
func want(t *testing.T, r *Report, id string, v Verdict) {
	t.Helper()
	row, ok := r.row(id)
	if !ok || row.Verdict != v {
		t.Errorf("%s: %+v, want %s", id, row, v)
	}
}
