package server

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// A tap is a connection that counts the bytes that reach its ReadFrom in a shape that net.TCPConn can hand to sendfile:
// an *os.File under at most one io.LimitedReader.
type tap struct {
	*net.TCPConn
	direct *atomic.Int64
}

func (c tap) ReadFrom(r io.Reader) (int64, error) {
	inner := r
	if limited, ok := r.(*io.LimitedReader); ok {
		inner = limited.R
	}
	n, err := c.TCPConn.ReadFrom(r)
	if _, ok := inner.(*os.File); ok {
		c.direct.Add(n)
	}
	return n, err
}

type tapped struct {
	net.Listener
	direct *atomic.Int64
}

func (l tapped) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return tap{c.(*net.TCPConn), l.direct}, nil
}

// Row 112: whatever the options, the kind of root and that of answer, all of a file but the tails goes straight to the
// connection.
func TestFileReachesConnection(t *testing.T) {
	const size = 9 << 20 // two pieces and a bit
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "f"), patterned(size))
	oldFile(t, filepath.Join(dir, "g"), nil)
	oldFile(t, filepath.Join(dir, "g.gz"), patterned(size))
	o := Options{Roots: []Root{{Name: "dir", Path: dir}, {Name: "f", Path: filepath.Join(dir, "f")}, {Name: "fs", FS: os.DirFS(dir)}},
		Precompressed: true, Log: func(Access) {}, CORS: true, Health: "/health", Shape: Shape{Latency: 1, RatePerClient: 1 << 34}}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var direct atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, tapped{ln, &direct}, o) }()
	c := dial(t, ln.Addr().String())
	for _, tt := range []struct {
		line, field string
		bytes       int64
	}{
		{"GET /dir/f", "X: y", size},
		{"GET /transfer/dir/f", "X: y", size},
		{"GET /dir/f", "Range: bytes=1-", size - 1},
		{"GET /f", "X: y", size},
		{"GET /fs/f", "X: y", size},
		{"GET /dir/g", "Accept-Encoding: gzip", size},
		{"GET /dir/f", "Range: bytes=0-4194303,5000000-", size - 5000000 + 4194304},
	} {
		before := direct.Load()
		if _, body := c.get(tt.line, tt.field); int64(len(body)) < tt.bytes {
			t.Fatalf("%s: %d bytes", tt.line, len(body))
		}
		const tails = 4*tail + 512
		if got := direct.Load() - before; got < tt.bytes-tails {
			t.Errorf("%s, %s: %d of %d bytes went straight to the connection", tt.line, tt.field, got, tt.bytes)
		}
	}
	c.Close()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
