package segment

import (
	"strings"
	"time"
)

// settled is how much older than the response's own Date a Last-Modified must
// be before it counts as strong. RFC 9110, section 8.8.2.2 asks for one second
// and warns of clocks; a minute costs nothing and forgives them.
const settled = time.Minute

// nowhere is when files are from that have no date: builds that can be repeated
// give all their versions the beginning of an epoch, of Unix or of ZIP.
var nowhere = time.Date(1981, time.January, 1, 0, 0, 0, 0, time.UTC)

// An Identity says which representation bytes belong to: its length and what
// the server calls it. Validators are compared for equality only, never by
// which is newer, so nobody's clock matters.
type Identity struct {
	Size     int64     // bytes; -1 if the server did not say
	ETag     string    // as sent, with quotes and any W/; "" if none
	Modified time.Time // Last-Modified; zero if none
	Date     time.Time // the Date of the response that said so; zero if none
}

// Strong says whether bytes fetched at different times may be put together
// under id: it holds a strong entity-tag (RFC 9110, section 8.8.1), or a
// Last-Modified at least a minute older than the response that carried it.
func (id Identity) Strong() bool { return id.strongTag() || id.strongDate() }

// Same says whether id and o are proved to be the same representation: equal
// lengths, and equal strong validators (RFC 9110, section 8.8.3.2). An entity-
// tag decides before a date does.
func (id Identity) Same(o Identity) bool {
	if id.Size < 0 || id.Size != o.Size {
		return false
	}
	if id.strongTag() && o.strongTag() {
		return id.ETag == o.ETag
	}
	return id.strongDate() && o.strongDate() && id.Modified.Equal(o.Modified)
}

// Conflicts says whether id and o speak for two representations: something that
// both of them state differs. Two strong entity-tags decide alone. Any other
// two, of which one is weak or not quoted, prove nothing if they are equal, and
// speak for a change if they differ, unless equal dates overrule them: some
// servers make one up for every host or request. Identities that merely say
// little do not conflict, and are not Same either.
func (id Identity) Conflicts(o Identity) bool {
	if id.Size >= 0 && o.Size >= 0 && id.Size != o.Size {
		return true
	}
	if id.strongTag() && o.strongTag() {
		return id.ETag != o.ETag
	}
	if !id.Modified.IsZero() && !o.Modified.IsZero() {
		return !id.Modified.Equal(o.Modified)
	}
	return id.ETag != "" && o.ETag != "" && id.opaque() != o.opaque()
}

// OnlyTag says whether id and o conflict in nothing but their entity-tags, and
// their dates, if there are any, are equal. Some servers make up a tag for every
// host or answer.
func (id Identity) OnlyTag(o Identity) bool {
	if !id.Conflicts(o) {
		return false
	}
	id.ETag, o.ETag = "", ""
	return !id.Conflicts(o) && id.Modified.Equal(o.Modified)
}

// opaque is what the entity-tag says, without what it says it is worth.
func (id Identity) opaque() string { return strings.Trim(strings.TrimPrefix(id.ETag, "W/"), `"`) }

func (id Identity) strongTag() bool {
	return len(id.ETag) >= 2 && strings.HasPrefix(id.ETag, `"`) && strings.HasSuffix(id.ETag, `"`)
}

// MadeUp says whether Modified is as good as the time of the response. Some
// servers have nothing better to say; but the file may be that young.
func (id Identity) MadeUp() bool {
	const moment = 2 * time.Second
	return !id.Modified.IsZero() && !id.Date.IsZero() && id.Date.Sub(id.Modified).Abs() <= moment
}

func (id Identity) strongDate() bool {
	return id.Modified.After(nowhere) && !id.Date.IsZero() && id.Date.Sub(id.Modified) >= settled
}
