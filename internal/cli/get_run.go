package cli

import (
	"context"
	"net/http"
	"os"
	"path/filepath"

	"braid/scheduler/source"
)

// runGet fetches all that was asked for.
func runGet(ctx context.Context, e *env, o getOptions) error {
	client, err := o.client()
	if err != nil {
		return err
	}
	all, err := o.entries(ctx, e.in)
	if err != nil {
		return err
	}
	if len(all) > 1 && o.Output != "" && !isFolder(o.place(o.Output)) {
		return try("braid get -d DIR URL…", "-o %s is one file, but there are %d URLs", o.Output, len(all))
	}
	logins, err := o.logins()
	if err != nil {
		return err
	}
	report := o.reporter(e, o.Retries)
	if o.Insecure && len(o.Pins) == 0 {
		report.Warn("--insecure: certificates are not checked, anyone on the way can change the file")
	}
	if len(all) == 0 {
		name := o.Input
		if name == "-" {
			name = "standard input"
		}
		report.Note(name + " has no URL in it")
	}
	with := &shared{client: client, limiter: o.limiter(), hosts: newHosts(o.most()), counts: newCounts(), targets: newTargets(), report: report, many: len(all) > 1}
	b := &batch{shared: with, o: &o, logins: logins, kinds: map[failing]bool{}}
	return b.run(ctx, all)
}

func (o *getOptions) client() (*http.Client, error) {
	c := source.ClientOptions{ConnectTimeout: o.ConnectTimeout, MaxConnections: o.most(), Insecure: o.Insecure,
		Pins: o.Pins, AllowPrivate: o.AllowPrivate}
	if o.CACert != "" {
		roots, err := source.CertPool(o.CACert)
		if err != nil {
			return nil, err
		}
		c.RootCAs = roots
	}
	return source.Client(c), nil
}

// target is the file that url goes to.
func (o *getOptions) target(url string) string {
	name := source.Name(url)
	if o.Output == "" {
		return o.place(name)
	}
	if place := o.place(o.Output); isFolder(place) {
		return filepath.Join(place, name)
	}
	return o.place(o.Output)
}

// place puts a relative path under --dir.
func (o *getOptions) place(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	joined := filepath.Join(o.Dir, path)
	if slashed(path) {
		joined += string(filepath.Separator)
	}
	return joined
}

// makes says whether the folder of the file is made if it is not there: it was
// named as one, by --dir, by a slash at its end or in a list.
func (o *getOptions) makes() bool {
	return o.made || slashed(o.Output) || o.Dir != "." && !filepath.IsAbs(o.Output)
}

// isFolder says whether path is a folder, or is to be one.
func isFolder(path string) bool {
	if slashed(path) {
		return true
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// slashed says whether path is written as a folder's.
func slashed(path string) bool { return path != "" && os.IsPathSeparator(path[len(path)-1]) }
