package scheduler_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"braid/scheduler"
	"braid/segment"
)

// text is a source: any range of a string.
type text string

func (s text) Open(_ context.Context, r segment.Range) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(string(s[r.Off:r.End]))), nil
}

// buffer is a sink that forgets everything when the process ends.
type buffer []byte

func (b buffer) WriteAt(p []byte, off int64) (int, error) { return copy(b[off:], p), nil }
func (b buffer) Save(*segment.Bitmap) error               { return nil }

func Example() {
	src := text("segments, fetched side by side, make one file")
	dst := make(buffer, len(src))
	job := &scheduler.Job{
		Source:  src,
		Sink:    dst,
		Grid:    segment.Grid{Size: int64(len(src)), Block: 8},
		Workers: 3,
	}
	if err := job.Run(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bytes.Equal(dst, []byte(src)), job.Stats().Written)
	// Output: true 45
}
