package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"sync"
)

// block is how much the limits read and write at once, and where their writes
// are aligned. More costs cache, less costs calls.
const block = 1 << 20

// playRaw is a client that does no more than move the bytes of a plain HTTP URL.
func playRaw(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("which one?")
	}
	flags := flag.NewFlagSet("raw", flag.ContinueOnError)
	rawURL := flags.String("url", "", "what to fetch")
	path := flags.String("file", "", "where to put it")
	size := flags.Int64("size", 0, "how many bytes that is")
	n := flags.Int("n", 1, "connections of raw-lock")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	u, err := url.Parse(*rawURL)
	if err != nil {
		return err
	}
	if args[0] == "raw-discard" {
		r := rawRange{to: *size, write: func(p []byte, _ int64) (int, error) { return len(p), nil }}
		return r.fetch(ctx, u)
	}
	file, err := os.OpenFile(*path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := reserve(file, *size); err != nil {
		return err
	}
	whole := rawRange{to: *size, write: file.WriteAt}
	switch args[0] {
	case "raw-file":
		err = whole.fetch(ctx, u)
	case "raw-pieces":
		whole.write = inPieces(file)
		err = whole.fetch(ctx, u)
	case "raw-lock":
		err = rawLock(ctx, u, *size, *n, file)
	default:
		err = fmt.Errorf("no limit is called %q", args[0])
	}
	return errors.Join(err, file.Close())
}

// inPieces writes little at once. For more at once the kernel allocates memory in
// larger blocks, and a virtual machine that gives free memory back to its host
// waits for those.
func inPieces(file *os.File) func(p []byte, off int64) (int, error) {
	const piece = 32 << 10
	return func(p []byte, off int64) (done int, err error) {
		for done < len(p) && err == nil {
			var n int
			n, err = file.WriteAt(p[done:min(done+piece, len(p))], off+int64(done))
			done += n
		}
		return done, err
	}
}

// rawLock fetches with n connections, each its own part of the file.
func rawLock(ctx context.Context, u *url.URL, size int64, n int, file *os.File) error {
	var writing sync.Mutex
	write := func(p []byte, off int64) (int, error) {
		writing.Lock()
		defer writing.Unlock()
		return file.WriteAt(p, off)
	}
	share := (size/int64(n) + block) / block * block
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		r := rawRange{from: min(int64(i)*share, size), to: min(int64(i+1)*share, size), gather: true, write: write}
		if r.from < r.to {
			all.Go(func() { errs[i] = r.fetch(ctx, u) })
		}
	}
	all.Wait()
	return errors.Join(errs...)
}

// A rawRange is what one connection brings.
type rawRange struct {
	from, to int64
	gather   bool // blocks are filled before they are written
	write    func(p []byte, off int64) (int, error)
}

func (r *rawRange) fetch(ctx context.Context, u *url.URL) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nRange: bytes=%d-%d\r\nConnection: close\r\n\r\n",
		u.RequestURI(), u.Host, r.from, r.to-1)
	if err != nil {
		return err
	}
	if err := skipHeader(conn); err != nil {
		return err
	}
	buf := make([]byte, block)
	for off := r.from; off < r.to; {
		n := 0
		p := buf[:min((off/block+1)*block, r.to)-off]
		if r.gather {
			n, err = io.ReadFull(conn, p)
		} else {
			n, err = conn.Read(p)
		}
		if n == 0 && err != nil {
			return fmt.Errorf("at byte %d of %d: %w", off, r.to, err)
		}
		if _, err := r.write(p[:n], off); err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}

// skipHeader reads the answer's header byte by byte, so that the body begins on
// a border, and is content with 206.
func skipHeader(conn io.Reader) error {
	var header []byte
	for one := make([]byte, 1); !bytes.HasSuffix(header, []byte("\r\n\r\n")); header = append(header, one...) {
		if len(header) > 64<<10 {
			return errors.New("the header has no end")
		}
		if _, err := io.ReadFull(conn, one); err != nil {
			return fmt.Errorf("in the header: %w", err)
		}
	}
	line, _, _ := bytes.Cut(header, []byte("\r\n"))
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 206 ")) {
		return fmt.Errorf("the answer is %q", line)
	}
	return nil
}
