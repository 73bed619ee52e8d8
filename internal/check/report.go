package check

import (
	"time"
)

// A Verdict says what an answer is worth.
type Verdict string

const (
	Pass       Verdict = "pass"        // as RFC 9110 has it, and of use
	Fail       Verdict = "fail"        // against a MUST, or with wrong bytes
	Allowed    Verdict = "allowed"     // within the RFC, though other than a download would like it
	NotOffered Verdict = "not offered" // an option that the server leaves out
)

// A Row is what became of one probe.
type Row struct {
	ID      string  `json:"id"` // stays the same from version to version: "if-range-weak"
	Group   string  `json:"group"`
	Asked   string  `json:"asked"`            // the request; what was looked at, if there was none for this row alone
	Came    string  `json:"came"`             // the answer, in short
	Rule    string  `json:"rule"`             // what holds
	Section string  `json:"section"`          // and where that is written
	Verdict Verdict `json:"verdict"`          //
	Reason  string  `json:"reason,omitempty"` // why it is not a pass, or what else is to be said
}

// A Report is all that was found out.
type Report struct {
	Version  int       `json:"v"` // 1
	Time     time.Time `json:"t"` // when it was begun
	URL      string    `json:"url"`
	At       string    `json:"at,omitempty"` // where the redirects led, if anywhere else
	Address  string    `json:"address,omitempty"`
	Server   string    `json:"server,omitempty"` // as it calls itself
	Proto    string    `json:"proto,omitempty"`
	Size     int64     `json:"size"` // -1 if the server does not say
	ETag     string    `json:"etag,omitempty"`
	Modified string    `json:"modified,omitempty"`
	Rows     []Row     `json:"rows"`
	Summary  Summary   `json:"summary"`
	Partial  string    `json:"partial,omitempty"` // why there are not all rows; "" if there are
	Requests int       `json:"requests"`
	Bytes    int64     `json:"bytes"` // of content that was read
	Seconds  float64   `json:"elapsed_s"`
}

// Count is how many rows have a verdict.
func (r *Report) Count(v Verdict) int {
	n := 0
	for _, row := range r.Rows {
		if row.Verdict == v {
			n++
		}
	}
	return n
}

// row is the row of a name, and whether there is one.
func (r *Report) row(id string) (Row, bool) {
	for _, row := range r.Rows {
		if row.ID == id {
			return row, true
		}
	}
	return Row{}, false
}
