package cli

import (
	"context"
	"slices"
	"time"

	"braid/server"
)

// serveOptions is what braid serve was told.
type serveOptions struct {
	Roots   []server.Root
	Addr    string
	Shape   server.Shape
	Limits  server.Limits
	Rogue   server.Rogue
	Faults  bool // only say which there are
	Listing bool
	Pattern bool
	Digest  bool
	Quiet   bool
	Grace   time.Duration

	Precompressed bool

	TLS        tlsOptions
	Sharing    sharing
	Log        logOptions
	Monitoring monitoring
}

func serveCommand(e *env) *command {
	o := &serveOptions{Addr: "127.0.0.1:8080", Listing: true, Pattern: true, Digest: true, Grace: 10 * time.Second}
	return &command{
		name:  "serve",
		args:  "[DIR|FILE|NAME=PATH …]",
		brief: "serve a folder to clients that fetch in parts",
		about: "Serves the files of a folder, this one if none is named, with ranges and validators " +
			"that downloads can be resumed with. Of several folders and files each is at /NAME, which is its last name " +
			"unless NAME= says otherwise, and / lists them; so is a single file. A folder that is replaced meanwhile " +
			"is served anew, and if it is gone braid ends with 3. The first line on stdout is the URL. It listens on this " +
			"machine only, unless --addr says otherwise, and asks nobody for a password, unless --auth-file does. " +
			"At /transfer/PATH a browser saves the file at PATH instead of showing it. " +
			"At PATH.sha256 there is the checksum of the file at PATH, and at SHA256SUMS in each folder those of all its " +
			"files, as sha256sum -c reads them. " +
			"Names that begin with a dot are neither shown nor served.",
		examples: []example{
			{"braid serve", "this folder, on 127.0.0.1:8080"},
			{"braid serve -a :8080 /srv/iso", "to the whole network"},
			{"braid serve -a :8443 --tls-self-signed --auth-file users", "to those who have a password"},
			{"braid serve iso=/srv/images /var/log", "at /iso and /log"},
			{"braid serve --rate-per-connection 2M --latency 50ms", "as from far away"},
			{"braid get http://127.0.0.1:8080/pattern/1G", "a file that takes no disk"},
			{"braid serve --fault rst-midway,etag-changes", "as badly as that, to try a client"},
		},
		flags:    o.flags(),
		validate: o.validate,
		run: func(ctx context.Context) error {
			if o.Faults {
				return listFaults(e)
			}
			return runServe(ctx, e, *o)
		},
		advise: serveAdvice,
	}
}

func (o *serveOptions) flags() []*option {
	return slices.Concat(o.basicFlags(), o.Sharing.flags(), o.TLS.flags(), o.Log.flags(), o.Monitoring.flags(), o.otherFlags())
}

func (o *serveOptions) basicFlags() []*option {
	return []*option{
		{name: "addr", aliases: []string{"a"}, arg: "HOST:PORT", group: "basics", def: "127.0.0.1:8080", set: into(&o.Addr, parseAddress),
			use: "where to listen; port 0 takes any that is free"},
		{name: "listing", group: "basics", on: true, set: toggle(&o.Listing),
			use: "show what is in a folder"},
		{name: "pattern", group: "basics", on: true, set: toggle(&o.Pattern),
			use: "serve computed files of any size at /pattern/SIZE"},
		{name: "precompressed", group: "basics", set: toggle(&o.Precompressed),
			use: "send FILE.zst, FILE.br or FILE.gz for FILE to whoever prefers it, if it is no older"},
		{name: "digest", group: "basics", on: true, set: toggle(&o.Digest),
			use: "hash files in the background, for Repr-Digest, PATH.sha256 and SHA256SUMS"},
		{name: "grace", arg: "TIME", group: "basics", def: "10s", set: into(&o.Grace, positive),
			use: "how long transfers may go on after an interrupt"},
	}
}

// otherFlags are the rest.
func (o *serveOptions) otherFlags() []*option {
	return []*option{
		{name: "rate-per-connection", arg: "RATE", group: "slowness", set: into(&o.Shape.RatePerConnection, parseRate),
			use: "bytes a second on each connection, such as 500K or 10M (default: no limit)"},
		{name: "rate-per-client", arg: "RATE", group: "slowness", set: into(&o.Shape.RatePerClient, parseRate),
			use: "bytes a second of one file to one client, over however many connections (default: no limit)"},
		{name: "latency", arg: "TIME", group: "slowness", def: "0", set: into(&o.Shape.Latency, parseDuration),
			use: "how long to wait before each response"},

		{name: "max-connections", arg: "N", group: "protection", def: "auto", set: into(&o.Limits.Connections, autoOr(1, 1_000_000)),
			use: "how many there may be, auto being as many as the process has descriptors for, 16384 at most; when it is reached, one that idles makes room, else the answer is 503"},
		{name: "max-connections-per-client", arg: "N", group: "protection", set: into(&o.Limits.PerClient, number(1, 1_000_000)),
			use: "on how many a client may fetch at a time, or streams of HTTP/2; a client is an IPv4 address or an IPv6 /64 (default: no limit)"},
		{name: "min-rate", arg: "RATE", group: "protection", def: "1K", set: into(&o.Limits.MinRate, minRate),
			use: "drop who takes fewer bytes a second on a connection for half a minute"},

		{name: "fault", arg: "NAME[,NAME…]", group: "faults", set: o.addFaults,
			use: "misbehave in this way; --faults says what there is"},
		{name: "fault-probability", arg: "P", group: "faults", def: "1", set: into(&o.Rogue.Probability, parseProbability),
			use: "how likely each fault is, for each request"},
		{name: "fault-seed", arg: "N", group: "faults", def: "0", set: into(&o.Rogue.Seed, parseSeed),
			use: "draw the faults differently; the same seed and requests give the same faults"},
		{name: "fault-query", group: "faults", set: toggle(&o.Rogue.Query),
			use: "let requests choose, as in ?fault=gzip&p=0.1&fault-seed=7; anybody can"},
		{name: "faults", group: "faults", set: toggle(&o.Faults),
			use: "list the faults by name, and do nothing else"},

		{name: "quiet", aliases: []string{"q"}, group: "screen", use: "say nothing but errors", set: toggle(&o.Quiet)},
	}
}

func (o *serveOptions) validate(args []string) error {
	var err error
	if o.Roots, err = parseRoots(args); err != nil {
		return err
	}
	if err := o.TLS.validate(); err != nil {
		return err
	}
	return knownFaults(o.Rogue.Faults)
}

// minRate is parseRate without 0.
func minRate(s string) (int64, error) {
	n, err := parseRate(s)
	if err == nil && n == 0 {
		err = wanted("a rate above 0, such as 1K")
	}
	return n, err
}
