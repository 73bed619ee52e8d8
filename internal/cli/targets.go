package cli

import (
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// targets are the names that the files of a run get. Each is for one of them,
// the first that comes, whatever becomes of it: two would be in each other's
// way, and with --force the second would replace the first.
type targets struct {
	mu      sync.Mutex
	taken   map[string]bool
	folders map[string]string // as they were said, and as they are
}

func newTargets() *targets {
	return &targets{taken: map[string]bool{}, folders: map[string]string{}}
}

// working are the ends of the names that a file has beside its own until it is
// complete.
var working = []string{".part", ".part.ck"}

// take is an error if another file of the run has path, or one of the two would
// be where the other is worked on.
func (t *targets) take(path string) error {
	dir, name := filepath.Split(path)
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" { // where most disks do not tell them apart
		name = strings.ToLower(name)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	key := t.folder(dir) + name
	if t.taken[key] {
		return &twiceError{path, path}
	}
	for _, end := range working {
		if t.taken[key+end] {
			return &twiceError{path, path + end}
		}
		if its, ok := strings.CutSuffix(key, end); ok && t.taken[its] {
			return &twiceError{path, path}
		}
	}
	t.taken[key] = true
	return nil
}

// folder is the one name of a folder that may be reached by several.
func (t *targets) folder(dir string) string {
	if known, ok := t.folders[dir]; ok {
		return known
	}
	real, err := filepath.EvalSymlinks(filepath.Clean(dir))
	if err != nil {
		real = dir // nothing will be put there
	}
	if whole, err := filepath.Abs(real); err == nil {
		real = whole
	}
	real += string(filepath.Separator)
	t.folders[dir] = real
	return real
}

// A twiceError says that two files of one run would have the same name, path or
// one that path needs.
type twiceError struct{ path, name string }

func (e *twiceError) Error() string {
	where := "there"
	if e.name != e.path {
		where = "to " + e.name
	}
	return e.path + ": another URL of this run goes " + where + ", and came first"
}

func (e *twiceError) Is(target error) bool { return target == fs.ErrExist }
