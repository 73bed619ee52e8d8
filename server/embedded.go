package server

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"io/fs"
	"reflect"
	"sync"
)

// An embedded file is one of an embed.FS. It has no times, but it never changes, so its content can be its tag.
type embedded interface {
	fs.File
	io.ReaderAt
}

// asEmbedded says whether f is an embedded file. The package embed does not export their type, and an fs.Sub of an
// embed.FS is none, so it is the package that tells. No other file without a time can be taken at its word.
func asEmbedded(f fs.File) (embedded, bool) {
	t := reflect.TypeOf(f)
	if t.Kind() != reflect.Pointer || t.Elem().PkgPath() != "embed" {
		return nil, false
	}
	e, ok := f.(embedded)
	return e, ok
}

// embeds are the digests of the embedded files that were asked for. There are never more than files in the program.
type embeds struct {
	byFile sync.Map // by the fs.FileInfo, of which embed has one for each file: a func() [sha256.Size]byte
}

// sum is the sha-256 of an embedded file, which is hashed at most once. Clients that ask for its segments all at once wait
// for one hashing.
func (s *embeds) sum(f embedded, fi fs.FileInfo) [sha256.Size]byte {
	compute, ok := s.byFile.Load(fi)
	if !ok {
		compute, _ = s.byFile.LoadOrStore(fi, sync.OnceValue(func() [sha256.Size]byte {
			hash := sha256.New()
			_, _ = io.Copy(hash, io.NewSectionReader(f, 0, fi.Size())) // memory does not fail
			return [sha256.Size]byte(hash.Sum(nil))
		}))
	}
	return compute.(func() [sha256.Size]byte)()
}

// contentTag is an entity-tag that files of equal content share.
func contentTag(sum [sha256.Size]byte) string {
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`
}
