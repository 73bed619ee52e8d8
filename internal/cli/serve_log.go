package cli

import (
	"fmt"
	"io"
	"os"

	"braid/internal/ui"
	"braid/server"
)

// logOptions say where braid serve writes down who fetches what, and how.
type logOptions struct {
	On     bool
	Format string // one of logFormats; "" is the first
	File   string // "" is the screen
}

// A lineFormat appends a request to a line, its end included.
type lineFormat func(server.Access, []byte) []byte

// logFormats are the ways to write down a request, the usual one first.
var logFormats = []struct {
	name   string
	append lineFormat
}{
	{"text", appendText},
	{"json", server.Access.AppendJSON},
	{"common", server.Access.AppendCommon},
	{"combined", server.Access.AppendCombined},
}

func (o *logOptions) flags() []*option {
	var formats []string
	for _, f := range logFormats {
		formats = append(formats, f.name)
	}
	return []*option{
		{name: "log", group: "watching", use: "one line on stderr for each request", set: toggle(&o.On)},
		{name: "log-format", arg: "FORMAT", group: "watching", def: "text", set: into(&o.Format, choice(formats...)),
			use: "how it is written: text, json (one object on each line), common or combined, as web servers do; implies --log"},
		{name: "log-file", arg: "FILE", group: "watching", set: into(&o.File, text("a file")),
			use: "append it to FILE instead, which a hangup (kill -HUP) opens anew, so that it can be rotated"},
	}
}

// open begins the log, if there is to be one. What is wrong with it later is
// told by warn.
func (o *logOptions) open(screen io.Writer, warn func(error)) (*accessLog, error) {
	if !o.On && o.Format == "" && o.File == "" {
		return nil, nil
	}
	format := logFormats[0].append
	for _, f := range logFormats {
		if f.name == o.Format {
			format = f.append
		}
	}
	if o.File == "" {
		return startLog(format, &stream{screen}, nil, warn), nil
	}
	f, err := openLog(o.File)
	if err != nil {
		return nil, advised{err, "--log-file takes a file that can be appended to"}
	}
	return startLog(format, &logFile{path: o.File, File: f}, takeHangups(), warn), nil
}

// appendText is for people: a short line, without the date.
func appendText(a server.Access, b []byte) []byte {
	what, end := a.Path, ""
	if a.Range != "" {
		what += " " + a.Range
	}
	if a.Cut {
		end = " cut"
	}
	if a.User != "" {
		end += " user=" + ui.Safe(a.User)
	}
	if a.Faults != "" {
		end += " fault=" + a.Faults
	}
	return fmt.Appendf(b, "%s %s %s %s %d %d %v%s\n", a.Time.Format("15:04:05.000"), a.Remote, ui.Safe(a.Method), ui.Safe(what),
		a.Status, a.Bytes, rounded(a.Duration), end)
}

// A logDestination is where lines go.
type logDestination interface {
	io.Writer
	reopen() error
	Close() error
}

// A stream is a destination that others write to as well.
type stream struct{ io.Writer }

func (*stream) reopen() error { return nil }
func (*stream) Close() error  { return nil }

// A logFile is a file that may be moved away by whoever keeps it small.
type logFile struct {
	*os.File
	path string
}

func openLog(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
}

// reopen goes on with the file that has the name now, or makes one. If it
// cannot, it goes on with the one it has.
func (f *logFile) reopen() error {
	next, err := openLog(f.path)
	if err != nil {
		return err
	}
	f.File.Close()
	f.File = next
	return nil
}
