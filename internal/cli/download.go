package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"braid/internal/ui"
	"braid/scheduler"
	"braid/scheduler/sink"
	"braid/scheduler/source"
	"braid/segment"
)

// A download is one URL on its way to one file.
type download struct {
	*shared
	o    *getOptions
	url  string
	path string
	show ui.Transfer

	host  *scheduler.Host // where the answer that is open has a place; nil if there is none
	early *source.HTTP    // asked before the file had a name; nil if not, or taken
	whole bool            // ranges were lies: the file is asked for whole
	fresh bool            // caches are told to stand aside
	began bool            // the file on disk was begun, or gone on with
}

// run fetches the file, start to finish, and tells the reporter how it ended.
func (d *download) run(ctx context.Context, id int) ui.Result {
	started := time.Now()
	d.show = d.report.Begin(id, d.url, d.path)
	r := ui.Result{}
	r.Err = d.fetch(ctx, &r)
	r.Output = d.path
	r.Elapsed = time.Since(started)
	if r.Err != nil {
		if cause, ok := errors.AsType[SignalError](context.Cause(ctx)); ok && !errors.Is(r.Err, scheduler.ErrSink) {
			r.Err = cause
		}
		r.Code, _ = judge(r.Err)
		r.Hint = hintFor(r.Err, r.Resumable)
		r.Kind, r.Status = kind(r.Code), status(r.Err)
	}
	d.show.End(r)
	return r
}

// maxAnew is how often a download may begin anew within one run.
const maxAnew = 3

// fetch tries until the file is there, or nothing more can be done without the
// user. It begins anew if what came cannot be gone on with and may be dropped:
// because the file has changed and the user has said so, or because ranges turn
// out to be lies and nothing of an earlier run is at stake.
func (d *download) fetch(ctx context.Context, r *ui.Result) error {
	if d.o.makes() {
		if err := os.MkdirAll(filepath.Dir(d.path), 0o777); err != nil {
			return err
		}
	}
	if d.o.HeaderName && (d.o.Output == "" || isFolder(d.o.place(d.o.Output))) {
		if err := d.name(ctx, r); err != nil {
			return err
		}
		defer func() {
			if d.early != nil {
				d.early.Close()
				d.leave()
			}
		}()
	}
	if err := d.targets.take(d.path); err != nil {
		return err
	}
	if name := filepath.Base(d.path); source.Launcher(name) {
		d.report.Warn(name + ": opening a file of this kind starts what it says; look into it first")
	}
	for anew := 0; ; anew++ {
		err := d.once(ctx, r)
		switch {
		case err == nil || ctx.Err() != nil || anew == maxAnew:
			return err
		case errors.Is(err, scheduler.ErrChanged) && !d.began && !d.fresh:
			d.fresh = true // it may be a cache on the way that has an old version
			continue
		case errors.Is(err, scheduler.ErrNoRanges) && d.began && r.Resumed == 0 && !d.whole:
			d.whole = true
		case errors.Is(err, scheduler.ErrChanged) && d.began && d.o.Restart:
		default:
			return err
		}
		d.report.Note(filepath.Base(d.path) + ": beginning anew: " + err.Error())
	}
}

// once is one try, start to finish: lock the file and look what an earlier run
// left; ask the server; run the job; verify; give the file its name.
func (d *download) once(ctx context.Context, r *ui.Result) (err error) {
	d.began = false
	dst, err := sink.Open(d.path, d.sinkOptions())
	if err != nil {
		return err
	}
	defer func() {
		closed := dst.Close()
		if err == nil {
			err = closed
		}
		if err != nil {
			r.Saved = dst.Resumable()
			r.Resumable = r.Saved > 0
		}
	}()
	if dst.Finished() {
		r.Bytes = dst.Size()
		d.report.Note(filepath.Base(d.path) + ": it was complete already; only its checkpoint was left")
		return d.commit(ctx, dst, d.o.Checksum, nil, r)
	}

	cool := d.warm(ctx)
	defer cool()
	src, err := d.probe(ctx, dst.Missing(), r)
	if err != nil {
		return err
	}
	defer d.leave()
	defer src.Close()
	if err := d.expected(src); err != nil {
		return err
	}
	id := src.Identity()
	remote := sink.Remote{Identity: id, Host: src.Host(), Plain: src.Whole(), Source: src, Fickle: src.Fickle}
	err = dst.Begin(ctx, remote)
	for _, note := range dst.Notes() {
		d.report.Note(note)
	}
	if err != nil {
		return err
	}
	d.began = true
	r.Bytes, r.Resumed = id.Size, dst.Resumable()
	d.show.Probe(id, src.Ranges(), src.Proto(), r.Resumed)
	switch {
	case src.Ranges() || id.Size == 0:
	case remote.Plain:
		d.report.Warn(filepath.Base(d.path) + ": the server serves no ranges: one connection, and an interruption begins anew")
	default:
		d.report.Warn(filepath.Base(d.path) + ": the server serves no ranges: one connection, and after an interruption it has to send again what is there")
	}

	rest := max(id.Size-r.Resumed, 0)
	if remote.Plain || d.workers(rest) == 1 {
		cool()
	}
	h, err := d.transfer(ctx, src, dst, remote, rest, r)
	if err != nil {
		return err
	}
	if src.Unproven() {
		d.report.Warn(filepath.Base(d.path) + ": the server did not say how long the file is, and closed the connection: check that it is whole")
	}
	if d.o.RemoteTime && !id.Modified.IsZero() {
		dst.SetModified(id.Modified)
	}
	return d.commit(ctx, dst, d.digest(src), h, r)
}

