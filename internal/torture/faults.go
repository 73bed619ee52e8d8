package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"braid/server"
)

// The bounds of a trial. Waiting is not hanging, but has to end, too.
const (
	trialTime = 60 * time.Second
	trialName = "file.iso" // what an HTML page is not
)

// faultsRound is one download from an origin with faults, and if it fails
// another one from the same origin without them, which has to make it right.
func faultsRound(ctx context.Context, r *round) error {
	if len(r.playable()) == 0 {
		return fmt.Errorf("no fault is called %v: see braid serve --help", r.only)
	}
	t := newTrial(r)
	if len(t.faults) == 1 && barred(t.faults[0]) != "" {
		r.tally.detail("not played: " + t.faults[0] + ": " + barred(t.faults[0]))
		return nil
	}
	d := &download{seed: r.rand.Uint64(), conns: 8, path: filepath.Join(r.dir, "got")}
	d.size = (6+r.rand.Int64N(3))<<20 + r.rand.Int64N(1<<20)
	if t.faults[0] == "416-empty" {
		d.size = 0
	}
	root := filepath.Join(r.dir, "www")
	sum, err := d.publish(root)
	if err != nil {
		return err
	}
	r.note("%v with probability %v, resumed %v: %v", t.faults, t.p, t.resumed, d)
	w := &wolf{}
	o := server.Options{Root: root, Log: w.log, Rogue: server.Rogue{Faults: t.faults, Probability: t.p, Seed: r.rand.Uint64()}}
	if w.good, err = server.New(server.Options{Root: root}); err != nil {
		return err
	}
	w.kind.Store(t.resumed)
	start := servingFunc(serving)
	if encrypted(t.faults) {
		start = servingTLS(r.dir)
	}
	return start(ctx, o, w.wrap, func(og *origin) error {
		args := []string{"get", "-q", "-x", "8", "-o", d.path, "--retry-delay", "50ms", "--timeout", "2s", "--connect-timeout", "2s"}
		if og.authority != "" {
			args = append(args, "--cacert", og.authority)
		}
		if d.deceived = slices.ContainsFunc(t.faults, deceives); d.deceived && !(len(t.faults) == 1 && t.faults[0] == "gzip") {
			args = append(args, "--checksum", "sha256:"+sum)
		}
		return r.try(ctx, t, d, w, append(args, og.url+trialName))
	})
}

// A wolf is an origin that can put on a sheep's clothing.
type wolf struct {
	good     http.Handler
	kind     atomic.Bool
	requests atomic.Int64
	hostile  atomic.Int64 // answers that had something wrong
}

func (w *wolf) log(a server.Access) {
	if a.Faults != "" {
		w.hostile.Add(1)
	}
}

func (w *wolf) wrap(bad http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.requests.Add(1)
		if w.kind.Load() {
			w.good.ServeHTTP(rw, r)
		} else {
			bad.ServeHTTP(rw, r)
		}
	})
}

// try plays a trial.
func (r *round) try(ctx context.Context, t trial, d *download, w *wolf, args []string) error {
	if t.resumed && d.size > 0 {
		if err := r.begin(ctx, d, args); err != nil {
			return err
		}
	}
	w.kind.Store(false)
	w.requests.Store(0)
	out, err := r.run(ctx, harm{after: trialTime + 10*time.Second, interrupt: 10 * time.Second}, args...)
	if err != nil {
		return err
	}
	if out.harmed {
		return violated("it hung: SIGINT did not end it either")
	}
	codes, recoverable := t.codes()
	slow := out.code == 130
	wrong := !slices.Contains(codes, out.code) && !slow
	// Of a file whose end nothing but the closing of the connection tells, braid
	// does not know that it is whole, and has to say so. TLS does tell.
	d.cut = strings.Contains(out.said, "check that it is whole") && !encrypted(t.faults)
	if d.cut {
		r.tally.add("said to be unproven", 1)
	}
	s, err := d.inspect()
	d.cut = false
	if err == nil && s.named != (out.code == 0) {
		err = violated("%s, and this is there: %+v", out.how, s)
	}
	if slices.Equal(t.faults, []string{"gzip"}) && out.code == 0 && err != nil {
		err = d.inspectPacked(err)
	}
	r.tally.add("survived", int(w.hostile.Load()))
	r.tabulate(t, out, w.requests.Load(), recoverable, wrong || err != nil, slow)
	switch {
	case err != nil:
		return fmt.Errorf("%v: %w", t.faults, err)
	case wrong:
		return violated("%v with probability %v, %s: ended with %d, not in %v: %s", t.faults, t.p, t.phase(), out.code, codes, strings.TrimSpace(out.said))
	case out.code == 0:
		return nil
	}
	return r.repair(ctx, d, w, args)
}

