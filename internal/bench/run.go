package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"braid/scheduler/source"
	"braid/segment"
)

// A Setup is what to measure, and how. Fill it in and call Run once.
type Setup struct {
	URLs    []string
	Client  *http.Client   // one that source.Client made
	Options source.Options // of the requests
	Version string         // of braid, for the result

	Pattern  Pattern
	Mix      Mix // not used by a trace and by whole
	Load     Load
	Bounds   Bounds // of all steps and rounds together
	Rounds   int    // of each step; 0 means 1
	Sweep    []int  // numbers of connections to try; empty means Load.Connections only
	Seed     uint64
	Patience time.Duration // how long an answer may bring nothing; 0 means 15 s

	// What the bytes are compared with, if they are not a pattern's: a file of
	// KnownSize bytes, called KnownAs, or one that is fetched first and must hash
	// to Digest.
	Known     io.ReaderAt
	KnownSize int64
	KnownAs   string
	Digest    *segment.Digest

	Watch func(Live) // told four times a second how the run stands; nil means nobody watches

	temporary []*os.File
	calls     atomic.Int64 // of downloads: requests that were sent
	fetched   int64        // bytes that were, to compare with
}

// ErrOverdue says that answers were still coming long after the time was over.
var ErrOverdue = errors.New("the answers that were on their way took longer than the run")

// Run measures. The result is there even if there is an error as well, unless
// nothing was measured at all; it then says why it is partial.
func (s *Setup) Run(ctx context.Context) (*Result, error) {
	defer s.tidy()
	if s.Patience <= 0 {
		s.Patience = patience
	}
	s.Rounds = max(s.Rounds, 1)
	steps := s.Sweep
	if len(steps) == 0 {
		steps = []int{s.Load.Connections}
	}
	targets, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	r := s.result(targets)
	run := &running{Setup: s, targets: targets, steps: len(steps), seed: s.Seed}
	var ended error
	for i, n := range steps {
		var step Step
		step, ended = run.step(ctx, i, n)
		if len(step.Rounds) > 0 {
			r.Steps = append(r.Steps, step)
		}
		if ended != nil {
			break
		}
	}
	r.Total = Asked{Requests: s.calls.Load() + int64(len(targets)), Bytes: run.all.Bytes + s.fetched + int64(len(targets))}
	if s.Pattern.Kind != Whole { // whose requests are the calls
		r.Total.Requests += run.all.Requests
	}
	if ended != nil {
		r.Partial = ended.Error()
	}
	if len(r.Steps) == 0 {
		return nil, ended
	}
	if len(steps) > 1 && ended == nil {
		r.Knee = knee(r.Steps)
	}
	r.Notes = r.warnings()
	return r, ended
}

func (s *Setup) result(targets []*target) *Result {
	r := &Result{
		Schema: Schema, Program: program, Version: s.Version, Begun: time.Now().UTC().Truncate(time.Second), Machine: machine(),
		Plan: Plan{
			Pattern: s.Pattern.String(), Rate: s.Load.Rate, Think: s.Load.Think.Seconds(),
			Warmup: s.Load.Warmup.Seconds(), Cooldown: s.Load.Cooldown.Seconds(), Rounds: s.Rounds, Seed: s.Seed,
		},
	}
	if s.Pattern.Kind != Replay && s.Pattern.Kind != Whole {
		r.Plan.Block = s.Mix
	}
	for i, t := range targets {
		r.Targets = append(r.Targets, t.describe(s.URLs[i]))
	}
	return r
}

// running is a Setup while it runs.
type running struct {
	*Setup
	targets []*target
	steps   int
	seed    uint64
	all     Count // that was asked, measured or not
}