// transfer runs the job that brings the rest of the file, so many bytes. h has
// hashed what came meanwhile; it is nil if nobody knows what that should be.
func (d *download) transfer(ctx context.Context, src *source.HTTP, dst *sink.File, remote sink.Remote, rest int64, r *ui.Result) (h *hasher, err error) {
	var climb *scheduler.Climb
	if !remote.Plain { // which is one request, whatever anybody says
		climb = d.climb(src.Host(), rest)
	}
	job := &scheduler.Job{
		Source:  src,
		Sink:    dst,
		Grid:    dst.Grid(),
		Done:    dst.Done(),
		Begun:   dst.Begun(),
		Plain:   remote.Plain,
		Workers: d.workers(rest),
		Retry:   d.retry(),
		Stall:   d.o.Timeout,
		Most:    d.most(remote.Identity.Size),
		Host:    d.host,
		Entered: true,
		Limiter: d.limiter,
		Events: func(e scheduler.Event) {
			if e.Kind == scheduler.EventSave {
				dst.Know(src.Identity())
			}
			d.event(e, climb)
		},
	}
	if climb != nil {
		job.Pacer = climb
	}
	d.host = nil // the job gives it back
	if digest := d.digest(src); digest != nil {
		h = follow(ctx, *digest, dst, job.Prefix)
		defer h.rest()
	}
	stop := d.show.Watch(job)
	err = job.Run(ctx)
	stop()
	dst.Know(src.Identity())
	s := job.Stats()
	r.Bytes = s.Written
	r.Wire += s.Fetched
	r.Retries += s.Retries
	d.remember(climb, src.Host(), s)
	return h, err
}

// digest is what the file should hash to, as the user says or else the server;
// nil if nobody does.
func (d *download) digest(src *source.HTTP) *segment.Digest {
	if d.o.Checksum != nil {
		return d.o.Checksum
	}
	if told, ok := src.Digest(); ok && src.Encoded() == "" {
		return &told
	}
	return nil
}

func (d *download) retry() scheduler.Retry {
	r := scheduler.Retry{Tries: d.o.Retries, Min: d.o.RetryDelay, Max: scheduler.DefaultRetry.Max}
	r.Max = max(r.Max, r.Min)
	return r
}

func (d *download) event(e scheduler.Event, c *scheduler.Climb) {
	switch e.Kind {
	case scheduler.EventRetry:
		d.show.Retry(e)
	case scheduler.EventPace:
		d.paced(c)
	}
}

// commit verifies the file, if the user or the server has said what it should
// hash to, and gives it its name. h has hashed a part of it, if it is not nil.
func (d *download) commit(ctx context.Context, dst *sink.File, digest *segment.Digest, h *hasher, r *ui.Result) error {
	if digest == nil {
		return dst.Commit(nil)
	}
	err := dst.Commit(func(file *io.SectionReader) error {
		if h == nil || h.digest.String() != digest.String() {
			h = &hasher{digest: *digest, hash: digest.Hash()}
		}
		stop := d.show.Verify(digest.Algorithm, r.Bytes, h.at.Load)
		defer stop()
		return h.check(ctx, file, file.Size())
	})
	if err == nil {
		r.Verified = digest.String()
	}
	return err
}
