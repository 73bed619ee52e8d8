package sink

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"braid/segment"
)

// A Report is what stands beside a file that is being fetched or was
// interrupted.
type Report struct {
	Path       string              // the final name
	Checkpoint *segment.Checkpoint // nil if the file was not begun, or keeps none (a plain job)
	Damaged    bool                // one of the checkpoint's two slots is not whole
	Part       bool                // NAME.part is there
	PartSize   int64               // its length, bytes
	Pid        int                 // the process that has it locked; 0 if none, or if the system does not tell
}

// Read reports on path, which may be NAME, NAME.part or NAME.part.ck, without
// locking or changing anything. Its error wraps fs.ErrNotExist if there is no
// checkpoint, segment.ErrCorrupt or segment.ErrVersion; with the latter two the
// rest of the report is filled in.
func Read(path string) (Report, error) {
	return readOn(local{}, path)
}

func readOn(d disk, path string) (r Report, err error) {
	path = filepath.Clean(path)
	for _, suffix := range []string{checkpointSuffix, partSuffix} {
		if name, ok := strings.CutSuffix(path, suffix); ok && filepath.Base(name) != "." {
			path = name
			break
		}
	}
	r.Path = path
	ck := path + checkpointSuffix
	st, err := d.lstat(ck)
	if err != nil {
		return r, err
	}
	if !st.mode.IsRegular() {
		return r, &fs.PathError{Op: "open", Path: ck, Err: errors.New("it is not a regular file")}
	}
	r.Pid = d.holder(ck)
	switch st, err := d.lstat(path + partSuffix); {
	case err == nil:
		r.Part, r.PartSize = true, st.size
	case !errors.Is(err, fs.ErrNotExist):
		return r, err
	}
	file, err := d.view(ck)
	if err != nil {
		return r, err
	}
	defer file.Close()
	newest, older, _, err := readSlots(file)
	if err != nil {
		return r, &fs.PathError{Op: "read", Path: ck, Err: cause(err)}
	}
	r.Checkpoint, r.Damaged = newest, newest != nil && older == nil
	return r, nil
}
