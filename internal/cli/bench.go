package cli

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"braid/internal/bench"
)

// benchOptions is what braid bench was told, checked as far as one can without
// network and disk.
type benchOptions struct {
	URLs []string // with Compare perhaps none: then New is there

	Pattern     bench.Pattern
	Trace       string // a file of offsets and lengths; "" means none
	Mix         bench.Mix
	Connections int
	Rate        float64
	Think       time.Duration
	Sweep       []int

	Bounds   bench.Bounds
	Warmup   time.Duration
	Cooldown time.Duration
	Rounds   int // 0 means not said
	Seed     int
	Timeout  time.Duration
	Connect  time.Duration

	Verify string // a file, or a checksum; "" means neither
	Own    bool   // the server is the user's, wherever it stands

	Save, CSV, HTML string // files to write
	Compare, New    string // results to hold against each other; New "" means what is measured now
	FailSlower      float64

	Header    http.Header
	UserAgent string
	Insecure  bool
	CACert    string

	screen
}

// What may be asked of a server of which nobody said that it is the user's own to
// burden.
const (
	usualConnections = 64
	mostBench        = 4096
)

func benchCommand(e *env) *command {
	o := &benchOptions{
		Pattern: bench.Pattern{Kind: bench.Random}, Mix: bench.Mix{{Size: 64 << 10, Share: 1}}, Connections: 16,
		Warmup: time.Second, Timeout: 15 * time.Second, Connect: 10 * time.Second, FailSlower: -1,
		Header: http.Header{}, screen: newScreen(),
	}
	return &command{
		name:  "bench",
		args:  "URL…",
		brief: "measure how fast a server answers ranges",
		about: "Asks a server for ranges of a file as a pattern says, checks every answer, and tells how many " +
			"there were and how long they took. Every Content-Range, length and validator is checked, and every byte " +
			"where it is known what it should be: of /pattern/ files of braid serve, or with --verify. What is wrong is " +
			"counted, and is no latency. Nothing is retried, and no proxy is used. Load is sent to this machine and to private networks only, " +
			"for 30 s, unless told otherwise.",
		examples: []example{
			{"braid bench -x 64 -b 4K URL", "4 KiB anywhere in the file, 64 at once"},
			{"braid bench --rate 500 URL", "500 requests a second, whether or not they are answered"},
			{"braid bench --sweep 1,2,4,8,16,32 --html page.html URL", "how many connections are worth it"},
			{"braid bench --save old.json URL", "to compare with later"},
			{"braid bench --compare old.json --fail-slower 5% URL", "exit 20 if it has become slower"},
		},
		flags:    o.flags(),
		validate: o.validate,
		run:      func(ctx context.Context) error { return runBench(ctx, e, *o) },
		advise:   benchAdvice,
	}
}

