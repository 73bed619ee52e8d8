package cli

import (
	"path/filepath"
	"testing"
)

func TestHowManyConnections(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		x, most, jobs int
		rest          int64
		run, workers  int
		start         int // of the controller; 0 without one
	}{
		{0, 16, 3, 1 << 30, 16, 16, 8},
		{0, 64, 3, 1 << 30, 64, 64, 8},
		{0, 2, 3, 1 << 30, 3, 2, 8},
		{0, 16, 100, 1 << 30, 100, 16, 8},
		{0, 16, 3, 20 * mib, 16, 16, 5},
		{0, 16, 3, mib, 16, 4, 1},
		{0, 16, 3, 1000, 16, 1, 0},
		{0, 16, 3, 0, 16, 1, 0},
		{4, 16, 3, 1 << 30, 16, 4, 0},
		{40, 16, 3, 1 << 30, 40, 40, 0},
		{8, 16, 3, 1000, 16, 1, 0},
	} {
		o := newGetOptions()
		o.Connections, o.MaxConnections, o.Jobs = c.x, c.most, c.jobs
		d := &download{shared: &shared{counts: &counts{}}, o: o}
		climb := d.climb("h", c.rest)
		if o.most() != c.run || d.workers(c.rest) != c.workers || (climb == nil) != (c.start == 0) || climb != nil && (climb.Start != c.start || climb.Max != c.workers) {
			t.Errorf("%+v: %d, %d, %+v", c, o.most(), d.workers(c.rest), climb)
		}
	}
}

// What was good for a large file is where the next one begins.
func TestTheNextRunKnows(t *testing.T) {
	o := newGetOptions()
	d := &download{shared: &shared{counts: &counts{path: filepath.Join(t.TempDir(), "c.json")}}, o: o}
	d.counts.keep("h", 11)
	if c := d.climb("h", 1<<30); c.Known != 11 {
		t.Errorf("known: %d", c.Known)
	}
	if c := d.climb("h", 1<<20); c.Known != 0 {
		t.Errorf("for a small file: %d", c.Known)
	}
}
