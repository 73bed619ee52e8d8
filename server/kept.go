package server

import (
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// lookAgain is how long a file is taken to be what it was.
const lookAgain = time.Second

// A kept value is one that is made of files, and made anew when they have changed. Nobody watches the files: whoever wants
// the value looks at them, if that was last done a second ago or more. When nothing can be made of what is there, the value
// stays what it was.
type kept[T any] struct {
	files []string
	read  func() (*T, error)
	warn  func(error) // is told once why there is no newer value; nil means nobody wants to know

	value atomic.Pointer[T]
	due   atomic.Int64 // when to look again, in ns of Unix time

	mu   sync.Mutex
	seen string // the versions of the files that value was made of
	said string // what warn was told last
}

// keep makes the first value.
func keep[T any](read func() (*T, error), warn func(error), files ...string) (*kept[T], error) {
	k := &kept[T]{files: files, read: read, warn: warn}
	k.seen = k.versions()
	first, err := read()
	if err != nil {
		return nil, err
	}
	k.value.Store(first)
	k.due.Store(time.Now().Add(lookAgain).UnixNano())
	return k, nil
}

// get gives the value. At most one caller at a time is held up by reading.
func (k *kept[T]) get() *T {
	if now := time.Now(); now.UnixNano() >= k.due.Load() && k.mu.TryLock() {
		k.look()
		k.due.Store(now.Add(lookAgain).UnixNano())
		k.mu.Unlock()
	}
	return k.value.Load()
}

// look makes a newer value if the files are others. The lock is held.
func (k *kept[T]) look() {
	versions := k.versions() // before they are read: should they change meanwhile, the next look will see it
	if versions == k.seen {
		return
	}
	newer, err := k.read()
	if err != nil { // perhaps they are just being written, so the next look is a new attempt
		if text := err.Error(); text != k.said && k.warn != nil {
			k.said = text
			k.warn(err)
		}
		return
	}
	k.value.Store(newer)
	k.seen, k.said = versions, ""
}

// versions tells versions of the files apart. A file that is not there has one of its own.
func (k *kept[T]) versions() string {
	var all strings.Builder
	for _, name := range k.files {
		if fi, err := os.Stat(name); err == nil {
			node, _ := inodeOf(fi)
			all.WriteString(fingerprint(fi, node))
		}
		all.WriteByte(' ')
	}
	return all.String()
}