func (o *benchOptions) flags() []*option {
	pattern := func(s string) (bench.Pattern, error) { return bench.ParsePattern(s, parseSize) }
	mix := func(s string) (bench.Mix, error) { return bench.ParseMix(s, parseSize) }
	return append([]*option{
		{name: "pattern", arg: "KIND", group: "what", def: "random", set: into(&o.Pattern, pattern),
			use: "which ranges: " + strings.Join(bench.Patterns(), ", ")},
		{name: "trace", arg: "FILE", group: "what", set: into(&o.Trace, text("a file")),
			use: "the ranges in this file instead, in its order and again from its beginning: a line is an offset and a length"},
		{name: "block", aliases: []string{"b"}, arg: "MIX", group: "what", def: "64K", set: into(&o.Mix, mix),
			use: "how long ranges are, or several lengths with their share of the requests, as in 4K,64K:0.7,1M"},
		{name: "seed", arg: "N", group: "what", def: "0", set: into(&o.Seed, number(0, 1<<31-1)),
			use: "draw other ranges; the same seed draws the same"},
		{name: "verify", arg: "WHAT", group: "what", set: into(&o.Verify, text("a file or ALGO:HEX")),
			use: "compare every byte with this file, or with the one at the URL, which is fetched first, if it hashes to ALGO:HEX"},

		{name: "connections", aliases: []string{"x", "c"}, arg: "N", group: "load", def: "16", set: into(&o.Connections, number(1, mostBench)),
			use: "how many requests are out at once"},
		{name: "rate", arg: "R", group: "load", set: into(&o.Rate, parseFrequency),
			use: "requests a second, such as 500/s, over -x connections; latency counts from when each was due (default: each follows the last)"},
		{name: "think", arg: "TIME", group: "load", def: "0", set: into(&o.Think, parseDuration),
			use: "how long each connection waits before the next request"},
		{name: "sweep", arg: "N,N…", group: "load", set: into(&o.Sweep, parseSweep),
			use: "try these numbers of connections, and say where the knee is: " + bench.KneeRule},

		{name: "duration", aliases: []string{"d"}, arg: "TIME", group: "bounds", def: "30s", set: into(&o.Bounds.Duration, positive),
			use: "how long to measure, all rounds and steps together; not bounded if --requests or --bytes is given alone"},
		{name: "requests", arg: "N", group: "bounds", set: into(&o.Bounds.Requests, parseMany),
			use: "how many requests to measure, all rounds and steps together"},
		{name: "bytes", arg: "SIZE", group: "bounds", set: into(&o.Bounds.Bytes, someSize),
			use: "how many bytes to measure, likewise"},
		{name: "rounds", aliases: []string{"r"}, arg: "N", group: "bounds", def: "5", set: into(&o.Rounds, number(1, 1000)),
			use: "measure so often, for an interval of confidence; in a sweep once, unless told otherwise"},
		{name: "warmup", arg: "TIME", group: "bounds", def: "1s", set: into(&o.Warmup, parseDuration),
			use: "load before the first round of a step, which is not measured"},
		{name: "cooldown", arg: "TIME", group: "bounds", def: "0", set: into(&o.Cooldown, parseDuration),
			use: "load after each round, so that its last requests do not have the server to themselves"},

		{name: "save", arg: "FILE", group: "result", set: into(&o.Save, text("a file")),
			use: "keep the result, for --compare and for programs"},
		{name: "compare", arg: "FILE", group: "result", set: into(&o.Compare, text("a file")),
			use: "hold the result against one that --save kept; with a second FILE in place of URL nothing is measured"},
		{name: "fail-slower", arg: "SHARE", group: "result", set: into(&o.FailSlower, parseShare),
			use: "with --compare: exit 20 if the rate, or p50 or p99 of latency, is worse by more than this, such as 5%, and the intervals do not overlap"},
		{name: "html", arg: "FILE", group: "result", set: into(&o.HTML, text("a file")),
			use: "write a page with charts, which needs nothing else"},
		{name: "csv", arg: "FILE", group: "result", set: into(&o.CSV, text("a file")),
			use: "write a line for each round"},

		{name: "header", aliases: []string{"H"}, arg: "HEADER", group: "request", set: func(s string) error { return addHeader(o.Header, s) },
			use: "'Name: value' to send along, or @FILE with one a line; may be repeated"},
		{name: "user-agent", aliases: []string{"A", "U"}, arg: "NAME", group: "request", def: "braid/VERSION", set: into(&o.UserAgent, userAgent),
			use: "what to introduce itself as"},
		{name: "timeout", aliases: []string{"T"}, arg: "TIME", group: "request", def: "15s", set: into(&o.Timeout, positive),
			use: "how long an answer may bring nothing before it has failed"},
		{name: "connect-timeout", arg: "TIME", group: "request", def: "10s", set: into(&o.Connect, positive),
			use: "how long connecting may take"},
		{name: "cacert", arg: "FILE", group: "request", set: into(&o.CACert, text("a file")),
			use: "trust the authorities in this PEM file instead of the system's"},
		{name: "insecure", aliases: []string{"k"}, group: "request", set: toggle(&o.Insecure),
			use: "trust any certificate"},
		{name: "i-run-this-server", group: "request", set: toggle(&o.Own),
			use: fmt.Sprintf("send load to a public address too, and over more than %d connections", usualConnections)},
	}, o.screen.flags()...)
}

