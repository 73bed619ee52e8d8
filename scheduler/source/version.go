package source

import (
	"slices"

	"braid/segment"
)

// maxTags is how many answers may bear one other entity-tag before it is the
// one that counts.
const maxTags = 6

// judgeIdentity holds what an answer says of the file against what is known.
//
// Some servers make up an entity-tag for every host, or for every answer. They
// are found out by asking again: the file has changed only if the new tag stays.
// If the old one comes back, or a third one comes, none of them means anything;
// but then there must be a strong date instead, and whoever asked has to compare
// some bytes. Without a date only answers with the known tag count, and if there
// are no more of these, the file can only be had in one piece. So it is where
// dates are made up for each answer.
//
// An answer that is not put together with others may be of any version.
func (q question) judgeIdentity(known, id segment.Identity) (fickle bool, refused *verdict) {
	bare, bareID := known, id
	bare.ETag, bareID.ETag = "", ""
	onlyTag, again := known.OnlyTag(id), slices.Contains(q.tags, id.ETag)
	switch {
	case !q.probe && !q.ranged && !q.stream && (known.Size < 0 || id.Size < 0 || known.Size == id.Size):
		return false, nil
	case !known.Conflicts(id) && vouched(known, id):
		return len(q.tags) > 0 && bare.Same(bareID), nil
	case onlyTag && len(q.tags) > 0 && !again && !bare.Same(bareID):
		return false, &verdict{class: noRange, adrift: true, reason: "it gives each answer another ETag, and no old date"}
	case known.ETag == "" && id.ETag == "" && known.MadeUp() && id.MadeUp() && known.Size == id.Size:
		if known.Conflicts(id) {
			return false, &verdict{class: noRange, adrift: true, reason: "it dates the file anew in each answer"}
		}
		return false, nil
	case !known.Conflicts(id):
		return false, &verdict{class: changed, silent: true, reason: "it no longer says which version of the file it sends"}
	case onlyTag && len(q.tags) > 0 && !again:
		return true, nil
	case onlyTag && len(q.tags) < maxTags:
		return false, &verdict{class: retry, tag: id.ETag, reason: difference(known, id)}
	}
	return false, &verdict{class: changed, reason: difference(known, id)}
}

// vouched says whether an answer that does not conflict with a known strong
// identity repeats anything of it. One that leaves out what told the versions
// apart may be of any of them.
func vouched(known, id segment.Identity) bool {
	return !known.Strong() || known.ETag != "" && known.ETag == id.ETag ||
		!known.Modified.IsZero() && known.Modified.Equal(id.Modified)
}
