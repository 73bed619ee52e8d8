package cli

import (
	"context"
	"net/http"
	"time"

	"braid/scheduler/source"
)

// checkOptions is what braid check was told.
type checkOptions struct {
	URL            string
	Connections    int
	Timeout        time.Duration
	ConnectTimeout time.Duration

	Header         http.Header
	UserAgent      string
	CACert         string
	Insecure       bool
	AllowDowngrade bool
	AllowPrivate   bool

	JSON, Quiet, Verbose bool
	Color                string
}

func checkCommand(e *env) *command {
	o := &checkOptions{Connections: 16, Timeout: 15 * time.Second, ConnectTimeout: 10 * time.Second, Header: http.Header{}, Color: "auto"}
	return &command{
		name:  "check",
		args:  "URL",
		brief: "find out what a server does with ranges",
		about: "Asks a server for ranges of a file in some sixty ways, and says of each answer what RFC 9110 says: " +
			"pass, fail (against a MUST, or wrong bytes), allowed, or not offered. Then it says whether it is safe to fetch the " +
			"file in segments and to resume it, and with how many connections. Of the file it reads some " +
			"200 KiB, however large it is. The exit code is 0 if nothing fails, and 7 if something does.",
		examples: []example{
			{"braid check https://example.com/big.iso", ""},
			{"braid check -q URL", "what fails, and what it comes to"},
			{"braid check --json URL | jq .summary", "for a program"},
		},
		flags:    o.flags(),
		validate: o.validate,
		run:      func(ctx context.Context) error { return runCheck(ctx, e, *o) },
		advise:   func(err error) string { return hintFor(err, false) },
	}
}

func (o *checkOptions) flags() []*option {
	return []*option{
		{name: "connections", aliases: []string{"x", "n"}, arg: "N", group: "basics", def: "16", set: into(&o.Connections, number(1, 64)),
			use: "how many connections to try at once, at most: it goes on until one is refused"},
		{name: "timeout", aliases: []string{"T"}, arg: "TIME", group: "basics", def: "15s", set: into(&o.Timeout, positive),
			use: "how long an answer may take"},
		{name: "connect-timeout", arg: "TIME", group: "basics", def: "10s", set: into(&o.ConnectTimeout, positive),
			use: "how long connecting may take"},

		{name: "header", aliases: []string{"H"}, arg: "HEADER", group: "request", set: func(s string) error { return addHeader(o.Header, s) },
			use: "'Name: value' to send along, or @FILE with one a line, which keeps secrets out of the process list; may be repeated"},
		{name: "user-agent", aliases: []string{"A", "U"}, arg: "NAME", group: "request", def: "braid/VERSION", set: into(&o.UserAgent, userAgent),
			use: "what to introduce itself as"},
		{name: "cacert", arg: "FILE", group: "request", set: into(&o.CACert, text("a file")),
			use: "trust the authorities in this PEM file instead of the system's"},
		{name: "insecure", aliases: []string{"k"}, group: "request", set: toggle(&o.Insecure),
			use: "trust any certificate"},
		{name: "allow-private-redirect", group: "request", set: toggle(&o.AllowPrivate),
			use: "follow redirects from public addresses to private ones and to this machine"},
		{name: "allow-downgrade", group: "request", set: toggle(&o.AllowDowngrade),
			use: "follow redirects from https to http"},

		{name: "verbose", aliases: []string{"v"}, group: "screen", set: toggle(&o.Verbose),
			use: "say of every row what the rule is, not only of those that do not pass"},
		{name: "quiet", aliases: []string{"q"}, group: "screen", set: toggle(&o.Quiet),
			use: "show only the rows that fail, and the summary"},
		{name: "json", group: "screen", set: toggle(&o.JSON),
			use: "the report as one JSON object on stdout; see braid help json"},
		{name: "color", arg: "WHEN", group: "screen", def: "auto", use: "colours: auto, always or never",
			set: into(&o.Color, choice("auto", "always", "never"))},
	}
}

func (o *checkOptions) validate(args []string) error {
	switch {
	case len(args) == 0:
		return try("braid check https://example.com/file", "check needs a URL")
	case len(args) > 1:
		return try("braid check "+source.Redact(args[0]), "check takes one URL at a time")
	}
	o.URL = args[0]
	return checkURL(o.URL)
}
