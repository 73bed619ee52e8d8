package ui

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"braid/scheduler"
	"braid/segment"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// golden compares got with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), -update to accept:\n%s", file, diff)
	}
}

// A job is a transfer as far as a reporter can see.
type job struct {
	mu    sync.Mutex
	stats scheduler.Stats
	done  *segment.Bitmap
	lent  []segment.Range
}

func (j *job) Stats() scheduler.Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.stats
}

func (j *job) Blocks() (*segment.Bitmap, []segment.Range) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.done.Clone(), j.lent
}

func (j *job) set(change func(*scheduler.Stats)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change(&j.stats)
}

const mib = 1 << 20

// halfway is a job of 40 blocks: the first 10 are there, one worker is in the
// middle of block 10, one of block 30.
func halfway() (*job, segment.Grid) {
	g := segment.Grid{Size: 40 * mib, Block: mib}
	j := &job{
		done: segment.NewBitmap(40),
		lent: []segment.Range{{Off: 10*mib + mib/2, End: 20 * mib}, {Off: 30*mib + mib/2, End: 40 * mib}},
		stats: scheduler.Stats{
			Size: 40 * mib, Durable: 9 * mib, Written: 11 * mib, Resumed: 4 * mib, Fetched: 7 * mib, Rate: 2 * mib, Active: 2, Retries: 1,
		},
	}
	for i := range 10 {
		j.done.Set(i)
	}
	return j, g
}

// A stream is a buffer that several goroutines may write to.
type stream struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *stream) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
