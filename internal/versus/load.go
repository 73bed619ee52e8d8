package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"strconv"
	"sync"

	"braid/server"
)

// A load is what one client fetches, over kept connections, and throws away.
type load struct {
	url      *url.URL
	size     int64 // bytes of the file, which is the pattern of seed 0
	n        int   // connections
	requests int   // of random ranges, in all; 0 means that each connection fetches its share of the file
	verify   bool  // every byte is compared with what it should be
}

// playLoad is a client that does as little as possible, so that the server is what is measured.
func playLoad(ctx context.Context, args []string) error {
	var l load
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	rawURL := flags.String("url", "", "the file to fetch from")
	flags.Int64Var(&l.size, "size", 0, "how many bytes it has")
	flags.IntVar(&l.n, "n", 1, "connections")
	flags.IntVar(&l.requests, "requests", 0, "how many ranges are fetched; 0 means the file in as many parts as connections")
	flags.BoolVar(&l.verify, "verify", false, "compare every byte")
	err := flags.Parse(args)
	if err == nil {
		l.url, err = url.Parse(*rawURL)
	}
	if err != nil {
		return err
	}
	if l.size < rangeSize || l.n < 1 {
		return fmt.Errorf("a file of %d bytes over %d connections is too little", l.size, l.n)
	}
	errs := make([]error, l.n)
	var all sync.WaitGroup
	for i := range l.n {
		all.Go(func() { errs[i] = l.connection(ctx, i) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// connection is what connection i does.
func (l *load) connection(ctx context.Context, i int) error {
	conn, err := l.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	r := newReader(conn, l)
	if l.requests == 0 {
		share := l.size / int64(l.n)
		end := int64(i+1) * share
		if i == l.n-1 {
			end = l.size
		}
		return r.fetch(int64(i)*share, end)
	}
	chance := rand.New(rand.NewPCG(1, uint64(i))) // the same ranges of both servers
	for range l.requests/l.n + btoi(i < l.requests%l.n) {
		off := chance.Int64N(l.size - rangeSize + 1)
		if err := r.fetch(off, off+rangeSize); err != nil {
			return err
		}
	}
	return nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// dial connects. Over TLS it insists on what both servers can do best.
func (l *load) dial(ctx context.Context) (net.Conn, error) {
	if l.url.Scheme != "https" {
		return new(net.Dialer).DialContext(ctx, "tcp", l.url.Host)
	}
	d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}}}
	conn, err := d.DialContext(ctx, "tcp", l.url.Host)
	if err != nil {
		return nil, err
	}
	if suite := conn.(*tls.Conn).ConnectionState().CipherSuite; suite != tls.TLS_AES_128_GCM_SHA256 {
		conn.Close()
		return nil, fmt.Errorf("the cipher is %s", tls.CipherSuiteName(suite))
	}
	return conn, nil
}

// A loadReader makes one request after the other on a connection.
type loadReader struct {
	*load
	conn      net.Conn
	r         *bufio.Reader
	request   []byte
	buf, want []byte
}

func newReader(conn net.Conn, l *load) *loadReader {
	r := &loadReader{load: l, conn: conn, r: bufio.NewReaderSize(conn, 2*rangeSize)}
	if l.requests == 0 { // few and long
		r.r = bufio.NewReaderSize(conn, block)
	}
	if l.verify {
		r.buf, r.want = make([]byte, rangeSize), make([]byte, rangeSize)
	}
	return r
}

// fetch gets the bytes [off, end).
func (r *loadReader) fetch(off, end int64) error {
	r.request = append(r.request[:0], "GET "+r.url.RequestURI()+" HTTP/1.1\r\nHost: "+r.url.Host+"\r\nRange: bytes="...)
	r.request = append(strconv.AppendInt(append(strconv.AppendInt(r.request, off, 10), '-'), end-1, 10), "\r\n\r\n"...)
	if _, err := r.conn.Write(r.request); err != nil {
		return err
	}
	if err := r.header(off, end); err != nil {
		return err
	}
	for r.verify && off < end {
		n := min(end-off, rangeSize)
		if _, err := io.ReadFull(r.r, r.buf[:n]); err != nil {
			return err
		}
		server.PatternAt(r.want[:n], 0, off)
		if !bytes.Equal(r.buf[:n], r.want[:n]) {
			return fmt.Errorf("wrong bytes between %d and %d", off, off+n)
		}
		off += n
	}
	for off < end {
		if _, err := r.r.Peek(1); err != nil { // reads as much as there is room for
			return fmt.Errorf("at byte %d of %d: %w", off, end, err)
		}
		n, err := r.r.Discard(int(min(int64(r.r.Buffered()), end-off)))
		if err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}

// header reads the header of an answer, which must be that of these bytes.
func (r *loadReader) header(off, end int64) error {
	want := fmt.Appendf(nil, "bytes %d-%d/%d", off, end-1, r.size)
	ranged := false
	for i := 0; ; i++ {
		line, err := r.r.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("in the header: %w", err)
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case i == 0 && !bytes.HasPrefix(line, []byte("HTTP/1.1 206 ")):
			return fmt.Errorf("the answer is %q", line)
		case len(line) == 0 && !ranged:
			return fmt.Errorf("no Content-Range says %s", want)
		case len(line) == 0:
			return nil
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		ranged = ranged || bytes.EqualFold(name, []byte("Content-Range")) && bytes.Equal(value, want)
	}
}
