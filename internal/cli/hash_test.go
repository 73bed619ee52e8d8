package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"braid/segment"
)

// A growing is a file of which only the beginning may be read.
type growing struct {
	all  []byte
	safe atomic.Int64
	fail atomic.Bool
}

func (g *growing) ReadAt(p []byte, off int64) (int, error) {
	if g.fail.Load() {
		return 0, errors.New("EIO")
	}
	if off+int64(len(p)) > g.safe.Load() {
		return 0, errors.New("read beyond what is written")
	}
	return copy(p, g.all[off:]), nil
}

func TestHashingFollows(t *testing.T) {
	all := bytes.Repeat([]byte("0123456789abcdef"), 200_000) // 3.2 MB
	right := sha256.Sum256(all)
	whole := io.NewSectionReader(bytes.NewReader(all), 0, int64(len(all)))
	for _, c := range []struct {
		name  string
		steps []int64 // how far it is written, a second apart
		fail  bool    // to read back, after the first
		ahead int64   // hashed before the end
	}{
		{"not at all", nil, false, 0},
		{"all the way", []int64{10, 2_000_000, int64(len(all))}, false, int64(len(all))},
		{"a part", []int64{1_500_000}, false, 1_500_000},
		{"until the disk fails", []int64{1_500_000, 2_000_000}, true, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			file := &growing{all: all}
			h := follow(t.Context(), segment.Digest{Algorithm: "sha256", Sum: right[:]}, file, file.safe.Load)
			for i, n := range c.steps {
				file.fail.Store(c.fail && i > 0)
				file.safe.Store(n)
				time.Sleep(time.Second)
			}
			h.rest()
			if got := h.at.Load(); got != c.ahead {
				t.Errorf("%s: %d bytes hashed ahead, want %d", c.name, got, c.ahead)
			}
			if err := h.check(t.Context(), whole, whole.Size()); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		})
	}
}

func TestHashingFindsOut(t *testing.T) {
	right := sha256.Sum256([]byte("hello"))
	d := segment.Digest{Algorithm: "sha256", Sum: right[:]}
	begin := func() *hasher { return &hasher{digest: d, hash: d.Hash()} }
	if err := begin().check(t.Context(), bytes.NewReader([]byte("hello")), 5); err != nil {
		t.Error(err)
	}
	if _, wrong := errors.AsType[*segment.DigestError](begin().check(t.Context(), bytes.NewReader([]byte("hellO")), 5)); !wrong {
		t.Error("another file passes")
	}
	if err := begin().check(t.Context(), bytes.NewReader([]byte("hell")), 5); !errors.Is(err, io.EOF) {
		t.Errorf("of a file that is too short: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := begin().check(ctx, bytes.NewReader([]byte("hello")), 5); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}
