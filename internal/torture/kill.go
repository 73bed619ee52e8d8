package main

import "context"

// killRound is one download that is killed, once or several times, and then
// finished by the same command.
func killRound(ctx context.Context, r *round) error {
	return besiege(ctx, r, plan(r.rand, r.dir, 224<<20), &siege{})
}
