package cli

import "context"

// statusOptions is what braid status was told.
type statusOptions struct {
	Paths  []string // files, their checkpoints, or folders; at least one
	Ranges bool
	JSON   bool
}

func statusCommand(e *env) *command {
	o := &statusOptions{}
	return &command{
		name:  "status",
		args:  "[FILE|DIR…]",
		brief: "show how interrupted downloads stand",
		about: "Shows what is known of downloads that are not complete: how much is there, of which " +
			"version of the file, and whether a braid is at work on it. It reads FILE.part.ck, changes nothing " +
			"and asks no server. Without an argument it looks into this folder.",
		examples: []example{
			{"braid status big.iso", "one download"},
			{"braid status --ranges big.iso", "and which bytes are missing"},
		},
		flags: []*option{
			{name: "ranges", group: "basics", use: "list the bytes that are missing", set: toggle(&o.Ranges)},
			{name: "json", group: "screen", use: "one JSON object a line", set: toggle(&o.JSON)},
		},
		validate: o.validate,
		run:      func(ctx context.Context) error { return runStatus(ctx, e, *o) },
	}
}

func (o *statusOptions) validate(args []string) error {
	for _, arg := range args {
		if arg == "" {
			return &usageError{problem: "the name of a file is empty"}
		}
	}
	o.Paths = args
	if len(args) == 0 {
		o.Paths = []string{"."}
	}
	return nil
}
