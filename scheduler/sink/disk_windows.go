package sink

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// There is no O_NOFOLLOW; what stands at a name is looked at before it is
// opened.
const noFollow = 0

func (local) lstat(path string) (info, error) {
	fi, err := os.Lstat(path)
	if err != nil {
		return info{}, err
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return info{}, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	h, err := windows.CreateFile(name, 0,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE, nil, windows.OPEN_EXISTING,
		windows.FILE_FLAG_BACKUP_SEMANTICS|windows.FILE_FLAG_OPEN_REPARSE_POINT, 0)
	if err != nil {
		return info{}, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	defer windows.CloseHandle(h)
	return describe(h, fi)
}

func (f localFile) stat() (info, error) {
	fi, err := f.Stat()
	if err != nil {
		return info{}, err
	}
	return describe(windows.Handle(f.Fd()), fi)
}

// describe takes every file for the user's own: access control lists, not
// owners, decide here.
func describe(h windows.Handle, fi fs.FileInfo) (info, error) {
	var d windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(h, &d); err != nil {
		return info{}, &fs.PathError{Op: "stat", Path: fi.Name(), Err: err}
	}
	return info{
		dev:      uint64(d.VolumeSerialNumber),
		ino:      uint64(d.FileIndexHigh)<<32 | uint64(d.FileIndexLow),
		links:    uint64(d.NumberOfLinks),
		size:     fi.Size(),
		modified: time.Unix(0, d.LastWriteTime.Nanoseconds()).UnixNano(),
		mode:     fi.Mode(),
		own:      true,
	}, nil
}

// allocate only sets the length: SetFileValidData would show what the disk
// held before.
func (f localFile) allocate(size int64) error { return f.Truncate(size) }

func (localFile) holes(int64) (bool, error) { return false, nil }

func (f localFile) datasync() error { return f.Sync() } // FlushFileBuffers
func (f localFile) publish() error  { return nil }
func (localFile) uncache() error    { return nil }

// syncDir does nothing: NTFS journals its directories and cannot flush one.
func (local) syncDir(string) error { return nil }

// renameNew is MoveFileEx without MOVEFILE_REPLACE_EXISTING.
func (local) renameNew(from, to string) error {
	a, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	b, err := windows.UTF16PtrFromString(to)
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	if err := windows.MoveFileEx(a, b, windows.MOVEFILE_WRITE_THROUGH); err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

func (local) nameless(string) (handle, error) { return nil, errors.ErrUnsupported }
func (localFile) link(string) error           { return errors.ErrUnsupported }
