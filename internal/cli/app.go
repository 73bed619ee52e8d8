// Package cli is the words people type: it turns them into options, and errors
// into exit codes. It is the only importer of urfave/cli.
//
// A command is a function that returns a *command; commands lists them all.
// Its flags are a table, from which the parser, the help and the rewriting of
// the command line are made. Below this package nobody knows that flags exist.
//
// A get is read in this order: runGet makes what the files of a run share, batch
// fetches -j of them at once, download takes each from its URL to its name.
// Shared are the client, the limit on the rate, and the hosts: of each the
// scheduler.Host, where every request takes a place, all under one
// scheduler.Budget of --max-connections. With -x auto each job gets a
// scheduler.Climb, and counts remembers from run to run what it found out.
//
// The rules: data goes to stdout, messages to stderr; flags may stand anywhere;
// an error is one line that names the next step.
package cli

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"braid/internal/ui"
)

// env is what a command may touch of the world.
type env struct {
	in       io.Reader
	out, err io.Writer
}

// Run does what args say, as os.Args holds them, and returns the exit code. It
// neither ends the process nor looks at its signals: an ended ctx stops it, and
// its cause may be a SignalError. A panic, which is a fault of braid, becomes an
// error like any other.
func Run(ctx context.Context, args []string, in io.Reader, out, err io.Writer) (code int) {
	defer func() {
		if fault := recover(); fault != nil {
			at := debug.Stack()
			if c, ok := fault.(*crash); ok {
				fault, at = c.fault, c.stack
			}
			fmt.Fprintf(err, "braid: internal error: %s\n%s", ui.Safe(fmt.Sprint(fault)), at)
			code = exitOther
		}
	}()
	e := &env{in: in, out: out, err: err}
	all := commands(e)
	words, problem := normalize(all, args)
	if problem == nil {
		problem = newApp(e, all).RunContext(ctx, words)
	}
	if problem != nil && !told(problem) {
		fmt.Fprintln(e.err, "braid: "+message(problem))
	}
	return exitCode(ctx, problem)
}

// A command is one row of the table: what can be typed, what help says of it,
// and what it does.
type command struct {
	name     string
	args     string // what it takes besides flags, as help writes it: "URL…"
	brief    string // a few words, for the list of commands
	about    string // what its help begins with
	examples []example
	flags    []*option
	validate func(args []string) error // looks at flags and arguments together; nil takes no argument
	run      func(ctx context.Context) error
	advise   func(error) string // what the user can do about an error of run, or ""; nil knows nothing

	help bool // -h was given
}

type example struct{ line, what string }

func commands(e *env) []*command {
	all := []*command{
		getCommand(e),
		serveCommand(e),
		checkCommand(e),
		benchCommand(e),
		statusCommand(e),
		demoCommand(e),
		versionCommand(e),
		helpCommand(e),
	}
	for _, c := range all {
		c.flags = append(c.flags, &option{name: "help", aliases: []string{"h"}, use: "show this help", group: "screen", set: toggle(&c.help)})
	}
	return all
}

// newApp hands the table to the library. Its own help, version, suggestions and
// exits are off: they print to stdout, and end the process from inside.
func newApp(e *env, all []*command) *cli.App {
	app := &cli.App{
		Name:           "braid",
		Reader:         e.in,
		Writer:         e.out,
		ErrWriter:      e.err,
		HideHelp:       true,
		HideVersion:    true,
		ExitErrHandler: func(*cli.Context, error) {},
	}
	for _, c := range all {
		flags := make([]cli.Flag, len(c.flags))
		for i, f := range c.flags {
			flags[i] = f
		}
		app.Commands = append(app.Commands, &cli.Command{
			Name:     c.name,
			HideHelp: true,
			Flags:    flags,
			OnUsageError: func(_ *cli.Context, err error, _ bool) error {
				return c.wrong(err)
			},
			Action: func(ctx *cli.Context) error { return c.do(ctx.Context, e, ctx.Args().Slice()) },
		})
	}
	return app
}

// do runs the command once its flags are set.
func (c *command) do(ctx context.Context, e *env, args []string) error {
	if c.help {
		_, err := io.WriteString(e.out, c.manual(width(e.out)))
		return err
	}
	if c.validate == nil && len(args) > 0 {
		return c.usage("%s takes no argument, not %q", c.name, args[0])
	}
	if c.validate != nil {
		if err := c.validate(args); err != nil {
			return c.wrong(err)
		}
	}
	err := c.run(ctx)
	if err != nil && c.advise != nil {
		return advised{err, c.advise(err)}
	}
	return err
}

// width is how wide help is written: as the terminal, but no wider than one
// likes to read.
func width(out io.Writer) int {
	if w := ui.Width(out); w > 0 {
		return max(min(w, 100), 40)
	}
	return 80
}
