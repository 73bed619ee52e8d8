package cli

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"braid/internal/ui"
	"braid/scheduler"
	"braid/scheduler/source"
)

// shared is what the downloads of a run have in common.
type shared struct {
	client  *http.Client // so that connections are used again
	limiter scheduler.Limiter
	hosts   *hosts
	counts  *counts
	targets *targets
	report  ui.Reporter
	many    bool // there is more than one
}

// A batch is the downloads of one run, and how they end.
type batch struct {
	*shared
	o      *getOptions
	logins source.Netrc

	mu        sync.Mutex
	ok        int
	resumable int
	failed    []error // the first of each kind
	kinds     map[failing]bool
}

// A failing is all that the end of the run asks of an error.
type failing struct {
	code int
	sink bool
}

// run fetches all entries, as many at once as the user wants, in order. Once
// ctx has ended none is begun any more, and those that are under way end as one
// would alone.
func (b *batch) run(ctx context.Context, all []entry) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if len(all) > 1 {
		b.report.Expect(len(all))
	}
	var begun atomic.Int64
	var crashed atomic.Pointer[crash]
	var workers sync.WaitGroup
	for range min(b.o.Jobs, len(all)) {
		workers.Go(func() {
			defer func() {
				if fault := recover(); fault != nil {
					crashed.CompareAndSwap(nil, &crash{fault, debug.Stack()})
					stop()
				}
			}()
			for ctx.Err() == nil {
				i := int(begun.Add(1)) - 1
				if i >= len(all) {
					return
				}
				b.fetch(ctx, i+1, all[i])
			}
		})
	}
	workers.Wait()
	if c := crashed.Load(); c != nil {
		panic(c)
	}
	if int(begun.Load()) < len(all) {
		b.failed = append(b.failed, context.Cause(ctx))
	}
	err := together(ctx, b.ok, b.failed)
	b.report.Exit(ui.Exit{Code: exitCode(ctx, err), OK: b.ok, Failed: len(all) - b.ok, Resumable: b.resumable})
	if err != nil {
		return reported{err}
	}
	return nil
}

// A crash is a panic of another goroutine, for Run to tell of.
type crash struct {
	fault any
	stack []byte
}

func (b *batch) fetch(ctx context.Context, id int, e entry) {
	o := b.o.of(e)
	d := &download{shared: b.shared, o: o.loggedIn(e.url, b.logins), url: e.url, path: o.target(e.url)}
	r := d.run(ctx, id)
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.Err == nil {
		b.ok++
		return
	}
	if r.Resumable {
		b.resumable++
	}
	kind := failing{r.Code, errors.Is(r.Err, scheduler.ErrSink)}
	if !b.kinds[kind] { // a million errors are as good as one
		b.kinds[kind] = true
		b.failed = append(b.failed, r.Err)
	}
}
