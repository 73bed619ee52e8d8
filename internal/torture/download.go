package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"braid/server"
)

// A download is what one round fetches.
type download struct {
	size  int64
	seed  uint64 // of its pattern
	conns int
	rate  int64         // bytes a second and connection; 0 means no limit
	whole time.Duration // how long it takes, about
	old   int64         // a file of this size is there already, and replaced; 0 means none

	path     string
	deceived bool // the origin may have sent other bytes than the pattern's, and no one can tell before the end
	cut      bool // the origin may have closed the connection early where nothing but that tells the end
}

// plan draws a download. Most are over at once, for all that happens at the
// beginning and the end; those that are paced live long enough for checkpoints
// to be made on the way, one a second; and a few are so large that one is made
// every 64 MiB. Sizes have odd tails.
func plan(r *rand.Rand, dir string, bulk int64) *download {
	d := &download{seed: r.Uint64(), conns: 1 + r.IntN(8), path: filepath.Join(dir, "file")}
	if r.IntN(4) == 0 {
		d.conns = 1 + r.IntN(32)
	}
	tail := [...]int64{0, 1, -1, 4096, -777, r.Int64N(1 << 20)}[r.IntN(6)]
	switch kind := r.IntN(100); {
	case kind < 55:
		d.size = max(1, r.Int64N(9)<<20+tail)
		d.whole = 120 * time.Millisecond
	case kind < 97:
		d.size = (2+r.Int64N(30))<<20 + tail
		d.whole = time.Duration(1200+r.IntN(2300)) * time.Millisecond
		parallel := min(int64(d.conns), d.size>>20+1)
		d.rate = max(d.size*int64(time.Second)/int64(d.whole)/parallel, 64<<10)
	default:
		d.size = bulk/2 + r.Int64N(bulk/2) + tail
		d.whole = time.Second
	}
	if r.IntN(10) == 0 {
		d.old = 1 + r.Int64N(1<<20)
		if d.old == d.size {
			d.old++
		}
	}
	return d
}

func (d *download) String() string {
	s := fmt.Sprintf("%d bytes, pattern %d, %d connections", d.size, d.seed, d.conns)
	if d.rate > 0 {
		s += fmt.Sprintf(" at %d bytes/s", d.rate)
	}
	if d.old > 0 {
		s += fmt.Sprintf(", in place of %d bytes", d.old)
	}
	return s
}

// origin is the server it comes from.
func (d *download) origin() server.Options {
	return server.Options{Pattern: true, Shape: server.Shape{RatePerConnection: d.rate}}
}

// args is the command that fetches it, and goes on with it.
func (d *download) args(url string) []string {
	args := []string{"get", "-q", "-x", fmt.Sprint(d.conns), "-o", d.path}
	if d.old > 0 {
		args = append(args, "--force")
	}
	return append(args, fmt.Sprintf("%spattern/%d?seed=%d", url, d.size, d.seed))
}

// oldSeed is the pattern of the file that is replaced.
const oldSeed = 1 << 63

// prepare puts the file there that is to be replaced.
func (d *download) prepare() error {
	if d.old == 0 {
		return nil
	}
	p := make([]byte, d.old)
	server.PatternAt(p, oldSeed, 0)
	f, err := os.Create(d.path)
	if err != nil {
		return err
	}
	if _, err := f.Write(p); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}
