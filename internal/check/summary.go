package check

import (
	"fmt"
	"strings"
)

// A Safety says whether a way of downloading is safe with a server.
type Safety string

const (
	Safe   Safety = "safe"
	Unsafe Safety = "unsafe"
	None   Safety = "impossible"
)

// A Summary is what a report comes to, for those who want to download.
type Summary struct {
	Segments    Safety `json:"segments"`    // fetching several parts at once
	Resume      Safety `json:"resume"`      // going on after an interruption, another day
	Connections int    `json:"connections"` // at once that were served, as far as was tried; 0 if it was not
	Pass        int    `json:"pass"`
	Fail        int    `json:"fail"`
	Allowed     int    `json:"allowed"`
	NotOffered  int    `json:"not_offered"`

	Text []string `json:"text"` // the same in plain words, a sentence each
}

// summarize draws the sum of a report, which may be partial.
func summarize(r *Report, f *facts) Summary {
	s := Summary{Segments: None, Resume: None,
		Pass: r.Count(Pass), Fail: r.Count(Fail), Allowed: r.Count(Allowed), NotOffered: r.Count(NotOffered)}
	if row, _ := r.row("content-type"); row.Verdict == Allowed {
		s.say("This may not be the file: %s.", row.Reason)
	}
	if _, asked := r.row("single"); !asked {
		if f.size == 0 {
			s.say("The file is empty: there is nothing to fetch in parts.")
		}
		return s
	}
	if row, ok := r.row("parallel"); ok && row.Verdict != NotOffered {
		s.Connections = f.served
	}
	s.segments(r, f)
	s.resume(r, f)
	if r.Partial != "" {
		s.say("Not all was asked, so all of this is provisional.")
	}
	return s
}

func (s *Summary) say(format string, args ...any) {
	s.Text = append(s.Text, fmt.Sprintf(format, args...))
}

func (s *Summary) segments(r *Report, f *facts) {
	wrong, odd := r.those(Fail, "one range"), r.those(Allowed, "one range")
	for _, id := range []string{"parallel", "addresses"} {
		if row, ok := r.row(id); ok && row.Verdict == Fail {
			wrong = append(wrong, id)
		}
	}
	switch {
	case len(wrong) > 0:
		s.Segments = Unsafe
		s.say("Fetching in segments is not safe here: ranges are answered wrongly (%s).", strings.Join(wrong, ", "))
	case !f.ranges:
		why := "There are no ranges"
		if row, _ := r.row("single"); !strings.HasPrefix(row.Came, "200") {
			why = "Ranges are refused (" + row.Came + ")"
		}
		s.say("%s: the file comes over one connection, and an interruption begins anew.", why)
		return
	case f.reference.coding != "":
		s.Segments = Unsafe
		s.say("Fetching in segments is not safe here: the file comes compressed (%s), though nobody asks for that.", f.reference.coding)
	case refuses(r):
		s.Segments = Unsafe
		s.say("Fetching in segments cannot be relied on: some ranges are ignored or refused (%s).", strings.Join(odd, ", "))
	case f.fickle && !f.id.Strong():
		s.Segments = Unsafe
		s.say("Fetching in segments is not safe here: the ETag is another in each answer, and no old date tells the versions apart.")
	default:
		s.Segments = Safe
		s.say("Fetching in segments is safe: %s.", s.crowd(r))
	}
}

// crowd says how many connections there may be.
func (s *Summary) crowd(r *Report) string {
	row, ok := r.row("parallel")
	switch {
	case !ok || s.Connections == 0:
		return "but how many connections are served at once is not known"
	case row.Verdict == Allowed:
		return fmt.Sprintf("%s at once were served, the next was refused", count(s.Connections, "connection"))
	}
	return fmt.Sprintf("all %s at once were served", count(s.Connections, "connection"))
}

// refuses says whether a range that every download asks for was not served.
func refuses(r *Report) bool {
	for _, id := range []string{"single", "inner", "open", "from-zero", "last-byte"} {
		if row, ok := r.row(id); ok && row.Verdict != Pass && (strings.HasPrefix(row.Came, "200") || !strings.HasPrefix(row.Came, "2")) {
			return true
		}
	}
	return false
}

func (s *Summary) resume(r *Report, f *facts) {
	if s.Segments != Safe {
		s.Resume = s.Segments
		return
	}
	by := "ETag"
	if !strong(f.tag()) {
		by = "Last-Modified"
	}
	lies := r.those(Fail, "if-range")
	switch {
	case len(f.tags) > 1 || len(f.dates) > 1:
		s.Resume = Unsafe
		s.say("Resuming is not safe: the same bytes have several ETags or dates.")
	case !f.id.Strong():
		s.Resume = Unsafe
		s.say("Resuming is not safe: there is neither a strong ETag nor a Last-Modified that is old enough, so nothing proves that the file is still the same.")
	case len(lies) > 0:
		s.Resume = Unsafe
		s.say("Resuming is safe only for clients that compare the %s of every answer themselves, as braid does: If-Range is misread (%s).", by, strings.Join(lies, ", "))
	default:
		s.Resume = Safe
		s.say("Resuming is safe: the %s tells the file's versions apart.", by)
	}
	if row, ok := r.row("if-range-tag"); ok && strings.HasPrefix(row.Came, "200") {
		s.say("Clients that resume with If-Range and the ETag are sent the whole file again.")
	}
}

// those are the rows of a group with a verdict.
func (r *Report) those(v Verdict, group string) []string {
	var ids []string
	for _, row := range r.Rows {
		if row.Verdict == v && row.Group == group {
			ids = append(ids, row.ID)
		}
	}
	return ids
}
