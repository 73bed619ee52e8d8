// Mutants breaks braid on purpose, one line at a time, and looks whether the
// tests notice: a suite that has never failed proves nothing.
//
//	go run ./internal/mutants            # all of them
//	go run ./internal/mutants sync lock  # those with one of these words in their name
//
// It copies nothing and changes no file: the compiler is handed the broken file
// in place of the good one (go help build, -overlay). It exits with 1 if a mutant
// survives, does not compile, or no longer fits the code. To add one, add a row
// to table.go.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	root, err := moduleRoot()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	start, bad, ran := time.Now(), 0, 0
	for _, m := range table() {
		if !named(m, os.Args[1:]) {
			continue
		}
		by, err := m.run(ctx, root)
		if ctx.Err() != nil {
			fmt.Fprintln(os.Stderr, "interrupted")
			os.Exit(1)
		}
		ran++
		if err != nil {
			bad++
			by = err.Error()
		}
		fmt.Printf("%-45s %s\n", m.name, by)
	}
	fmt.Printf("%d of %d mutants were killed, in %v\n", ran-bad, ran, time.Since(start).Round(time.Second))
	if bad > 0 || ran == 0 {
		os.Exit(1)
	}
}

func named(m mutant, words []string) bool {
	for _, w := range words {
		if strings.Contains(m.name, w) {
			return true
		}
	}
	return len(words) == 0
}
