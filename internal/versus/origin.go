package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"braid/server"
)

// A spec says what an origin serves and how. All origins serve the files of a
// folder; our own also serves patterns, at /pattern/SIZE, which need no disk.
type spec struct {
	root  string
	rate  int64  // bytes a second of each connection; 0 means no limit
	total int64  // of all together; own origin only
	ill   string // what befalls the lane sick, own origin only: slow, dies or stalls; "" means nothing
	after int64  // bytes it sends before that
	cert  string // PEM files; "" means no TLS
	key   string

	// Answers may be as small as a segment of the loopback interface. With tcp_nopush nginx then holds the end of each
	// back until the client's kernel acknowledges the rest, which takes 40 ms. Nginx only.
	small bool
}

// sick is the lane that falls ill. A connection takes the lowest lane that is
// free, so at any time there is one in it, if there are so many: who gives it up
// and connects again gets it again.
const sick = 3

// slower is how many times slower a slow lane is.
const slower = 10

func (s spec) args() []string {
	return []string{"-root", s.root, "-rate", strconv.FormatInt(s.rate, 10), "-total", strconv.FormatInt(s.total, 10),
		"-ill", s.ill, "-after", strconv.FormatInt(s.after, 10), "-cert", s.cert, "-key", s.key}
}

func parseSpec(args []string) (s spec, err error) {
	flags := flag.NewFlagSet("origin", flag.ContinueOnError)
	flags.StringVar(&s.root, "root", "", "the folder it serves")
	flags.Int64Var(&s.rate, "rate", 0, "bytes a second of each connection")
	flags.Int64Var(&s.total, "total", 0, "bytes a second of all connections together")
	flags.StringVar(&s.ill, "ill", "", "what befalls one of the connections: slow, dies or stalls")
	flags.Int64Var(&s.after, "after", 0, "the bytes it sends before that")
	flags.StringVar(&s.cert, "cert", "", "its certificate, for TLS")
	flags.StringVar(&s.key, "key", "", "and the key of that")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if !slices.Contains([]string{"", "slow", "dies", "stalls"}, s.ill) {
		return s, fmt.Errorf("no illness is called %q", s.ill)
	}
	return s, nil
}

// playOrigin serves until standard input ends. The first line it prints is its
// URL.
func playOrigin(ctx context.Context, args []string) error {
	s, err := parseSpec(args)
	if err != nil {
		return err
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	scheme := "http"
	if s.cert != "" {
		scheme = "https"
	}
	fmt.Printf("%s://%s/\n", scheme, ln.Addr())
	served := make(chan error, 1)
	go func() { served <- s.serve(ctx, ln) }()
	_, _ = io.Copy(io.Discard, os.Stdin) // its end is all that counts
	stop()
	if err := <-served; err != nil && !errors.Is(err, server.ErrCut) {
		return err
	}
	return nil
}

// serve is an origin as s says, until ctx ends.
func (s spec) serve(ctx context.Context, ln net.Listener) error {
	o := server.Options{Root: s.root, Pattern: true, NoListing: true, Grace: time.Millisecond}
	if s.rate > 0 || s.total > 0 || s.ill != "" {
		ln = newLanes(ln, s)
	}
	if s.cert != "" {
		pair, err := tls.LoadX509KeyPair(s.cert, s.key)
		if err != nil {
			ln.Close()
			return err
		}
		o.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	return server.Run(ctx, ln, o)
}

// lanes give each connection its pace.
type lanes struct {
	net.Listener
	spec
	all *pace // nil: no limit for all

	mu     sync.Mutex
	taken  []bool
	struck bool // the lane that dies has done so
}

func newLanes(ln net.Listener, s spec) *lanes {
	l := &lanes{Listener: ln, spec: s}
	if s.total > 0 {
		l.all = &pace{rate: s.total}
	}
	return l
}

func (l *lanes) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	lane := slices.Index(l.taken, false)
	if lane < 0 {
		lane = len(l.taken)
		l.taken = append(l.taken, false)
	}
	l.taken[lane] = true
	paced := &pacedConn{Conn: c, closed: make(chan struct{}), gone: func() { l.leave(lane) }}
	rate := l.rate
	switch {
	case lane != sick:
	case l.ill == "slow":
		rate /= slower
	case l.ill != "" && !l.struck:
		l.struck = true
		paced.ill = &illness{silent: l.ill == "stalls", left: l.after}
	}
	if rate > 0 {
		paced.paces = append(paced.paces, &pace{rate: rate})
	}
	if l.all != nil {
		paced.paces = append(paced.paces, l.all)
	}
	return paced, nil
}

func (l *lanes) leave(lane int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken[lane] = false
}
