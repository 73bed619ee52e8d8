package server

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
)

// benchmark asks for 64 KiB of a file over a kept connection.
func benchmark(b *testing.B, serve func(ctx context.Context, ln net.Listener) error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, ln) }()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	request := []byte("GET /f HTTP/1.1\r\nHost: x\r\nRange: bytes=65536-131071\r\n\r\n")
	r := bufio.NewReaderSize(c, 128<<10)
	b.ReportAllocs()
	b.SetBytes(64 << 10)
	for b.Loop() {
		if _, err := c.Write(request); err != nil {
			b.Fatal(err)
		}
		for { // header
			line, err := r.ReadSlice('\n')
			if err != nil {
				b.Fatal(err)
			}
			if len(line) == 2 {
				break
			}
		}
		if _, err := r.Discard(64 << 10); err != nil {
			b.Fatal(err)
		}
	}
	c.Close()
	stop()
	<-ended
}

func BenchmarkRange(b *testing.B) {
	dir := b.TempDir()
	oldFile(b, filepath.Join(dir, "f"), patterned(1<<20))
	benchmark(b, func(ctx context.Context, ln net.Listener) error { return Run(ctx, ln, Options{Root: dir}) })
}

// BenchmarkByHand is the same answer by a handler that knows all of it beforehand.
func BenchmarkByHand(b *testing.B) {
	content := patterned(64 << 10)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Accept-Ranges", "bytes")
		h.Set("Cache-Control", "no-transform")
		h.Set("Content-Type", octetStream)
		h.Set("Content-Length", strconv.Itoa(len(content)))
		h.Set("Content-Range", "bytes 65536-131071/1048576")
		h.Set("Last-Modified", "Sat, 28 Nov 2026 04:43:00 GMT")
		h["ETag"] = []string{`"0123456789abcdef0123"`}
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(content)
	})
	benchmark(b, func(ctx context.Context, ln net.Listener) error { return Serve(ctx, ln, h, Options{}) })
}

// A range of a file takes few allocations beyond those of net/http: opening the file, which is most of them, and the
// answer's fields. The number is what it is today, and one for a buffer that the race detector throws away.
func TestAllocationsOfARange(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("how often os.Root allocates is another number on each system")
	}
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "f"), patterned(1<<20))
	h, err := New(Options{Root: dir, NoDigest: true})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest("GET", "/f", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Range", "bytes=65536-131071")
	r = r.WithContext(context.WithValue(t.Context(), connKey{}, &conn{})) // as Serve has it
	w := &discarded{header: make(http.Header)}
	got := testing.AllocsPerRun(200, func() {
		clear(w.header)
		h.ServeHTTP(w, r)
	})
	if w.status != 206 {
		t.Fatal(w.status)
	}
	if most := 23.0; got > most {
		t.Errorf("%.0f allocations, at most %.0f", got, most)
	}
}
