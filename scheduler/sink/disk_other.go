//go:build unix && !linux

package sink

import (
	"errors"
	"io/fs"
)

func (f localFile) allocate(size int64) error { return f.Truncate(size) }

func (localFile) holes(int64) (bool, error) { return false, nil }

// datasync is all that File.Sync does; on Darwin that is fcntl(2) with
// F_FULLFSYNC, since fsync(2) there leaves bytes in the drive's cache.
func (f localFile) datasync() error { return f.Sync() }

func (local) renameNew(from, to string) error { return renameByLink(from, to) }

func (localFile) uncache() error { return nil }

func umask() fs.FileMode { return swapUmask() }

func (local) nameless(string) (handle, error) { return nil, errors.ErrUnsupported }
func (localFile) link(string) error           { return errors.ErrUnsupported }
