package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// parts are what this program plays when it starts itself.
var parts = map[string]func(ctx context.Context, args []string) error{
	"origin": playOrigin,
	"raw":    playRaw,
	"engine": playEngine,
	"launch": playLaunch,
	"load":   playLoad,
}

// options are what the command line says.
type options struct {
	pairs  int
	size   int64  // bytes; 0 means as many as the scenario has by itself
	x      int    // connections; 0 means as many as the scenario has by itself
	dir    string // where the files go; "" means the current folder
	braid  string // "" means that it is built
	args   []string
	vs     []string // nil means all
	origin string   // of the scenario wan
	link   float64  // Mbit/s; 0 means not known
	json   string
	list   bool
	names  []string // of scenarios; none means all that can be run
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("versus", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: go run ./internal/versus [flags] [SCENARIO…]")
		flags.PrintDefaults()
	}
	flags.IntVar(&o.pairs, "pairs", 7, "how many pairs of runs are measured")
	flags.Func("size", "how many bytes are fetched, as in 256M (default: see -list)", func(s string) (err error) {
		o.size, err = parseSize(s)
		return err
	})
	flags.IntVar(&o.x, "x", 0, "how many connections (default: the scenario's)")
	flags.StringVar(&o.dir, "dir", "", "the folder whose file system is used (default: the current one)")
	flags.StringVar(&o.braid, "braid", "", "the program to measure (default: built from this module)")
	flags.Func("args", "more arguments for braid, between blanks; an -x among them takes the place of the scenario's", func(s string) error {
		o.args = strings.Fields(s)
		return nil
	})
	flags.Func("vs", "the only ones to compare with, between commas, as in aria2c,raw-file", func(s string) error {
		o.vs = strings.Split(s, ",")
		return nil
	})
	flags.StringVar(&o.origin, "origin", "", "the URL of a file, for the scenario wan")
	flags.Float64Var(&o.link, "link", 0, "the rate of the link to -origin in Mbit/s")
	flags.StringVar(&o.json, "json", "", "the file that is given all samples")
	flags.BoolVar(&o.list, "list", false, "list the scenarios")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.names = flags.Args()
	for _, name := range o.names {
		if strings.HasPrefix(name, "-") {
			return o, fmt.Errorf("%s comes after a scenario: give the flags first", name)
		}
		if !slices.ContainsFunc(scenarios(), func(s scenario) bool { return s.name == name }) {
			return o, fmt.Errorf("no scenario is called %q: see -list", name)
		}
	}
	if o.pairs < 1 || o.x < 0 || o.x > 256 || o.link < 0 {
		return o, fmt.Errorf("out of range: -pairs %d, -x %d or -link %g", o.pairs, o.x, o.link)
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		if part, ok := parts[args[0]]; ok {
			if err := part(ctx, args[1:]); err != nil {
				fmt.Fprintf(stderr, "versus %s: %v\n", args[0], err)
				return 1
			}
			return 0
		}
	}
	o, err := parse(args, stderr)
	if err == flag.ErrHelp {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "versus:", err)
		return 2
	}
	if o.list {
		for _, s := range scenarios() {
			fmt.Fprintf(stdout, "%-16s%s\n", s.name, s.about)
		}
		return 0
	}
	if err := compare(ctx, o, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "versus:", err)
		return 1
	}
	return 0
}
