package sink

import "braid/segment"

// Know takes notice of what has been found out about the server since Begin:
// that its entity-tags mean nothing, if id has none any more. The next run then
// goes by what else there is.
func (f *File) Know(id segment.Identity) {
	f.saving.Lock()
	defer f.saving.Unlock()
	if id.ETag != "" {
		return
	}
	f.same.Identity.ETag = ""
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last != nil {
		last := *f.last
		last.Identity.ETag = ""
		f.last = &last
	}
}
