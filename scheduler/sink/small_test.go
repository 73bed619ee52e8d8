package sink

import (
	"fmt"
	"path/filepath"
	"testing"

	"braid/segment"
)

// The life of a file of 16 KiB, on whatever TMPDIR is: what the sink adds to
// each of ten thousand of them. "ranges" is one that could be continued, "plain"
// one that came in a single answer.
func BenchmarkSmallFile(b *testing.B) {
	for _, how := range []struct {
		name       string
		durability Durability
	}{{"relaxed", Relaxed}, {"normal", Normal}} {
		for _, plain := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/plain=%v", how.name, plain), func(b *testing.B) {
				dir, p := b.TempDir(), bytesOf(16<<10)
				b.ReportAllocs()
				for n := 0; b.Loop(); n++ {
					path := filepath.Join(dir, fmt.Sprintf("%06d.bin", n))
					if err := smallFile(path, how.durability, plain, p); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// smallFile is one such life, as a job leads it.
func smallFile(path string, d Durability, plain bool, p []byte) error {
	f, err := Open(path, Options{URL: "https://example.org/small", Durability: d})
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Begin(bg, Remote{Identity: segment.Identity{Size: int64(len(p)), ETag: `"v1"`}, Host: "example.org", Plain: plain}); err != nil {
		return err
	}
	if _, err := f.WriteAt(p, 0); err != nil {
		return err
	}
	f.SetModified(day)
	done := segment.NewBitmap(f.Grid().Len())
	if plain {
		if err := f.Truncate(int64(len(p))); err != nil {
			return err
		}
		done = segment.NewBitmap(0)
	} else {
		done.Set(0)
	}
	if err := f.Save(done); err != nil {
		return err
	}
	if err := f.Commit(nil); err != nil {
		return err
	}
	return f.Close()
}
