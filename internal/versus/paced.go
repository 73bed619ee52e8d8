package main

import (
	"context"
	"fmt"
	"strconv"
)

// megabytes is what the rates of the scenarios are in.
const megabytes = 1_000_000

// perConnection is the rate of the scenarios whose connections have one.
const perConnection = 8 * megabytes

// playCapped is about how many connections braid makes by itself. Nginx lets
// each answer begin with a second's worth, so less than the ideal is possible.
func playCapped(ctx context.Context, b *bench, size int64) error {
	const best = 16
	file, err := fixture(b.root, size)
	if err != nil {
		return err
	}
	w, err := b.serve(ctx, spec{root: b.root, rate: perConnection})
	if err != nil {
		return err
	}
	defer w.stop()
	f := fetch{url: w.url + file, size: size, n: b.o.x}
	return b.hold(ctx, contest{
		name: "capped", size: size, verify: isOut(size),
		ours:   b.braidGet("braid", f, "--durability=relaxed"),
		ideals: []ideal{{"ideal of 16", sample{Wall: float64(size) / (best * perConnection)}}},
	})
}

// ill is about a connection to which something happens. The ideal loses nothing:
// it makes a connection that dies at once anew.
func ill(how string) func(context.Context, *bench, int64) error {
	return func(ctx context.Context, b *bench, size int64) error {
		n := b.connections(8)
		if n <= sick {
			return fmt.Errorf("connection %d is the one that is ill: there must be as many", sick+1)
		}
		worth, name := float64(n), how // how many whole connections they are worth
		if how == "slow" {
			worth, name = float64(n-1)+1.0/slower, "uneven"
		}
		w, err := b.serveOwn(ctx, spec{rate: perConnection, ill: how, after: size / int64(n) / 2})
		if err != nil {
			return err
		}
		defer w.stop()
		f := fetch{url: w.pattern(size), size: size, n: n}
		return b.hold(ctx, contest{
			name: name, size: size, verify: isOut(size),
			ours:   b.braidGet("braid -x "+strconv.Itoa(n), f, "--durability=relaxed"),
			theirs: b.asked(f, "aria2c", "axel"),
			ideals: []ideal{{"ideal", sample{Wall: float64(size) / (worth * perConnection)}}},
		})
	}
}

// asked are the rivals of a scenario that has none unless -vs names them.
func (b *bench) asked(f fetch, names ...string) []entrant {
	if b.o.vs == nil {
		return nil
	}
	return b.rivals(f, names...)
}

// pattern is the URL of a virtual file of our own origin.
func (w *web) pattern(size int64) string { return w.url + "pattern/" + strconv.FormatInt(size, 10) }

func playDurability(ctx context.Context, b *bench, size int64) error {
	return b.twoWays(ctx, "durability", spec{total: 300 * megabytes}, size,
		way{name: "default durability"},
		way{name: "relaxed", flags: []string{"--durability=relaxed"}})
}

func playChecksum(ctx context.Context, b *bench, size int64) error {
	sum, err := patternDigest(size)
	if err != nil {
		return err
	}
	return b.twoWays(ctx, "checksum", spec{total: 400 * megabytes}, size,
		way{name: "with --checksum", flags: []string{"--durability=relaxed", "--checksum=sha256:" + sum}},
		way{name: "without", flags: []string{"--durability=relaxed"}})
}

// A way is braid with some flags.
type way struct {
	name  string
	flags []string
}

// twoWays is braid against itself.
func (b *bench) twoWays(ctx context.Context, name string, s spec, size int64, one, other way) error {
	w, err := b.serveOwn(ctx, s)
	if err != nil {
		return err
	}
	defer w.stop()
	f := fetch{url: w.pattern(size), size: size, n: b.o.x}
	return b.hold(ctx, contest{
		name: name, size: size, verify: isOut(size),
		ours:   b.braidGet(one.name, f, one.flags...),
		theirs: []entrant{b.braidGet(other.name, f, other.flags...)},
		ideals: []ideal{{"line rate", sample{Wall: float64(size) / float64(s.total)}}},
	})
}

// playMemory is about what the engine takes for a file that is large.
func playMemory(ctx context.Context, b *bench, missing int64) error {
	const whole = 500 << 30
	if missing > whole || missing < hole {
		return fmt.Errorf("%d bytes cannot be missing in runs of %d", missing, hole)
	}
	missing = missing / hole * hole
	w, err := b.serveOwn(ctx, spec{})
	if err != nil {
		return err
	}
	defer w.stop()
	counts := []int{4, 16, 64}
	if b.o.x > 0 {
		counts = []int{b.o.x}
	}
	for _, n := range counts {
		count := strconv.Itoa(n)
		argv := []string{b.self, "engine", "-url", w.pattern(whole), "-missing", strconv.FormatInt(missing, 10), "-n", count}
		err := b.hold(ctx, contest{
			name: "memory", size: missing,
			ours:   entrant{name: "engine, " + count + " connections", argv: func(string) []string { return argv }, none: true},
			ideals: []ideal{{"20 MiB + 1.25 MiB × " + count, sample{Peak: 20 + 1.25*float64(n)}}},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
