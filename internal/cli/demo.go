package cli

import (
	"context"
	"math"
)

// demoOptions is what braid demo was told.
type demoOptions struct {
	Size int64 // bytes
	Keep bool
	screen
}

func demoCommand(e *env) *command {
	o := &demoOptions{Size: 128 << 20, screen: newScreen()}
	return &command{
		name:  "demo",
		brief: "watch a download survive an interruption, without network",
		about: "Serves a computed file on this machine, downloads it, interrupts the download, resumes it, " +
			"and compares every byte. It needs no network and leaves nothing behind.",
		examples: []example{
			{"braid demo", ""},
			{"braid demo --size 2G --keep", "larger, and keep the file"},
		},
		flags: []*option{
			{name: "size", arg: "SIZE", group: "basics", def: "128M", use: "how large the file is", set: into(&o.Size, demoSize)},
			{name: "keep", group: "basics", use: "keep the folder with the file, and say where it is", set: toggle(&o.Keep)},
			o.screen.color(),
		},
		run: func(ctx context.Context) error { return runDemo(ctx, e, *o) },
	}
}

// demoSize keeps the demonstration from being over at once, and from filling
// the disk.
func demoSize(s string) (int64, error) {
	n, err := parseSize(s)
	if err == nil && (n < 16<<20 || n > math.MaxInt32<<10) {
		err = wanted("a size from 16M to 2T")
	}
	return n, err
}
