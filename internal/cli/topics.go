package cli

import (
	"fmt"
	"strings"
)

// A topic is something to be explained that is no command.
type topic struct {
	name, brief string
	text        func(width int) string
}

func topics() []topic {
	return []topic{
		{"exit-codes", "what the exit code says", exitCodesHelp},
		{"json", "the events of --json", jsonHelp},
	}
}

func names(all []topic) string {
	var n []string
	for _, t := range all {
		n = append(n, t.name)
	}
	return strings.Join(n, " and ")
}

func exitCodesHelp(width int) string {
	p := page{width: width}
	p.text("The exit codes of braid. There may be more one day, but none gets another meaning: take one you do not know for a failure.")
	var rows []row
	for _, e := range exits {
		rows = append(rows, row{fmt.Sprintf("%3d  %s", e.code, e.name), e.when})
	}
	p.table("", 3, rows)
	p.gap()
	p.text("Of several downloads: if all failed for one reason its code, else 12. A signal comes before everything but bytes that could not be saved.")
	return p.String()
}

func jsonHelp(width int) string {
	p := page{width: width}
	p.text("With --json, braid get writes one JSON object a line to stdout. Each has v (1), t (UTC), type and, if it is about one download, id.")
	p.table("types", 3, []row{
		{"start", "url, output: a download begins, before anything is sent"},
		{"probe", "total, etag, modified, accept_ranges, proto, resumed: what the server said"},
		{"progress", "done, total, bps, eta_s, conns: twice a second; done counts what would survive a crash"},
		{"retry", "segment, offset, attempt, delay_ms, error: a part is asked for again"},
		{"verify", "algorithm, done, total: the file is read back"},
		{"warning", "msg"},
		{"done", "output, bytes, wire_bytes, elapsed_s, resumed, retries, digest: a download ended well"},
		{"error", "error, elapsed_s, resumable: a download failed"},
		{"exit", "code, ok, failed, resumable: always the last"},
	})
	p.gap()
	p.text("An error has kind (a name of braid help exit-codes), msg and, where known, code, status, retryable and hint. " +
		"Sizes are bytes, rates bytes a second. What is unknown is absent. Secrets in URLs are replaced by REDACTED. " +
		"Ignore types and fields that you do not know: v rises if that is not enough.")
	p.gap()
	p.text("What is wrong with the command line is told on stderr alone: with exit code 2 there may be no event at all.")
	return p.String()
}
