package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// ErrCut says that transfers were still running when the grace period ended, and were cut off.
var ErrCut = errors.New("transfers were cut off")

const (
	defaultGrace = 10 * time.Second

	// maxHeader is the most bytes a request's header section may have; beyond it the answer is 431. net/http reads
	// 4 KiB more than it is told to.
	maxHeader     = 16 << 10
	headerAllowed = maxHeader - 4<<10
)

// Serve answers the connections that ln accepts with h, over HTTP/1.1, until ctx ends. Then it closes ln at once, gives
// responses that are under way the grace period to finish (0 means 10 s), closes what is left, and returns when all
// goroutines it started and all calls of h have ended: nil, or [ErrCut] if something was left. If ln breaks before that, Serve closes every
// connection and returns what broke.
//
// A client that fetches a file in segments finishes the segments under way and then finds the port closed.
//
// Serve bounds how long a header may take (5 s), how long it may be (16 KiB) and how long a connection may idle (60 s).
// How long a response may take is up to h: the handlers of this package demand progress, not an end.
func Serve(ctx context.Context, ln net.Listener, h http.Handler, grace time.Duration) error {
	if grace <= 0 {
		grace = defaultGrace
	}
	var conns sync.WaitGroup
	var calls sync.WaitGroup // of h; one that has taken its connection over is in no other count
	var fresh sync.Map       // connections that have not asked for anything yet
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true) // segments want connections of their own, which HTTP/2 would fold into one
	base, cut := context.WithCancel(context.WithValue(context.WithoutCancel(ctx), servingKey{}, ctx))
	defer cut()
	srv := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			defer calls.Done()
			h.ServeHTTP(w, r)
		}),
		BaseContext:                  func(net.Listener) context.Context { return base },
		Protocols:                    protocols,
		ReadHeaderTimeout:            5 * time.Second,
		IdleTimeout:                  60 * time.Second,
		MaxHeaderBytes:               headerAllowed,
		DisableGeneralOptionsHandler: true, // OPTIONS * is answered like any other
		ConnState: func(c net.Conn, s http.ConnState) {
			switch s {
			case http.StateNew: // called before Accept is called again, so never after srv.Serve has returned
				conns.Add(1)
				fresh.Store(c, nil)
			case http.StateActive:
				fresh.Delete(c)
			case http.StateClosed, http.StateHijacked:
				fresh.Delete(c)
				conns.Done()
			}
		},
	}
	broken := make(chan error, 1)
	go func() { broken <- srv.Serve(ln) }()
	select {
	case err := <-broken:
		srv.Close()
		cut()
		conns.Wait()
		calls.Wait()
		return err
	case <-ctx.Done():
	}
	// Shutdown would wait 5 s for a connection that a browser has opened just in case.
	fresh.Range(func(c, _ any) bool { c.(net.Conn).Close(); return true })
	left, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := srv.Shutdown(left)
	if errors.Is(err, context.DeadlineExceeded) {
		err = ErrCut
	}
	srv.Close()
	<-broken
	conns.Wait() // from here on there is no new call
	ended := make(chan struct{})
	go func() { calls.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-left.Done():
		err = ErrCut
	}
	cut()
	<-ended
	return err
}

// servingKey is where the requests that Serve answers keep its own context.
type servingKey struct{}

// stopping is a context that ends as soon as the server is told to stop, long before that of the request. Handlers that
// would never end by themselves end with it.
func stopping(request context.Context) context.Context {
	if ctx, ok := request.Value(servingKey{}).(context.Context); ok {
		return ctx
	}
	return context.Background() // another server has no such thing
}
