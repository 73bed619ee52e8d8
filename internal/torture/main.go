package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// The exit statuses.
const (
	exitOK       = 0
	exitViolated = 1
	exitUnable   = 2
)

// A mode is one way to ill-treat braid.
type mode struct {
	name   string
	rounds int           // if none are asked for
	lanes  int           // how many rounds are played at once, likewise
	disks  bool          // it mounts some
	alone  bool          // it is no part of all
	span   time.Duration // how long it goes on if nothing else is asked for; 0 means until its rounds are played
	// missing says why the mode cannot be played here, or "".
	missing func() string
	// lane plays the rounds that come, until there are no more.
	lane func(ctx context.Context, c *campaign, rounds <-chan *round) error
}

// modes are in the order in which all plays them.
func modes() []mode {
	return []mode{
		{name: "kill", rounds: 200, lanes: 8, missing: nothing, lane: each(killRound)},
		{name: "power", rounds: 200, lanes: 6, disks: true, missing: unpluggable, lane: powerLane},
		{name: "eio", rounds: 100, lanes: 6, disks: true, missing: unpluggable, lane: eioLane},
		{name: "stall", rounds: 32, lanes: 16, missing: nothing, lane: each(stallRound)},
		{name: "manners", rounds: 48, lanes: 16, missing: nothing, lane: each(mannersRound)},
		{name: "faults", rounds: 400, lanes: 16, missing: nothing, lane: each(faultsRound)},
		{name: "soak", rounds: 1, lanes: 1, alone: true, missing: unreadable, span: 30 * time.Minute, lane: each(soakRound)},
		{name: "attacks", rounds: len(attacks()), lanes: 1, alone: true, missing: unreadable, span: 55 * time.Second, lane: each(attacksRound)},
	}
}

func nothing() string { return "" }

// options are what the command line says.
type options struct {
	mode   string
	rounds int // 0 means as many as the mode has by itself
	first  int
	seed   uint64
	lanes  int           // 0 means as many as the mode has by itself
	braid  string        // "" means that it is built
	with   string        // more arguments for braid
	only   string        // names of faults; "" means all
	watch  bool          // the calls of braid can be watched
	dir    string        // where folders are made; "" means the system's place for such
	span   time.Duration // how long a mode with a span goes on; 0 means as long as it does by itself
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	all := args
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		o.mode, args = args[0], args[1:]
	}
	flags := flag.NewFlagSet("torture", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&o.rounds, "rounds", 0, "how many downloads each mode plays")
	flags.IntVar(&o.first, "first", 0, "the number of the first round: to play one again, with -rounds 1")
	flags.Uint64Var(&o.seed, "seed", rand.Uint64N(1<<32), "what all chance is made of")
	flags.IntVar(&o.lanes, "lanes", 0, "how many rounds are played at once")
	flags.StringVar(&o.braid, "braid", "", "the program to torture (default: built from this module)")
	flags.StringVar(&o.with, "with", "", "more arguments for every run of braid get, between blanks")
	flags.StringVar(&o.only, "only", "", "the faults that the mode faults plays, between commas (default: all)")
	flags.DurationVar(&o.span, "for", 0, "how long the modes soak (default 30m) and attacks (55s) go on")
	flags.StringVar(&o.dir, "dir", "", "where the rounds have their folders (default: a temporary one)")
	if err := flags.Parse(args); err != nil {
		return exitUnable
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "torture: %q comes after the flags: give the mode first\n", flags.Arg(0))
		return exitUnable
	}
	brief := false
	flags.Visit(func(f *flag.Flag) { brief = brief || f.Name == "for" && o.span <= 0 })
	if brief {
		fmt.Fprintf(stderr, "torture: -for %v is no time: say -for 30m\n", o.span)
		return exitUnable
	}
	chosen, err := choose(o.mode)
	if err == nil && os.Getenv(insideEnv) == "" && slices.ContainsFunc(chosen, func(m mode) bool { return m.disks && m.missing() == "" }) {
		var code int
		if code, err = inside(ctx, all, stdout, stderr); err == nil {
			return code
		}
	}
	violations := 0
	if err == nil {
		violations, err = torture(ctx, chosen, o, stdout)
	}
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "torture:", err)
		return exitUnable
	case violations > 0:
		return exitViolated
	}
	return exitOK
}

// choose finds the mode of that name; all of them are all or "".
func choose(name string) (chosen []mode, err error) {
	for _, m := range modes() {
		if name == m.name || !m.alone && (name == "" || name == "all") {
			chosen = append(chosen, m)
		}
	}
	if len(chosen) == 0 {
		err = fmt.Errorf("no mode is called %q: see go doc ./internal/torture", name)
	}
	return chosen, err
}

// torture plays the modes and counts the violations.
func torture(ctx context.Context, chosen []mode, o options, out io.Writer) (violations int, err error) {
	if os.Getenv(insideEnv) != "" {
		if err := secluded(); err != nil {
			return 0, err
		}
	}
	dir, err := os.MkdirTemp(o.dir, "braid-torture-")
	if err != nil {
		return 0, err
	}
	// Only if it is empty: what a violation has kept stays.
	defer os.Remove(dir)
	if o.braid == "" {
		o.braid = filepath.Join(dir, "braid")
		defer os.Remove(o.braid)
		if err := build(ctx, o.braid); err != nil {
			return 0, err
		}
	}
	blind := watchable(ctx, o.braid, dir)
	o.watch = blind == ""
	if !o.watch {
		fmt.Fprintf(out, "points are skipped, harm comes at random instants only: %s\n", blind)
	}
	total := &total{}
	for _, m := range chosen {
		if why := m.missing(); why != "" {
			fmt.Fprintf(out, "%s: skipped: %s\n", m.name, why)
			continue
		}
		if err := m.play(ctx, o, dir, out, total); err != nil {
			return total.violations, err
		}
	}
	total.print(out)
	return total.violations, ctx.Err()
}

// build makes the program that is tortured.
func build(ctx context.Context, path string) error {
	c := exec.CommandContext(ctx, "go", "build", "-o", path, "braid")
	said, err := c.CombinedOutput()
	if err != nil {
		return errors.Join(fmt.Errorf("building braid: %w", err), errors.New(string(said)))
	}
	return nil
}
