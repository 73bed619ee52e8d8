package server

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"io/fs"
	"net/http"
	"time"
)

// settling is how old the last change must be before a file's tag is strong. The clock that stamps files ticks every few
// milliseconds at best and every two seconds at worst; two changes within one tick look alike.
const settling = 2 * time.Second

// validatorsOf gives what a file is recognised by, as seen at now. The tag is a digest of everything the system keeps
// about the file's version: any change of the bytes changes it, and so does a replacement by rename, or a rewrite that
// puts the old modification time back. It is weak while the file is still settling, or on a system that does not tell
// enough.
func validatorsOf(fi fs.FileInfo, now time.Time) validators {
	node, complete := inodeOf(fi)
	return validatorsBy(fi, node, complete, now)
}

// guessedOf is validatorsOf for a file that is not the system's own. Its size and time are all there is to go by, whatever
// else its system says of it, so its tag is weak; and without a time it has none.
func guessedOf(fi fs.FileInfo, now time.Time) validators {
	if fi.ModTime().IsZero() {
		return validators{}
	}
	return validatorsBy(fi, inode{}, false, now)
}

func validatorsBy(fi fs.FileInfo, node inode, complete bool, now time.Time) validators {
	v := validators{
		etag:     `"` + fingerprint(fi, node) + `"`,
		modified: seconds(fi.ModTime()),
		settled:  !fi.ModTime().After(now.Add(-settling)),
	}
	if !complete || !v.settled {
		v.etag = "W/" + v.etag
	}
	if v.modified.After(now) {
		v.modified = seconds(now) // RFC 9110, section 8.8.2.1: never later than Date
	}
	return v
}

// dateFor is the Date to send with a file that claims to be from the future: net/http's own, a moment from now, could
// already be a second later than the Last-Modified made of now. For all other files it is "".
func dateFor(fi fs.FileInfo, now time.Time) string {
	if !fi.ModTime().After(now) {
		return ""
	}
	return now.UTC().Format(http.TimeFormat)
}

// An inode is what a system tells of a file's version beyond its size and modification time.
type inode struct {
	device, number uint64
	changed        int64 // ctime in ns: a rewrite cannot set it back
}

// fingerprint is the opaque part of a file's tag. It is hashed so that inode numbers stay at home.
func fingerprint(fi fs.FileInfo, node inode) string {
	b := make([]byte, 0, 48)
	b = append(b, "braid f1"...) // changes whenever what follows does
	b = binary.BigEndian.AppendUint64(b, node.device)
	b = binary.BigEndian.AppendUint64(b, node.number)
	b = binary.BigEndian.AppendUint64(b, uint64(node.changed))
	b = binary.BigEndian.AppendUint64(b, uint64(fi.ModTime().UnixNano()))
	b = binary.BigEndian.AppendUint64(b, uint64(fi.Size()))
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:15])
}
