package cli

import (
	"context"
	"path/filepath"
	"time"

	"braid/internal/ui"
	"braid/scheduler"
	"braid/scheduler/source"
)

const (
	mostConnections = 64      // of a run, unless more files than that are fetched at once
	shareLeast      = 1 << 18 // bytes that are worth a connection
	startShare      = 4 << 20 // bytes for each that the controller begins with
	startMost       = 8
	idleMost        = 5 * time.Second
	rememberLeast   = 32 << 20 // bytes that a file must have for its count to be telling
)

// auto says whether the controller finds out how many connections are good.
func (o *getOptions) auto() bool { return o.Connections == 0 }

// most is how many connections the run may have, all files together.
func (o *getOptions) most() int {
	if o.auto() {
		return max(o.MaxConnections, o.Jobs)
	}
	return max(o.Connections, o.MaxConnections, o.Jobs)
}

// workers is how many connections the rest of a file may have.
func (d *download) workers(rest int64) int {
	n := d.o.Connections
	if d.o.auto() {
		n = d.o.MaxConnections
	}
	return min(n, int(max(min(rest/shareLeast, mostConnections), 1)))
}

// climb is the controller for the rest of a file at host; nil if the user has
// said how many connections there are to be, or the rest is worth only one.
func (d *download) climb(host string, rest int64) *scheduler.Climb {
	most := d.workers(rest)
	if !d.o.auto() || most == 1 {
		return nil
	}
	c := &scheduler.Climb{Max: most, Start: int(min(max(rest/startShare, 1), startMost))}
	if rest >= rememberLeast {
		c.Known = d.counts.of(host)
	}
	return c
}

// warm begins to connect as often as the user wants it, before the first answer
// has come: a round trip saved. The controller has not been told to, and of many
// files most are small. What nobody has used when cool is called is closed, or
// after a while.
func (d *download) warm(ctx context.Context) (cool func()) {
	if d.o.auto() || d.many || d.early != nil {
		return func() {}
	}
	end := source.Warm(ctx, d.client, d.url, d.o.Connections-1)
	late := time.AfterFunc(idleMost, end)
	return func() {
		late.Stop()
		end()
	}
}

// paced is told when the count changes, and at the end.
func (d *download) paced(c *scheduler.Climb) {
	if d.o.Verbose && c != nil {
		d.report.Note(filepath.Base(d.path) + ": connections: " + c.Why())
	}
}

// remember keeps what the controller found out for the next time.
func (d *download) remember(c *scheduler.Climb, host string, s scheduler.Stats) {
	if c == nil {
		return
	}
	if d.o.Verbose {
		d.report.Note(filepath.Base(d.path) + ": connections at the end: " + c.Why() + "; " + ui.Size(s.Fetched) + " came")
	}
	if s.Fetched >= rememberLeast && c.Good() > 0 {
		d.counts.keep(host, c.Good())
	}
}
