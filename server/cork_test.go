package server

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A noting connection keeps what is written to it. It takes no more than so much at a time, and then has no room until it
// is asked again.
type noting struct {
	net.Conn
	most int // 0: all
	got  bytes.Buffer
}

func (c *noting) SetWriteDeadline(time.Time) error { return nil }

func (c *noting) Write(p []byte) (int, error) {

	if c.most > 0 && len(p) > c.most {
		n, _ := c.got.Write(p[:c.most])
		return n, os.ErrDeadlineExceeded
	}
	return c.got.Write(p)
}

func TestCork(t *testing.T) {
	head, content := strings.Repeat("h", corkable), strings.Repeat("c", 3*corkable)
	for _, tt := range []struct {
		name   string
		writes []string
		kept   int // bytes, before uncork
	}{
		{"nothing", nil, 0},
		{"a short one", []string{head}, corkable},
		{"a short one and a long one", []string{head, content}, 0},
		{"two short ones", []string{"head", "content"}, 0},
		{"a long one", []string{content}, 0},
	} {
		c := &noting{}
		o := newOutflow(c, 1, func() {})
		o.cork()
		for _, w := range tt.writes {
			if n, err := o.Write([]byte(w)); n != len(w) || err != nil {
				t.Errorf("%s: %d, %v", tt.name, n, err)
			}
		}
		all := strings.Join(tt.writes, "")
		if got := c.got.String(); got != all[:len(all)-tt.kept] {
			t.Errorf("%s: %d of %d bytes were out before uncork, want all but %d", tt.name, len(got), len(all), tt.kept)
		}
		if err := o.uncork(); err != nil || c.got.String() != all {
			t.Errorf("%s: in the end %d of %d bytes were out, %v", tt.name, c.got.Len(), len(all), err)
		}
		o.Write([]byte("next"))
		if !strings.HasSuffix(c.got.String(), "next") {
			t.Errorf("%s: what came after uncork was kept back", tt.name)
		}
	}
}

// Whatever is written, and however little of it is taken at a time, all of it arrives, once and in order.
func TestCorkLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	oldFile(t, path, patterned(50_000))
	rapid.Check(t, func(t *rapid.T) {
		c := &noting{most: rapid.IntRange(1000, 9000).Draw(t, "taken at a time")}
		o := newOutflow(c, 1<<20, func() {})
		var want bytes.Buffer
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				o.cork()
			case 1:
				if err := o.uncork(); err != nil {
					t.Fatal(err)
				}
			case 2:
				p := patterned(rapid.IntRange(0, 20_000).Draw(t, "length"))
				want.Write(p)
				if n, err := o.Write(p); n != len(p) || err != nil {
					t.Fatalf("%d of %d: %v", n, len(p), err)
				}
			case 3:
				f, err := os.Open(path)
				if err != nil {
					t.Fatal(err)
				}
				n, err := o.ReadFrom(io.LimitReader(f, 30_000))
				f.Close()
				if n != 30_000 || err != nil {
					t.Fatalf("%d of a file: %v", n, err)
				}
				want.Write(patterned(50_000)[:30_000])
			}
		}
		if err := o.uncork(); err != nil || !bytes.Equal(c.got.Bytes(), want.Bytes()) {
			t.Fatalf("%d bytes arrived of %d: %v", c.got.Len(), want.Len(), err)
		}
	})
}

// What was kept back, and could not be sent, is told of.
func TestCorkTellsOfErrors(t *testing.T) {
	client, server := net.Pipe()
	client.Close()
	o := newOutflow(server, 1, func() {})
	o.cork()
	if _, err := o.Write([]byte("head")); err != nil {
		t.Fatal(err)
	}
	if n, err := o.Write([]byte("content")); n != 0 || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("%d, %v", n, err)
	}
}
