package server

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// A fileView is the page of a file.
type fileView struct {
	frame
	row
	SHA256   string // in hex; "" as long as it is not known
	Sum      string // where the checksum is, once it is; "" if it is not served
	Commands []command
}

// A command is a line for a terminal, with a URL in its middle. Before and After are shell words; Href is the URL as
// this page sees it, from which the script makes the true one: a proxy may have given the page another address.
type command struct{ Title, Before, URL, Href, After string }

func (l *listing) fileView(name string, e entry, r *http.Request, now time.Time) fileView {
	f := frameOf(name)
	href := "./" + segmented(e.Name)
	v := fileView{frame: f, SHA256: e.SHA256, row: row{
		Name: e.Name, Href: href, Transfer: transferOf(f.Top, name, e.Name),
		Size: humanize.IBytes(uint64(e.Size)), Bytes: humanize.Comma(e.Size), When: whenOf(e.Modified, now),
	}}
	at := addressOf(r) + segmented(e.Name)
	save := " -O" // the name in the URL, which curl does not decode
	if segmented(e.Name) != e.Name || strings.HasPrefix(e.Name, "-") {
		save = " -o " + quoted(local(e.Name))
	}
	pinned := ""
	if e.SHA256 != "" {
		pinned = " --checksum sha256:" + e.SHA256
	}
	v.Commands = []command{
		{"braid, over several connections", "braid ", quoted(at), href, pinned},
		{"curl, which resumes when run again", "curl -C -" + save + " ", quoted(at), href, ""},
	}
	switch {
	case e.SHA256 != "":
		v.Commands = append(v.Commands, command{Title: "sha256sum, which compares what came", Before: echo(lineOf(e.SHA256, local(e.Name))) + " | sha256sum -c"})
	case e.hashable && l.digests != nil && e.Name != "-": // sha256sum would take it for its own input
		v.Sum = href + sumSuffix
		v.Commands = append(v.Commands, command{"sha256sum, which compares what came", "curl -fsS ", quoted(at + sumSuffix), v.Sum, " | sha256sum -c"})
	}
	return v
}

// lineOf is a line for sha256sum -c.
func lineOf(sum, name string) string {
	var s [sha256.Size]byte
	if _, err := hex.Decode(s[:], []byte(sum)); err != nil {
		return ""
	}
	return strings.TrimSuffix(string(appendSum(nil, s, name)), "\n")
}

// echo is the command that prints a line. Some shells' own echo takes a backslash for more than it is.
func echo(line string) string {
	if strings.Contains(line, `\`) {
		return "printf '%s\\n' " + quoted(line)
	}
	return "echo " + quoted(line)
}

// addressOf is the URL of the folder a request asks for, as far as this end of the connection knows it. Nothing a client
// can put there means anything to a shell, and only that client gets to see it.
func addressOf(r *http.Request) string {
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if u, err := url.Parse(r.RequestURI); err == nil && u.IsAbs() {
		path = u.EscapedPath()
	}
	return scheme + encoded(r.Host, unreserved+":[]") + encoded(path, unreserved+"/%")
}
