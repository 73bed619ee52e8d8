package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"

	"braid/internal/ui"
	"braid/server"
)

// runServe serves until ctx ends. Being told to stop is how a server ends well,
// so it is no error.
func runServe(ctx context.Context, e *env, o serveOptions) error {
	options := server.Options{Root: o.Root, Pattern: o.Pattern, NoListing: !o.Listing, Shape: o.Shape}
	if o.Log {
		options.Log = accessLog(e)
	}
	handler, err := server.New(options)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.out, "http://%s/\n", shownAddress(listener.Addr()))
	say := func(format string, args ...any) {
		if !o.Quiet {
			fmt.Fprintf(e.err, "braid: "+format+"\n", args...)
		}
	}
	say("serving %s; Ctrl-C stops, and lets running transfers end within %v", ui.Safe(o.Root), o.Grace)
	stopped := context.AfterFunc(ctx, func() { say("stopping: no new connections from now on") })
	defer stopped()
	err = server.Serve(ctx, options.Listener(listener), handler, o.Grace)
	if errors.Is(err, server.ErrCut) && ctx.Err() != nil {
		say("stopped; %v", err)
		return nil
	}
	return err
}

// accessLog writes one line for each request, as it ends.
func accessLog(e *env) func(server.Access) {
	var mu sync.Mutex
	return func(a server.Access) {
		what, cut := a.Path, ""
		if a.Range != "" {
			what += " " + a.Range
		}
		if a.Cut {
			cut = " cut"
		}
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(e.err, "%s %s %s %s %d %d %v%s\n", a.Time.Format("15:04:05.000"), a.Remote, a.Method, ui.Safe(what), a.Status, a.Bytes, a.Duration, cut)
	}
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
