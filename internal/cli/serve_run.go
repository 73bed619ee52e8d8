package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
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
	options := server.Options{Pattern: o.Pattern, NoListing: !o.Listing, NoDigest: !o.Digest, Shape: o.Shape, Limits: o.Limits, Rogue: o.Rogue, Grace: o.Grace,
		Precompressed: o.Precompressed}
	place(o.Roots, &options)
	if o.Log {
		options.Log = accessLog(screen)
	}
	handler, err := server.New(options)
	if err != nil {
		return cannotServe(o.Roots, err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.out, "http://%s%s\n", shownAddress(listener.Addr()), entrance(o.Roots))
	say := func(format string, args ...any) {
		if !o.Quiet {
			fmt.Fprintf(screen, "braid: "+format+"\n", args...)
		}
	}
	say("serving %s; Ctrl-C stops, and lets running transfers end within %v", shownRoots(o.Roots), o.Grace)
	if fault := misbehaviour(o.Rogue); fault != "" {
		say("%s", fault)
	}
	told := make(chan struct{})
	never := context.AfterFunc(ctx, func() {
		defer close(told)
		say("stopping: no new connections from now on")
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

// accessLog writes one line for each request, as it ends.
func accessLog(to io.Writer) func(server.Access) {
	return func(a server.Access) {
		what, end := a.Path, ""
		if a.Range != "" {
			what += " " + a.Range
		}
		if a.Cut {
			end = " cut"
		}
		if a.Faults != "" {
			end += " fault=" + a.Faults
		}
		fmt.Fprintf(to, "%s %s %s %s %d %d %v%s\n", a.Time.Format("15:04:05.000"), a.Remote, a.Method, ui.Safe(what), a.Status, a.Bytes, rounded(a.Duration), end)
	}
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
