package server

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// ErrCut says that transfers were still running when the grace period ended, and were cut off.
var ErrCut = errors.New("transfers were cut off")

const (
	defaultGrace = 10 * time.Second

	headerTimeout = 5 * time.Second // for a request's header section, and for a TLS handshake
	idleTimeout   = 60 * time.Second

	// maxStreams is how many requests one HTTP/2 connection may have under way.
	maxStreams = 64

	// maxHeader is the most bytes a request's header section may have; beyond it the answer is 431. net/http reads
	// 4 KiB more than it is told to.
	maxHeader     = 16 << 10
	headerAllowed = maxHeader - 4<<10
)

// Run puts an origin together, as [New] does, and serves it on ln, as [Serve] does. It closes ln in every case.
func Run(ctx context.Context, ln net.Listener, o Options) error {
	h, err := New(o)
	if err != nil {
		ln.Close()
		return err
	}
	return Serve(ctx, ln, h, o)
}

// Serve answers the connections that ln accepts with h until ctx ends: over HTTP/1.1, and with o.TLS over HTTP/2 as well.
// Then it closes ln at once, gives responses that are under way o.Grace to finish, closes what is left, and returns when
// all goroutines it started and all calls of h have ended: nil, or [ErrCut] if something was left. If ln breaks before
// that, Serve closes every connection and returns what broke.
//
// Of o it heeds the rate per connection, Limits, TLS, Grace and Counts; the rest is for [New]. So h may be an origin of
// New's, something around one, or any other handler.
//
// While it serves an origin of New's, Serve looks twice a second whether the folders of its roots are still there. If
// there is another in the place of one, that is served from then on. If one is missing twice, Serve stops as if ctx had
// ended, and returns an error that names it and wraps [ErrGone].
//
// A client that fetches a file in segments finishes the segments under way and then finds the port closed.
//
// Serve bounds how long a header may take (5 s, and as much for a TLS handshake), how long it may be (16 KiB), how long a
// connection may idle (60 s) and, by the Limits, how many there are. A response may take any time as long as the client
// takes something: see [Limits].MinRate. That is demanded of what h sends as well.
func Serve(ctx context.Context, ln net.Listener, h http.Handler, o Options) error {
	if w, ok := h.(*watched); ok {
		return w.during(ctx, func(ctx context.Context) error { return Serve(ctx, ln, w.Handler, o) })
	}
	grace := o.Grace
	if grace <= 0 {
		grace = defaultGrace
	}
	g := newGuard(ln, o)
	var conns sync.WaitGroup
	var calls sync.WaitGroup   // of h; one that has taken its connection over is in no other count
	var errands sync.WaitGroup // what requests have left behind: see background
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(o.TLS != nil && (o.TLS.NextProtos == nil || slices.Contains(o.TLS.NextProtos, "h2")))
	told, tell := context.WithCancel(ctx)
	defer tell()
	base := context.WithValue(context.WithoutCancel(ctx), servingKey{}, told)
	base = context.WithValue(base, errandsKey{}, &errands)
	base, cut := context.WithCancel(base)
	defer cut()
	srv := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			defer calls.Done()
			g.answer(w, r, h)
		}),
		BaseContext:                  func(net.Listener) context.Context { return base },
		ConnContext:                  withConn,
		Protocols:                    protocols,
		HTTP2:                        &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		TLSConfig:                    tlsConfig(o.TLS),
		ErrorLog:                     complaints(),
		ReadHeaderTimeout:            headerTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               headerAllowed,
		DisableGeneralOptionsHandler: true, // OPTIONS * is answered like any other
		ConnState: func(c net.Conn, s http.ConnState) {
			g.notice(connOf(c), s)
			switch s {
			case http.StateNew: // called before Accept is called again, so never after srv.Serve has returned
				conns.Add(1)
			case http.StateClosed, http.StateHijacked:
				conns.Done()
			}
		},
	}
	broken := make(chan error, 1)
	go func() {
		if o.TLS != nil {
			broken <- srv.ServeTLS(g, "", "")
		} else {
			broken <- srv.Serve(g)
		}
	}()
	select {
	case err := <-broken:
		g.stop()
		srv.Close()
		tell()
		cut()
		conns.Wait()
		g.tasks.Wait()
		calls.Wait()
		errands.Wait()
		return err
	case <-ctx.Done():
	}
	g.stop()
	left, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := srv.Shutdown(left)
	if errors.Is(err, context.DeadlineExceeded) {
		err = ErrCut
	}
	srv.Close()
	<-broken
	conns.Wait() // from here on there is no new call
	g.tasks.Wait()
	ended := make(chan struct{})
	go func() { calls.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-left.Done():
		err = ErrCut
	}
	cut()
	<-ended
	errands.Wait()
	return err
}

// tlsConfig is c with what an origin insists on; nil stays nil.
func tlsConfig(c *tls.Config) *tls.Config {
	if c == nil {
		return nil
	}
	c = c.Clone()
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	return c
}

type (
	servingKey struct{} // where the requests that Serve answers keep a context that ends when it is told to stop
	errandsKey struct{} // where they keep what counts their errands
)

// stopping is a context that ends as soon as the server is told to stop, long before that of the request. Handlers that
// would never end by themselves end with it.
func stopping(request context.Context) context.Context {
	if ctx, ok := request.Value(servingKey{}).(context.Context); ok {
		return ctx
	}
	return context.Background() // another server has no such thing
}

// background starts what a request leaves behind when it has been answered. It is told when the server is to stop, and
// Serve waits for it; another server does neither.
func background(request context.Context, errand func(stop context.Context)) {
	errands, ok := request.Value(errandsKey{}).(*sync.WaitGroup)
	if !ok {
		errands = new(sync.WaitGroup)
	}
	errands.Go(func() { errand(stopping(request)) })
}
