// Braid downloads large files over HTTP in parallel segments, and survives
// being interrupted. See braid help.
package main

import (
	"context"
	"os"

	"braid/internal/cli"
)

func main() {
	ctx := cli.WithSignals(context.Background())
	os.Exit(cli.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr))
}
