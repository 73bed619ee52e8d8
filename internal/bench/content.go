package bench

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"braid/segment"
	"braid/server"
)

// Content is what a file holds, as far as it is known from elsewhere. It is used
// by several goroutines at once.
type Content interface{ io.ReaderAt }

// patternOf is the content of a file that braid serve computes, recognised by the
// entity-tag it has, "p1-SIZE-SEED", and nil if it is another.
func patternOf(id segment.Identity) Content {
	var size int64
	var seed uint64
	rest, ok := strings.CutPrefix(id.ETag, `"p1-`)
	if n, err := fmt.Sscanf(rest, `%d-%d"`, &size, &seed); !ok || err != nil || n != 2 || size != id.Size {
		return nil
	}
	return server.PatternReader(seed, size)
}

// A checker compares what came with what is known. It belongs to one goroutine.
type checker struct {
	known Content
	want  []byte
}

// A CorruptError says that a byte is not what it should be.
type CorruptError struct{ Off int64 }

func (e *CorruptError) Error() string { return fmt.Sprintf("byte %d is not what it should be", e.Off) }

// check compares p with the bytes of the file from off on. Nothing known is
// nothing wrong.
func (c *checker) check(p []byte, off int64) error {
	if c.known == nil {
		return nil
	}
	for len(p) > 0 {
		if c.want == nil {
			c.want = make([]byte, 32<<10) // with what came, it stays in the processor's nearest cache
		}
		want := c.want[:min(len(c.want), len(p))]
		if n, err := c.known.ReadAt(want, off); n < len(want) {
			return fmt.Errorf("reading what it should be, at byte %d: %w", off, err)
		}
		if !bytes.Equal(want, p[:len(want)]) {
			i := 0
			for want[i] == p[i] {
				i++
			}
			return &CorruptError{off + int64(i)}
		}
		p, off = p[len(want):], off+int64(len(want))
	}
	return nil
}
