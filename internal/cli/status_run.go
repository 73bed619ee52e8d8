package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"braid/internal/ui"
	"braid/scheduler/sink"
	"braid/segment"
)

// runStatus reports on each path, and on every interrupted download in each
// folder. It goes on after a path of which nothing is known.
func runStatus(ctx context.Context, e *env, o statusOptions) error {
	var failed []error
	ok := 0
	note := func(err error) {
		if err == nil {
			ok++
			return
		}
		err = advised{err, statusAdvice(err)}
		failed = append(failed, err)
		fmt.Fprintln(e.err, "braid: "+message(err))
	}
	for _, path := range o.Paths {
		files, err := interrupted(path)
		if err != nil {
			note(err)
		}
		for _, file := range files {
			note(o.report(e.out, file))
		}
	}
	if ok == 0 && len(failed) == 0 && !o.JSON {
		fmt.Fprintln(e.err, "braid: no interrupted download in "+ui.Safe(strings.Join(o.Paths, ", ")))
	}
	if err := together(ctx, ok, failed); err != nil {
		return reported{err}
	}
	return nil
}

// interrupted is path itself, or if it is a folder the downloads in it.
func interrupted(path string) ([]string, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".part.ck") {
			found = append(found, filepath.Join(path, e.Name()))
		}
	}
	return found, nil
}

func (o *statusOptions) report(out io.Writer, path string) error {
	r, err := sink.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, there := os.Stat(path); there == nil {
			return fmt.Errorf("%s has no checkpoint: it is complete, or was not fetched by braid", path)
		}
		return &unknownError{path, err}
	}
	if err != nil {
		return err
	}
	s := newStanding(r)
	if o.JSON {
		return s.json(out)
	}
	_, err = io.WriteString(out, s.text(o.Ranges))
	return err
}

// An unknownError says that there is no trace of a download.
type unknownError struct {
	path string
	err  error
}

func (e *unknownError) Error() string { return e.path + ": no download of that name was begun here" }
func (e *unknownError) Unwrap() error { return e.err }

// statusAdvice is what can be done about an error of status.
func statusAdvice(err error) string {
	switch {
	case errors.Is(err, segment.ErrVersion):
		return "use that braid, or remove the file that ends in .part.ck"
	case errors.Is(err, segment.ErrCorrupt):
		return "the same command begins anew"
	}
	return ""
}

// A standing is what is known of one interrupted download.
type standing struct {
	Output   string      `json:"output"`
	Total    *int64      `json:"total,omitempty"` // absent if unknown
	Done     int64       `json:"done"`            // bytes that the next run will not fetch again
	Missing  []rangeJSON `json:"missing,omitempty"`
	ETag     string      `json:"etag,omitempty"`
	Modified string      `json:"modified,omitempty"`
	Host     string      `json:"host,omitempty"`
	Pid      int         `json:"pid,omitempty"` // of the braid at work on it
	Complete bool        `json:"complete"`      // only verifying and renaming remain
	Damaged  bool        `json:"damaged"`       // one of the checkpoint's two slots
	PartGone bool        `json:"part_gone"`
}

type rangeJSON struct {
	First int64 `json:"first"`
	Last  int64 `json:"last"`
}

func newStanding(r sink.Report) standing {
	s := standing{Output: r.Path, Pid: r.Pid, Damaged: r.Damaged, PartGone: !r.Part}
	c := r.Checkpoint
	if c == nil {
		return s
	}
	s.Total, s.Done, s.Complete = &c.Grid.Size, c.Grid.Size-c.Missing(), c.Complete
	s.ETag, s.Host = c.Identity.ETag, c.Host
	if !c.Identity.Modified.IsZero() {
		s.Modified = c.Identity.Modified.Format("2006-01-02T15:04:05Z07:00")
	}
	s.Missing = missing(c)
	return s
}

// missing is what is neither in a whole block of c nor in the beginning of one.
func missing(c *segment.Checkpoint) (all []rangeJSON) {
	begun := map[int]int64{}
	for _, h := range c.Heads {
		begun[h.Block] = h.Len
	}
	for first, past := range c.Done.Gaps() {
		gap := c.Grid.Span(first, past)
		off := gap.Off
		for i := first; i < past; i++ {
			if begun[i] == 0 {
				continue
			}
			block := c.Grid.Range(i)
			if off < block.Off {
				all = append(all, rangeJSON{First: off, Last: block.Off - 1})
			}
			off = block.Off + begun[i]
		}
		all = append(all, rangeJSON{First: off, Last: gap.End - 1})
	}
	return all
}

// json writes the standing as one line.
func (s standing) json(out io.Writer) error {
	line, err := json.Marshal(s)
	if err == nil {
		_, err = out.Write(ui.Inert(append(line, '\n')))
	}
	return err
}

// text is the standing for people: one line, or with the missing ranges more.
func (s standing) text(ranges bool) string {
	var b strings.Builder
	b.WriteString(ui.Safe(s.Output) + ": ")
	switch {
	case s.Total == nil:
		b.WriteString("begun, and cannot be resumed: the server serves no ranges")
	case s.PartGone && !s.Complete:
		b.WriteString("its .part file is gone: the next run begins anew")
	case s.Complete, *s.Total == 0:
		fmt.Fprintf(&b, "all %s are there; only the name is missing", ui.Size(*s.Total))
	default:
		fmt.Fprintf(&b, "%d%%, %s of %s", 100*s.Done / *s.Total, ui.Size(s.Done), ui.Size(*s.Total))
	}
	if s.Host != "" {
		b.WriteString(", from " + ui.Safe(s.Host))
	}
	if s.ETag != "" {
		b.WriteString(", ETag " + ui.Safe(s.ETag))
	}
	if s.Damaged {
		b.WriteString(", one of the checkpoint's two copies is damaged and the other one is used")
	}
	if s.Pid != 0 {
		fmt.Fprintf(&b, "; braid is at work on it (pid %d)", s.Pid)
	} else if s.Total != nil && (s.Complete || !s.PartGone) {
		b.WriteString("; the same command goes on")
	}
	b.WriteString("\n")
	if ranges {
		for _, m := range s.Missing {
			b.WriteString("  missing " + segment.Range{Off: m.First, End: m.Last + 1}.String() + "\n")
		}
	}
	return b.String()
}
