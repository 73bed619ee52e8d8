package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"braid/internal/ui"
	"braid/scheduler"
	"braid/scheduler/sink"
	"braid/scheduler/source"
)

// probe asks the server what the URL is, as patiently as for any range.
func (d *download) probe(ctx context.Context, from int64, r *ui.Result) (*source.HTTP, error) {
	if src := d.early; src != nil {
		d.early = nil
		if from == 0 && !d.whole && !d.fresh {
			return src, nil
		}
		src.Close() // beside it, the next request may be one too many
		d.leave()
	}
	o := source.Options{Header: d.o.Header, UserAgent: d.o.UserAgent, From: from, AllowDowngrade: d.o.AllowDowngrade, Whole: d.whole, Fresh: d.fresh}
	if o.UserAgent == "" {
		o.UserAgent = "braid/" + release(nil)
	}
	var src *source.HTTP
	d.host = d.hosts.at(hostOf(d.url))
	err := d.host.Ask(ctx, d.retry(), func() (err error) {
		ctx, cancel := context.WithTimeoutCause(ctx, 2*d.o.Timeout, fmt.Errorf("%w for %v", scheduler.ErrStalled, 2*d.o.Timeout))
		defer cancel()
		src, err = source.Open(ctx, d.client, d.url, o)
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}, func(e scheduler.Event) {
		r.Retries++
		d.event(e, nil)
	})
	if err != nil {
		d.host = nil
		return nil, err
	}
	at := d.hosts.at(src.Host())
	d.host.Move(at)
	d.host = at
	return src, nil
}

// leave gives back the place that the answer had at its host, unless a job has
// taken it over.
func (d *download) leave() {
	if d.host != nil {
		d.host.Leave()
		d.host = nil
	}
}

// name asks the server for the name of the file, and keeps the answer: where
// nothing is there yet, it is the first of the download.
func (d *download) name(ctx context.Context, r *ui.Result) error {
	src, err := d.probe(ctx, 0, r)
	if err != nil {
		return err
	}
	d.early = src
	if title := src.Title(); title != "" {
		d.path = filepath.Join(filepath.Dir(d.path), title)
	}
	return nil
}

// expected says why what the server begins to send is not to be taken for the
// file.
func (d *download) expected(src *source.HTTP) error {
	for _, name := range []string{filepath.Base(d.path), src.Name()} {
		if why := source.Mismatch(name, d.o.ExpectType, src.ContentType()); why != "" {
			err := &source.ProtocolError{Host: src.Host(), Reason: why}
			return scheduler.Permanent(advised{err, "a login page, or an expired link? --expect-type any takes it all the same"})
		}
	}
	if size, most := src.Identity().Size, d.o.MaxSize; most > 0 && size > most {
		err := fmt.Errorf("%w: it has %s, and --max-size is %s", scheduler.ErrTooLarge, ui.Size(size), ui.Size(most))
		return scheduler.Permanent(err)
	}
	if coding := src.Encoded(); coding != "" {
		d.report.Warn(fmt.Sprintf("%s: the server sends it compressed (%s), though nobody asked for that; it is kept as it comes", filepath.Base(d.path), coding))
	}
	return nil
}

// most is how many bytes a file may have whose size nobody tells: what the user
// says, or else nearly all that the disk has room for.
func (d *download) most(size int64) int64 {
	if d.o.MaxSize > 0 || size >= 0 {
		return d.o.MaxSize
	}
	room, known := sink.Room(filepath.Dir(d.path))
	if !known {
		return 0
	}
	return room - room/20
}
