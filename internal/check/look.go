package check

import (
	"fmt"
	"net/http"
)

// A flaw is what is wrong with an answer whatever was asked.
type flaw struct{ reason, section string }

// look says what is wrong with an answer in itself, or with its bytes; nil if it
// is sound.
func look(f *facts, a *answer) *flaw {
	if a.err != nil {
		return &flaw{"the content is not whole: " + a.err.Error(), "RFC 9112, 8"}
	}
	if a.method == http.MethodHead {
		return nil // its fields are the probe's to judge
	}
	switch a.status {
	case http.StatusOK:
		return lookWhole(f, a)
	case http.StatusPartialContent:
		return lookParts(f, a)
	case http.StatusNotModified:
		return lookNotModified(f, a)
	case http.StatusRequestedRangeNotSatisfiable:
		return lookUnsatisfied(f, a)
	}
	return nil
}

func lookWhole(f *facts, a *answer) *flaw {
	if a.whole && a.length >= 0 && int64(len(a.body)) != a.length {
		return &flaw{fmt.Sprintf("there are %d bytes", len(a.body)), "8.6"}
	}
	if a.coding != f.reference.coding {
		return nil // other bytes, of another length
	}
	if a.length >= 0 && f.size >= 0 && a.coding == "" && a.length != f.size {
		return &flaw{fmt.Sprintf("the file had %d bytes before", f.size), "8.6"}
	}
	return lookBytes(f, 0, a.body)
}

// lookBytes compares bytes, which are said to be at off, with what is known.
func lookBytes(f *facts, off int64, b []byte) *flaw {
	if at := f.known.differs(off, b); at >= 0 {
		return &flaw{fmt.Sprintf("byte %d of the file is another than in an earlier answer; if the file was being changed just then, run this again", at), "8.8.1, 15.3.7"}
	}
	return nil
}

func lookParts(f *facts, a *answer) *flaw {
	if err := a.split(); err != nil {
		return &flaw{err.Error(), "15.3.7, 14.4, 14.6"}
	}
	if !a.multipart {
		n := a.parts[0].Len()
		if a.length >= 0 && a.length != n {
			return &flaw{fmt.Sprintf("%d bytes are announced for a range of %d", a.length, n), "8.6, 15.3.7.1"}
		}
		if got := int64(len(a.body)); a.whole && got != n || got > n {
			return &flaw{fmt.Sprintf("%d bytes came for a range of %d", got, n), "15.3.7.1"}
		}
	}
	for _, p := range a.parts {
		if got := int64(len(p.bytes)); p.whole && got != p.Len() || got > p.Len() {
			return &flaw{fmt.Sprintf("%d bytes came for the range %d-%d", got, p.Off, p.End-1), "15.3.7"}
		}
		if a.coding != f.reference.coding {
			continue
		}
		if p.total >= 0 && f.size >= 0 && p.total != f.size {
			return &flaw{fmt.Sprintf("the file had %d bytes before", f.size), "14.4"}
		}
		if p.End > f.size && f.size >= 0 {
			return &flaw{fmt.Sprintf("the file has %d bytes only", f.size), "14.4"}
		}
		if wrong := lookBytes(f, p.Off, p.bytes); wrong != nil {
			return wrong
		}
	}
	if a.coding != f.reference.coding {
		return nil
	}
	return lookFields(f, a, "15.3.7")
}

// lookFields says which field is missing that a 206 or 304 must have if the 200
// has it.
func lookFields(f *facts, a *answer, section string) *flaw {
	for _, name := range []string{"ETag", "Cache-Control", "Content-Location", "Date", "Expires", "Vary"} {
		if f.reference.has(name) && !a.has(name) {
			return &flaw{fmt.Sprintf("%s is missing, which the 200 has", name), section}
		}
	}
	return nil
}

func lookNotModified(f *facts, a *answer) *flaw {
	if len(a.body) > 0 {
		return &flaw{"a 304 has content", "15.4.5"}
	}
	return lookFields(f, a, "15.4.5")
}

func lookUnsatisfied(f *facts, a *answer) *flaw {
	if !a.has("Content-Range") {
		return nil // SHOULD, says section 15.5.17: the probes tell
	}
	r, total, err := a.contentRange()
	switch {
	case err != nil:
		return &flaw{"its Content-Range makes no sense", "14.4"}
	case !r.Empty():
		return &flaw{"a 416 has the Content-Range of a 206", "14.4"}
	case f.size >= 0 && total != f.size:
		return &flaw{fmt.Sprintf("the file had %d bytes before", f.size), "14.4"}
	}
	return nil
}
