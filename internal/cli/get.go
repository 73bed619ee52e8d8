package cli

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"braid/scheduler/source"
	"braid/segment"
)

// getOptions is what braid get was told, checked as far as one can without
// network and disk.
type getOptions struct {
	URLs  []string // at least one, if there is no Input
	Input string   // a file with more of them, "-" for stdin; "" means none
	Jobs  int      // files at once

	Output string // a file, or a folder to put it into; "" means named after the URL
	Dir    string // where a relative Output lies
	Force  bool

	HeaderName bool // the name is the one that the server says, if Output does not say it

	Connections    int   // at once, of a file; 0 means that the controller finds out
	MaxConnections int   // that it may use, and the run
	Limit          int64 // bytes a second; 0 means no limit

	Retries        int // 0 means never
	RetryDelay     time.Duration
	Timeout        time.Duration
	ConnectTimeout time.Duration

	Checksum       *segment.Digest // nil means none
	Restart        bool            // a file that has changed is begun anew
	AllowDowngrade bool
	AllowPrivate   bool // redirects lead from public addresses to private ones
	RemoteTime     bool

	MaxSize      int64  // 0 means what the disk has room for
	ExpectType   string // a media type, TYPE/* or "any"; "" means as the name says
	Durability   string // "strict", "normal" or "relaxed"
	VerifyResume string // "all", "sample" or "none"; "" means all of what is not very large

	Header    http.Header
	UserAgent string
	Insecure  bool
	CACert    string // a file of PEM; "" means the system's
	Pins      []source.Pin
	Netrc     bool // logins come from there

	screen

	Verbose bool

	made       bool // the folder of the file is made, since a list names it
	remoteName bool // -O, which curl knows without a name and wget with one
}

func newGetOptions() *getOptions {
	return &getOptions{
		Dir: ".", Jobs: 3, MaxConnections: 16, Retries: 5, RetryDelay: 500 * time.Millisecond,
		Timeout: 15 * time.Second, ConnectTimeout: 10 * time.Second,
		RemoteTime: true, Durability: "normal", Header: http.Header{}, screen: newScreen(),
	}
}

func getCommand(e *env) *command { return newGetOptions().command(e) }

func (o *getOptions) command(e *env) *command {
	return &command{
		name:  "get",
		args:  "URL…",
		brief: "download files",
		about: "Downloads over HTTP and HTTPS, several parts of a file at once. A download that was " +
			"interrupted, by whatever, goes on when the same command is given again: until the file is " +
			"complete its bytes are in FILE.part, and what is known about them in FILE.part.ck. " +
			"The word get may be left out.",
		examples: []example{
			{"braid https://example.com/big.iso", "into this folder"},
			{"braid get -x 16 -o iso/ URL", "16 connections, into the folder iso"},
			{"braid get --checksum sha256:9f86d0… URL", "and verify it"},
			{"f=$(braid get -d /tmp URL)", "the path, for a script"},
			{"braid get -j 8 -i urls.txt", "every URL in the list, eight at once"},
		},
		flags:    o.flags(),
		validate: o.validate,
		run:      func(ctx context.Context) error { return runGet(ctx, e, *o) },
	}
}