func (o *benchOptions) validate(args []string) error {
	if o.FailSlower >= 0 && o.Compare == "" {
		return try("braid bench --compare OLD.json --fail-slower 5% URL", "--fail-slower needs a result to --compare with")
	}
	switch {
	case len(args) == 0 && o.Compare == "":
		return try("braid bench http://127.0.0.1:8080/pattern/1G", "bench needs a URL")
	case len(args) == 0:
		return try("braid bench --compare "+o.Compare+" NEW.json", "--compare holds a second result, or a URL, against %s", o.Compare)
	case len(args) == 1 && o.Compare != "" && !isURL(args[0]):
		o.New = args[0]
		return nil
	}
	for _, arg := range args {
		if err := checkURL(arg); err != nil {
			return err
		}
	}
	o.URLs = args
	return o.load()
}

// load looks at what is measured and how.
func (o *benchOptions) load() error {
	most := o.Connections
	for _, n := range o.Sweep {
		most = max(most, n)
	}
	if o.Rounds == 0 {
		o.Rounds = 5
		if len(o.Sweep) > 0 && o.Compare == "" {
			o.Rounds = 1
		}
		if n := o.Bounds.Requests; n > 0 && len(o.Sweep) == 0 {
			o.Rounds = int(min(n, int64(o.Rounds)))
		}
	}
	whole := o.Pattern.Kind == bench.Whole
	rounds := int64(o.Rounds * max(1, len(o.Sweep)))
	switch {
	case most > usualConnections && !o.Own:
		return &usageError{problem: fmt.Sprintf("%d connections are more than %d: --i-run-this-server allows them", most, usualConnections)}
	case whole && o.Rate > 0:
		return &usageError{problem: "--rate is for ranges: downloads of the whole file follow one another"}
	case whole && len(o.URLs) > 1:
		return &usageError{problem: "--pattern whole measures one URL at a time"}
	case o.Rate > 0 && o.Think > 0:
		return &usageError{problem: "--rate says when requests are due, so --think has no say"}
	case o.Trace != "" && whole:
		return &usageError{problem: "--trace and --pattern exclude each other"}
	case len(o.URLs) > o.Connections && len(o.Sweep) == 0:
		return &usageError{problem: fmt.Sprintf("%d URLs need as many connections: -x %d", len(o.URLs), len(o.URLs))}
	case o.Compare != "" && o.Rounds == 1:
		return &usageError{problem: "--compare needs --rounds 2 or more: one says nothing of how far it is to be trusted"}
	}
	if n := o.Bounds.Requests; n > 0 && n < rounds {
		return &usageError{problem: fmt.Sprintf("--requests %d is too few for %d rounds, all steps together: --requests %d is the least", n, rounds, rounds)}
	}
	for _, n := range o.Sweep {
		if n < len(o.URLs) {
			return &usageError{problem: fmt.Sprintf("%d URLs need as many connections, and --sweep has a step of %d", len(o.URLs), n)}
		}
	}
	if o.Bounds == (bench.Bounds{}) {
		o.Bounds.Duration = 30 * time.Second
	}
	return nil
}

// parseFrequency reads requests a second.
func parseFrequency(s string) (float64, error) {
	r, err := strconv.ParseFloat(strings.TrimSuffix(s, "/s"), 64)
	if err != nil || !(r > 0 && r <= 1e6) {
		return 0, wanted("a number of requests a second, such as 500 or 0.5/s, up to a million")
	}
	return r, nil
}

// parseSweep reads numbers of connections, which must rise.
func parseSweep(s string) (steps []int, err error) {
	for word := range strings.SplitSeq(s, ",") {
		n, err := number(1, mostBench)(word)
		if err != nil || len(steps) > 0 && n <= steps[len(steps)-1] {
			return nil, wanted("rising numbers of connections, such as 1,2,4,8")
		}
		steps = append(steps, n)
	}
	if len(steps) < 2 {
		return nil, wanted("two numbers of connections or more, such as 1,2,4,8")
	}
	return steps, nil
}

// parseMany reads a number of requests.
func parseMany(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 {
		return 0, wanted("a number of requests above 0")
	}
	return n, nil
}

// parseShare reads 5% or 5 as 0.05.
func parseShare(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
	if err != nil || !(v >= 0 && v <= 1000) {
		return 0, wanted("a share such as 5%")
	}
	return v / 100, nil
}