// step plays the rounds with n connections. Its figures are of the rounds that
// were begun, even if the last did not come to its end.
func (run *running) step(ctx context.Context, i, n int) (step Step, ended error) {
	step.Connections = n
	load := run.Load
	load.Connections = n
	ctx, cancel := context.WithCancelCause(ctx) // connections live as long as it does
	defer cancel(nil)
	guns, done := run.guns(n)
	defer done()
	all, first, last := Count{}, newHistogram(), newHistogram()
	seconds, cpu, offset := 0.0, 0.0, time.Duration(0)
	var rates []float64
	for nth := range run.Rounds {
		bounds := run.Bounds.share(i*run.Rounds+nth, run.steps*run.Rounds)
		r := newRound(load, bounds, time.Now())
		look := &sampler{round: r, watch: run.Watch, offset: offset, live: Live{
			Step: i + 1, Steps: run.steps, Round: nth + 1, Rounds: run.Rounds, Connections: n, Bounds: bounds, Rates: rates,
		}}
		var f Figures
		f, ended = run.round(ctx, cancel, r, look, guns)
		rates = look.live.Rates
		c, h1, h2, _ := r.record.sum()
		run.all.join(c)
		run.all.Requests += r.beside.Load()
		run.all.Bytes += r.spill.Load()
		if c.Requests+c.Failed+c.Unsent > 0 {
			all.join(c)
			first.Merge(h1)
			last.Merge(h2)
			seconds += f.Seconds
			cpu += f.CPU
			step.Rounds = append(step.Rounds, f)
			step.Timeline = append(step.Timeline, look.seconds...)
			offset += time.Duration(f.Seconds * float64(time.Second))
		}
		load.Warmup = 0 // the server is warm
		if ended != nil {
			break
		}
	}
	step.All = figures(all, seconds, first, last)
	step.All.spent(time.Duration(cpu*float64(time.Second)), seconds)
	step.Curve = curveOf(last)
	return step, ended
}

// round plays one round to its end, or until the server is gone, or ctx ends.
func (run *running) round(ctx context.Context, cancel context.CancelCauseFunc, r *round, look *sampler, guns []gun) (Figures, error) {
	if limit := r.left.bounds.Duration; limit > 0 {
		overdue := time.AfterFunc(r.load.Warmup+2*limit+r.load.Cooldown+run.Patience, func() { cancel(ErrOverdue) })
		defer overdue.Stop()
	}
	var sampling sync.WaitGroup
	looking, stop := context.WithCancel(context.WithoutCancel(ctx))
	sampling.Go(func() { look.run(looking) })
	ended := r.run(ctx, cancel, guns)
	stop()
	sampling.Wait()
	c, first, last, done := r.record.sum()
	if ended != nil && c.Unsent+c.Failed+c.Requests > 0 && gone(ended) {
		done = time.Now()
	}
	f := figures(c, r.seconds(done), first, last)
	f.spent(look.spent, look.spentIn)
	return f, ended
}

// guns makes one for each worker; those of several targets are dealt out by turns.
func (run *running) guns(n int) (all []gun, done func()) {
	if run.Pattern.Kind == Whole {
		t := run.targets[0]
		d := &download{source: t.source, known: t.known, workers: n, stall: run.Patience, calls: &run.calls}
		return []gun{d}, func() { run.Client.CloseIdleConnections() }
	}
	walks := make([]*walk, len(run.targets))
	for i, t := range run.targets {
		walks[i] = newWalk(run.Pattern, run.Mix, t.source.Identity().Size, run.seed+uint64(i))
	}
	for i := range n {
		which := i % len(run.targets)
		all = append(all, newSingle(run.Client, run.targets[which], walks[which], run.Patience))
	}
	return all, func() {
		for _, g := range all {
			g.close()
		}
	}
}

// busy is the share of all processors from which on the client is a bottleneck.
const busy = 0.5

// warnings are what whoever reads the figures should know.
func (r *Result) warnings() (notes []string) {
	for _, s := range r.Steps {
		f := s.All
		if f.Share >= busy {
			notes = append(notes, fmt.Sprintf("at %d connections the client used %.0f %% of this machine's %d processors: the figures are as much the client's as the server's",
				s.Connections, 100*f.Share, r.Machine.Processors))
		}
		if f.Unsent > 0 {
			notes = append(notes, fmt.Sprintf("at %d connections %d of %d requests that were due could not be sent in time: the rate is more than the server, or the connections, can do",
				s.Connections, f.Unsent, f.Unsent+f.Requests+f.Failed))
		}
	}
	for _, t := range r.Targets {
		if t.Checked == "" {
			notes = append(notes, fmt.Sprintf("the bytes of %s were counted and not compared, since nobody says what they should be: --verify FILE compares them", t.URL))
		}
	}
	return notes
}
