package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"braid/internal/ui"
	"braid/server"
)

// runServe serves until ctx ends. Being told to stop is how a server ends well,
// so it is no error.
func runServe(ctx context.Context, e *env, o serveOptions) error {
	screen := &oneAtATime{to: e.err}
	say := func(format string, args ...any) {
		if !o.Quiet {
			fmt.Fprintf(screen, "braid: "+format+"\n", args...)
		}
	}
	warn := func(err error) { fmt.Fprintln(screen, "braid: warning: "+ui.Safe(err.Error())) }

	options := server.Options{Pattern: o.Pattern, NoListing: !o.Listing, NoDigest: !o.Digest, Shape: o.Shape, Limits: o.Limits, Rogue: o.Rogue, Grace: o.Grace,
		Precompressed: o.Precompressed, CORS: o.Sharing.CORS, Health: o.Monitoring.Health, Counts: new(server.Counts)}
	place(o.Roots, &options)
	certificate, err := o.TLS.apply(&options, o.Addr, warn)
	if err != nil {
		return err
	}
	if options.Users, err = o.Sharing.users(warn); err != nil {
		return err
	}
	log, err := o.Log.open(screen, warn)
	if err != nil {
		return err
	}
	defer log.close()
	monitor, err := o.Monitoring.listen(ctx, options.Counts)
	if err != nil {
		return err
	}
	defer monitor.close()
	options.Log = observing(log, monitor)
	handler, err := server.New(options)
	if err != nil {
		return cannotServe(o.Roots, err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Addr)
	if err != nil {
		return err
	}
	monitor.start(ctx, func() error { return server.Check(handler) })

	url := o.TLS.scheme() + "://" + shownAddress(listener.Addr()) + entrance(o.Roots)
	fmt.Fprintln(e.out, url)
	say("serving %s; Ctrl-C stops, and lets running transfers end within %v", shownRoots(o.Roots), o.Grace)
	for _, line := range slices.Concat(o.TLS.notes(certificate, url), o.Sharing.notes(), monitor.notes()) {
		say("%s", line)
	}
	if fault := misbehaviour(o.Rogue); fault != "" {
		say("%s", fault)
	}
	o.Sharing.caution(listener.Addr(), certificate != nil, warn)
	told := make(chan struct{})
	never := context.AfterFunc(ctx, func() {
		defer close(told)
		say("stopping: no new connections from now on; Ctrl-C again cuts off the transfers that run")
	})
	defer func() {
		if !never() {
			<-told
		}
	}()
	err = server.Serve(ctx, listener, handler, options)
	if errors.Is(err, server.ErrCut) && ctx.Err() != nil {
		say("stopped; %v", err)
		return nil
	}
	return err
}

// addressOf is the address that people mean who write a port, or HOST:PORT,
// where the folder stands; "" if it does not look like one.
func addressOf(word string) string {
	if !strings.Contains(word, ":") {
		word = "127.0.0.1:" + word
	}
	address, err := parseAddress(word)
	if err != nil {
		return ""
	}
	return address
}

// serveAdvice is what can be done about an error of serve.
func serveAdvice(err error) string {
	switch {
	case as[advised](err):
		a, _ := errors.AsType[advised](err)
		return a.next
	case as[metricsError](err):
		return "--metrics takes another address"
	case listening(err):
		return "--addr takes another address"
	case errors.Is(err, fs.ErrNotExist):
		return "check the name of the folder"
	case errors.Is(err, server.ErrGone):
		return "begin again when it is back"
	}
	return ""
}

// oneAtATime lets several goroutines write whole lines to one stream.
type oneAtATime struct {
	mu sync.Mutex
	to io.Writer
}

func (w *oneAtATime) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

// rounded is d as exact as anyone wants to read it.
func rounded(d time.Duration) time.Duration {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond)
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(time.Microsecond)
}

// shownAddress is an address that a browser on this machine can open.
func shownAddress(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return a.String()
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return net.JoinHostPort(host, fmt.Sprint(tcp.Port))
}
