package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"braid/internal/check"
	"braid/internal/ui"
	"braid/scheduler/source"
)

// errFails says that braid check found something that fails.
var errFails = errors.New("the server breaks rules of HTTP")

// runCheck checks one URL. What was found out before something went wrong is
// reported as well, and said to be partial.
func runCheck(ctx context.Context, e *env, o checkOptions) error {
	client := source.ClientOptions{ConnectTimeout: o.ConnectTimeout, MaxConnections: o.Connections, Insecure: o.Insecure, AllowPrivate: o.AllowPrivate}
	if o.CACert != "" {
		roots, err := source.CertPool(o.CACert)
		if err != nil {
			return err
		}
		client.RootCAs = roots
	}
	if o.UserAgent == "" {
		o.UserAgent = "braid/" + release(nil)
	}
	page := &checkPage{out: e.out, ink: ui.InkFor(e.out, o.Color), width: width(e.out), quiet: o.Quiet, verbose: o.Verbose}
	options := check.Options{
		Client:      client,
		Source:      source.Options{Header: o.Header, UserAgent: o.UserAgent, AllowDowngrade: o.AllowDowngrade},
		Connections: o.Connections, Timeout: o.Timeout,
	}
	if !o.JSON {
		options.Begin, options.Seen = page.begin, page.row
	}
	report, err := check.Run(ctx, o.URL, options)
	switch {
	case o.JSON:
		if err := json.NewEncoder(e.out).Encode(report); err != nil {
			return err
		}
	case len(report.Rows) > 0:
		page.end(report)
	}
	if page.err != nil {
		return page.err // nobody reads on
	}
	if err == nil && report.Summary.Fail > 0 {
		err = fmt.Errorf("%w: %s", errFails, counted(report.Summary.Fail, "row fails", "rows fail"))
	}
	return err
}

func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
