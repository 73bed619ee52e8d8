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
		{"lists", "what -i reads", listsHelp},
	}
}

func names(all []topic) string {
	var n []string
	for _, t := range all {
		n = append(n, t.name)
	}
	last := len(n) - 1
	return strings.Join(n[:last], ", ") + " and " + n[last]
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
	p.text("braid check --json writes one object: url, at, address, server, proto, size (-1 if it is not told), etag, modified, rows, summary, " +
		"partial (why there are not all rows; absent if there are), requests, bytes, elapsed_s. A row has id, group, asked, came, rule, section, " +
		"verdict (pass, fail, allowed or not offered) and reason. The summary has segments and resume (safe, unsafe or impossible), connections, " +
		"the number of rows of each verdict, and text.")
	p.gap()
	p.text("braid bench has types of its own: sample, how it stands; result, what --save keeps; exit, always the last. " +
		"Each is under a field of its name.")
	p.gap()
	p.text("What is wrong with the command line is told on stderr alone: with exit code 2 there may be no event at all.")
	return p.String()
}

func listsHelp(width int) string {
	p := page{width: width}
	p.text("braid get -i LIST fetches the URLs in a list, those on the command line first. A list is a text file with a URL a line. " +
		"Blank lines, and lines that begin with #, say nothing. Indented lines below a URL are about it alone:")
	p.table("", 3, []row{
		{"out=NAME", "what to call it, as -o does; a path below its folder"},
		{"dir=DIR", "the folder to put it into, as -d does"},
	})
	p.gap()
	p.text("The whole list is read before anything is fetched; a line that is wrong is an error, and nothing is fetched then. " +
		"With - the list is read from stdin. A list says where files go: look into one that is not yours.")
	p.gap()
	p.text("-j files are fetched at once, in the order of the list. What is wrong with one does not keep the others back. " +
		"Of two URLs that lead to one file the first is fetched, and the second is an error. " +
		"The same command goes on where it stopped, and files that are there already count as failed (exists): it is safe to give it again.")
	return p.String()
}
