package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"braid/internal/bench"
	"braid/internal/ui"
	"braid/scheduler/source"
)

// runBench measures, or reads what was measured, and tells of it. What was
// measured before something went wrong is told and kept all the same.
func runBench(ctx context.Context, e *env, o benchOptions) error {
	var old *bench.Result
	var err error
	if o.Compare != "" {
		if old, err = readResult(o.Compare); err != nil {
			return err
		}
	}
	if o.New != "" {
		measured, err := readResult(o.New)
		if err != nil {
			return err
		}
		return errors.Join(writeResult(measured, o), compareResults(e, old, measured, o))
	}
	setup, done, err := o.setup()
	if err != nil {
		return err
	}
	defer done()
	w := &watcher{env: e, o: o, panel: ui.NewPanel(e.err)}
	setup.Watch = w.watch
	measured, ended := setup.Run(ctx)
	w.end()
	if measured == nil {
		return w.exit(ctx, ended)
	}
	w.result(measured)
	problem := writeResult(measured, o)
	if ended == nil {
		ended = failed(measured)
	}
	if old != nil && problem == nil && ended == nil {
		problem = compareResults(e, old, measured, o)
	}
	return w.exit(ctx, errors.Join(ended, problem))
}

func readResult(name string) (*bench.Result, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := bench.ReadResult(f)
	if err != nil {
		return nil, &usageError{problem: fmt.Sprintf("%s: %v", ui.Safe(name), err)}
	}
	return r, nil
}

// writeResult writes the files that were asked for, each whole or not at all.
func writeResult(r *bench.Result, o benchOptions) error {
	var problems []error
	for _, file := range []struct {
		name  string
		write func(io.Writer) error
	}{{o.Save, r.Save}, {o.CSV, r.CSV}, {o.HTML, r.HTML}} {
		if file.name == "" {
			continue
		}
		var b bytes.Buffer
		err := file.write(&b)
		if err == nil {
			err = writeWhole(file.name, b.Bytes())
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// compareResults tells what two results say of each other.
func compareResults(e *env, old, measured *bench.Result, o benchOptions) error {
	all, err := bench.Compare(old, measured)
	if err != nil {
		return &usageError{problem: err.Error()}
	}
	to := e.out
	if o.JSON {
		to = e.err
	}
	fmt.Fprintln(to)
	if err := bench.WriteVerdicts(to, all); err != nil {
		return err
	}
	for _, v := range all {
		if o.FailSlower >= 0 && v.Slower(o.FailSlower) {
			return fmt.Errorf("%w: %s, over -x %d, by %.1f %%, and --fail-slower allows %g %%", errSlower, v.Figure, v.Connections, max(v.Change, -v.Change)*100, 100*o.FailSlower)
		}
	}
	return nil
}

// errSlower says that a server has become slower than it may.
var errSlower = errors.New("slower than before")

// A wrongError says that some requests of a benchmark failed, and stands for the
// worst of these failures.
type wrongError struct {
	failed, all int64
	corrupt     bool // bytes were wrong, or those of another version
}

func (e *wrongError) Error() string {
	what := "failed"
	if e.corrupt {
		what = "failed, and some brought wrong bytes"
	}
	return fmt.Sprintf("%d of %d requests %s", e.failed, e.all, what)
}

// failed says whether what was measured had failures in it.
func failed(r *bench.Result) error {
	e := &wrongError{}
	for _, s := range r.Steps {
		e.failed += s.All.Failed
		e.all += s.All.Failed + s.All.Requests
		e.corrupt = e.corrupt || s.All.Errors["corrupt"].Count+s.All.Errors["changed"].Count > 0
	}
	if e.failed == 0 {
		return nil
	}
	return e
}

func benchAdvice(err error) string {
	unfit, stranger := as[*bench.UnfitError](err), as[*bench.StrangerError](err)
	switch {
	case stranger:
		return "--i-run-this-server says that it is"
	case unfit:
		return "braid bench --help says what a server needs"
	case errors.Is(err, os.ErrNotExist):
		return "check the name of the file"
	case as[*source.StatusError](err), as[*net.DNSError](err), errors.Is(err, syscall.ECONNREFUSED):
		return hintFor(err, false)
	}
	return ""
}
