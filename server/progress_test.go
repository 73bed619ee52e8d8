package server

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// How long a client lasts that takes so many bytes at such intervals.
func TestOutflow(t *testing.T) {
	for _, tt := range []struct {
		bytes int
		every time.Duration
		rate  int64         // demanded
		lasts time.Duration // 0: to the end
	}{
		{0, time.Second, 1 << 10, patience},
		{2 << 10, time.Second, 1 << 10, 0},
		{30 << 10, 25 * time.Second, 1 << 10, 0},  // takes what it must, in gulps
		{512, time.Second, 1 << 10, 2 * patience}, // half of what it must
		{90 << 10, time.Second, 100 << 10, 300 * time.Second},
		{512, time.Second, 256, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			defer client.Close()
			gone := make(chan struct{})
			go func() {
				for {
					select {
					case <-gone:
						return
					case <-time.After(tt.every):
					}
					if n, _ := io.CopyN(io.Discard, client, int64(tt.bytes)); n < int64(tt.bytes) {
						return
					}
				}
			}()
			given := 0
			o := newOutflow(server, tt.rate, func() { given++ })
			begun := time.Now()
			var err error
			for err == nil && time.Since(begun) < 2*time.Hour {
				_, err = o.Write(make([]byte, 10000))
			}
			lasted := time.Since(begun)
			close(gone)
			server.Close()
			switch {
			case tt.lasts == 0 && err != nil, tt.lasts > 0 && (!errors.Is(err, errSlow) || given != 1):
				t.Errorf("%d bytes every %v: %v after %v, given up %d times", tt.bytes, tt.every, err, lasted, given)
			case tt.lasts > 0 && (lasted < tt.lasts-2*glance || lasted > tt.lasts+2*glance):
				t.Errorf("%d bytes every %v: it lasted %v, want %v", tt.bytes, tt.every, lasted, tt.lasts)
			}
		})
	}
}

// A deadline that a handler sets is kept, also by a write under way.
func TestOutflowKeepsDeadlines(t *testing.T) {
	for name, set := range map[string]func(o *outflow){
		"before": func(o *outflow) { o.SetWriteDeadline(time.Now().Add(7 * time.Second)) },
		"during": func(o *outflow) {
			time.AfterFunc(7*time.Second, func() { o.SetWriteDeadline(time.Now()) })
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			defer client.Close()
			defer server.Close()
			o := newOutflow(server, 1, func() {})
			set(o)
			begun := time.Now()
			if _, err := o.Write(make([]byte, 10)); !isTimeout(err) || time.Since(begun) != 7*time.Second {
				t.Errorf("%s: %v after %v", name, err, time.Since(begun))
			}
			o.SetWriteDeadline(time.Time{})
			go io.Copy(io.Discard, client)
			if _, err := o.Write(make([]byte, 10)); err != nil {
				t.Errorf("%s, without a deadline again: %v", name, err)
			}
		})
	}
}

// A stuttering connection sends some of what it reads, and some that it has read it does not.
type stuttering struct {
	net.Conn
	got   bytes.Buffer
	calls int
}

func (c *stuttering) SetWriteDeadline(time.Time) error { return nil }

func (c *stuttering) ReadFrom(src io.Reader) (int64, error) {
	c.calls++
	buf := make([]byte, 1000)
	n, err := io.ReadFull(src, buf[:min(1000, 100*c.calls)])
	if err != nil { // the end
		c.got.Write(buf[:n])
		return int64(n), nil
	}
	sent := n - c.calls%2*10
	c.got.Write(buf[:sent])
	return int64(sent), os.ErrDeadlineExceeded
}

// However a transfer of a file gets stuck, it goes on where it was.
func TestOutflowResumes(t *testing.T) {
	if !resumable {
		t.Skip("writes are not resumed on this system")
	}
	content := patterned(20000)
	path := filepath.Join(t.TempDir(), "f")
	oldFile(t, path, content)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := &stuttering{}
	limited := &io.LimitedReader{R: f, N: 15000}
	n, err := newOutflow(c, 1, func() {}).ReadFrom(limited)
	if err != nil || n != 15000 || limited.N != 0 || !bytes.Equal(c.got.Bytes(), content[:15000]) {
		t.Errorf("%d bytes, %v; %d arrived, the right ones: %v", n, err, c.got.Len(), bytes.HasPrefix(content, c.got.Bytes()))
	}
	if c.calls < 3 {
		t.Errorf("it was stuck %d times", c.calls)
	}
}