// begin interrupts the download on a good origin, with something to go on with.
func (r *round) begin(ctx context.Context, d *download, args []string) error {
	slow := append(slices.Clone(args), "--limit-rate", "3M")
	for range 5 {
		h := harm{after: 10 * time.Second, interrupt: 10*time.Second - time.Duration(500+r.rand.IntN(800))*time.Millisecond}
		out, err := r.run(ctx, h, slow...)
		if err != nil {
			return err
		}
		s, err := d.inspect()
		if err != nil {
			return err
		}
		switch {
		case out.code == 130 && s.claimed > 0:
			return nil
		case out.code >= 0 && out.code != 130:
			return violated("a good origin, and SIGINT: %s: %s", out.how, strings.TrimSpace(out.said))
		} // else it was interrupted before it had anything
	}
	return errors.New("this machine is too busy: braid gets nothing within a second")
}

// repair gives the same command a good origin, on which it has to end well. It
// may begin anew: what it has got may be of another version. If that was false
// under true validators the checksum finds out and puts it aside, and the next
// run begins with nothing.
func (r *round) repair(ctx context.Context, d *download, w *wolf, args []string) error {
	w.kind.Store(true)
	out, err := r.run(ctx, harm{}, append(args, "--on-change", "restart")...)
	if err == nil && d.deceived && out.code == 10 {
		out, err = r.run(ctx, harm{}, args...)
	}
	if err != nil {
		return err
	}
	s, err := d.inspect()
	if err != nil {
		return fmt.Errorf("afterwards, from a good origin: %w", err)
	}
	if out.code != 0 || !s.named {
		return violated("afterwards, from a good origin: %s, and this is there: %+v: %s", out.how, s, strings.TrimSpace(out.said))
	}
	return nil
}

// tabulate takes down how a trial ended.
func (r *round) tabulate(t trial, out outcome, requests int64, recoverable, wrong, slow bool) {
	if recoverable {
		r.tally.add("recoverable", 1)
		if out.code == 0 && !wrong {
			r.tally.add("recovered", 1)
		}
	}
	cell := "right"
	switch {
	case slow:
		cell = fmt.Sprintf("not in %v", trialTime)
	case out.code != 0:
		cell = fmt.Sprintf("exit %d", out.code)
	}
	cell += fmt.Sprintf(" %.1fs %d", out.took.Seconds(), requests)
	switch {
	case wrong:
		cell += "  WRONG"
	case recoverable && out.code != 0:
		cell += "  gave up"
	}
	if !t.mix {
		r.tally.cell(t.faults[0], t.phase(), cell)
		return
	}
	if recoverable && out.code != 0 {
		r.tally.detail(fmt.Sprintf("gave up with %d: %s", out.code, strings.Join(t.faults, ", ")))
	}
	r.tally.sample("mixes, s", out.took.Seconds())
}

// publish puts the file where an origin serves it.
func (d *download) publish(root string) (sum string, err error) {
	if err := os.Mkdir(root, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(root, trialName)
	sum, err = d.write(path)
	if err != nil {
		return "", err
	}
	// Long ago, so that its tag is a strong one.
	born := time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)
	return sum, os.Chtimes(path, born, born)
}