func (o *getOptions) flags() []*option {
	onChange := func(s string) (bool, error) {
		word, err := choice("fail", "restart")(s)
		return word == "restart", err
	}
	digest := func(s string) (*segment.Digest, error) {
		d, err := segment.ParseDigest(s)
		return &d, err
	}
	return append([]*option{
		{name: "output", aliases: []string{"o"}, arg: "FILE", group: "basics", set: into(&o.Output, text("a file or a folder")),
			use: "where to put it; into it, if it is a folder (default: the name in the URL)"},
		{name: "dir", aliases: []string{"d"}, arg: "DIR", group: "basics", def: ".", set: into(&o.Dir, text("a folder")),
			use: "the folder to put it into"},
		{name: "input-file", aliases: []string{"i"}, arg: "LIST", group: "basics", set: into(&o.Input, text("a file")),
			use: "fetch the URLs in this file too, one a line, or - for stdin; see braid help lists"},
		{name: "jobs", aliases: []string{"j"}, arg: "N", group: "basics", def: "3", set: into(&o.Jobs, number(1, 256)),
			use: "how many files are fetched at once"},
		{name: "connections", aliases: []string{"x", "n"}, arg: "N", group: "basics", def: "auto", set: into(&o.Connections, autoOr(1, mostConnections)),
			use: "how many parts of a file are fetched at once; auto finds out how many are good, up to --max-connections"},
		{name: "checksum", arg: "ALGO:HEX", group: "basics", set: into(&o.Checksum, digest),
			use: "what the file must hash to: sha256, sha512, sha384, sha1 or md5; ALGO: may be left out"},
		{name: "force", aliases: []string{"f"}, group: "basics", set: toggle(&o.Force),
			use: "replace a file that exists; unlike curl's -f, which is not needed: an error page is never taken for the file"},
		{name: "remote-header-name", aliases: []string{"J", "content-disposition"}, group: "basics", set: toggle(&o.HeaderName),
			use: "name the file as the server says, made harmless, and not as the URL does; -o wins"},
		{name: "remote-time", aliases: []string{"R"}, group: "basics", on: true, set: toggle(&o.RemoteTime),
			use: "give the file the date that the server says"},

		{name: "max-connections", arg: "N", group: "transfer", def: "16", set: into(&o.MaxConnections, number(1, mostConnections)),
			use: "how many connections all files together may have; a larger -x or -j raises it"},
		{name: "limit-rate", arg: "RATE", group: "transfer", set: into(&o.Limit, parseRate),
			use: "bytes a second for the whole run, such as 500K or 10M (default: no limit)"},
		{name: "retry", arg: "N", group: "transfer", def: "5", set: into(&o.Retries, number(0, 1000)),
			use: "how often a part is asked for again; counted anew after each byte"},
		{name: "retry-delay", arg: "TIME", group: "transfer", def: "0.5s", set: into(&o.RetryDelay, positive),
			use: "how long to wait before the first retry; doubles up to 30s"},
		{name: "timeout", aliases: []string{"T"}, arg: "TIME", group: "transfer", def: "15s", set: into(&o.Timeout, positive),
			use: "how long a connection may bring nothing; an answer may take twice that to begin"},
		{name: "connect-timeout", arg: "TIME", group: "transfer", def: "10s", set: into(&o.ConnectTimeout, positive),
			use: "how long connecting may take"},
		{name: "on-change", arg: "WHAT", group: "transfer", def: "fail", set: into(&o.Restart, onChange),
			use: "if the file on the server has changed since it was begun: fail, or restart from nothing"},
		{name: "verify-resume", arg: "WHAT", group: "transfer", set: into(&o.VerifyResume, choice("all", "sample", "none")),
			use: "how much of what an earlier run left is compared with its checksums before going on: all, sample or none " +
				"(default: all up to 1 GiB, else a sample)"},
		{name: "durability", arg: "HOW", group: "transfer", def: "normal", set: into(&o.Durability, choice("strict", "normal", "relaxed")),
			use: "how hard to keep what came from a power cut: strict, normal, or relaxed, which survives only the end of the process"},
		{name: "expect-type", arg: "TYPE", group: "transfer", set: into(&o.ExpectType, parseType),
			use: "refuse an answer of another media type, such as application/zip, image/* or any " +
				"(default: no web page in place of an archive, picture, film …)"},
		{name: "max-size", arg: "SIZE", group: "transfer", set: into(&o.MaxSize, someSize),
			use: "refuse what is larger, such as 4G (default: what the disk has room for)"},

		{name: "header", aliases: []string{"H"}, arg: "HEADER", group: "request", set: func(s string) error { return addHeader(o.Header, s) },
			use: "'Name: value' to send along, or @FILE with one a line, which keeps secrets out of the process list; may be repeated"},
		{name: "user-agent", aliases: []string{"A", "U"}, arg: "NAME", group: "request", def: "braid/VERSION", set: into(&o.UserAgent, userAgent),
			use: "what to introduce itself as"},
		{name: "cacert", arg: "FILE", group: "request", set: into(&o.CACert, text("a file")),
			use: "trust the authorities in this PEM file instead of the system's"},
		{name: "insecure", aliases: []string{"k"}, group: "request", set: toggle(&o.Insecure),
			use: "trust any certificate: anyone on the way can change the file"},
		{name: "pin-sha256", aliases: []string{"pinnedpubkey"}, arg: "PINS", group: "request", set: into(&o.Pins, source.ParsePins),
			use: "trust only servers with this public key, sha256//BASE64 as for curl, or one of several with ; between"},
		{name: "netrc", group: "request", set: toggle(&o.Netrc),
			use: "send the login that ~/.netrc, or the file in $NETRC, has for the host (HOST:PORT for a port that is not the usual one)"},
		{name: "allow-private-redirect", group: "request", set: toggle(&o.AllowPrivate),
			use: "follow redirects from public addresses to private ones and to this machine; behind a proxy its own rules count"},
		{name: "allow-downgrade", group: "request", set: toggle(&o.AllowDowngrade),
			use: "follow redirects from https to http"},

		{name: "location", aliases: []string{"L"}, set: ignored()},
		{name: "show-error", aliases: []string{"S"}, set: ignored()},
		{name: "continue", aliases: []string{"c"}, set: ignored()},
		{name: "remote-name", aliases: []string{"O"}, set: toggle(&o.remoteName)},
		{name: "verbose", aliases: []string{"v"}, group: "screen", set: toggle(&o.Verbose),
			use: "say how many connections there are, and why"},
	}, o.screen.flags()...)
}

func userAgent(s string) (string, error) {
	h := http.Header{}
	if err := addField(h, "User-Agent:"+s); err != nil {
		return "", err
	}
	return h.Get("User-Agent"), nil
}

func (o *getOptions) validate(args []string) error {
	if len(args) == 0 && o.Input == "" {
		return try("braid get https://example.com/file", "get needs a URL")
	}
	for _, arg := range args {
		if err := o.checkArg(arg); err != nil {
			return err
		}
	}
	if o.Output == "-" {
		return noStdout()
	}
	o.URLs = args
	return o.one(len(args))
}

// one says what is wrong if what is for one URL was said of n.
func (o *getOptions) one(n int) error {
	if n > 1 && o.Checksum != nil {
		return &usageError{problem: "--checksum is for one URL at a time"}
	}
	return nil
}

// checkArg is checkURL for the command line, where -O may stand in front.
func (o *getOptions) checkArg(arg string) error {
	switch {
	case arg == "-" && o.remoteName:
		return noStdout()
	case arg != "" && !isURL(arg) && o.remoteName:
		return try("-o "+source.Redact(arg), "-O takes no name here")
	}
	return checkURL(arg)
}

func checkURL(s string) error {
	if s == "" {
		return emptyURL()
	}
	if !isURL(s) {
		return try(source.Redact(completed(s)), "%q is not a URL", source.Redact(s))
	}
	switch u, err := url.Parse(s); {
	case err != nil || u.Host == "":
		return &usageError{problem: "\"" + source.Redact(s) + "\" is not a URL"}
	case u.Scheme != "http" && u.Scheme != "https":
		return &usageError{problem: "\"" + source.Redact(s) + "\" is not a URL braid can fetch, which begin with http:// or https://"}
	}
	return nil
}
