package sink

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"braid/segment"
)

// The names beside the final one.
const (
	partSuffix       = ".part"
	checkpointSuffix = ".part.ck"
	badSuffix        = ".part.bad"
)

// Open reads what an earlier run left beside path, and locks that for this
// process. Where nothing was left, nothing is created yet but, where the system
// has such, a file without a name, so that a folder that takes none is found now:
// Begin locks what needs it. Elsewhere that is Open, which creates NAME.part.ck
// for it. Open needs no network.
//
// Its error wraps ErrLocked; fs.ErrExist if the name is taken and not to be
// overwritten; ErrForeign, whatever the options; segment.ErrVersion if a newer braid wrote the checkpoint,
// which stays as it is; or what the file system said, with the path.
func Open(path string, o Options) (*File, error) {
	return openOn(local{}, path, o)
}

func openOn(d disk, path string, o Options) (*File, error) {
	if base := filepath.Base(path); path == "" || os.IsPathSeparator(path[len(path)-1]) || base == "." || base == ".." {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("it names no file")}
	}
	path = filepath.Clean(path)
	if o.Durability == Relaxed {
		d = unflushed{d}
	}
	f := &File{
		path: path, part: path + partSuffix, ck: path + checkpointSuffix,
		o: o, disk: d, cut: segment.Cut,
	}
	if err := f.look(); err != nil {
		return nil, err
	}
	if !f.prepare() {
		if err := f.claim(); err != nil {
			return nil, err
		}
	}
	if o.Durability == Relaxed {
		f.note(f.part, "nothing is flushed to the disk: a power cut may cost all of it, and leave a wrong file")
	}
	return f, nil
}

// prepare makes a file without a name where that may be of use, and says whether
// it did. If it could not be made, claim will find out why.
func (f *File) prepare() bool {
	// The name is given only where there is none, and Strict goes by a checkpoint.
	if !f.fresh || f.o.Overwrite || f.o.Durability == Strict {
		return false
	}
	spare, err := f.disk.nameless(f.part)
	if err != nil {
		return false
	}
	f.spare = spare
	return true
}

// claim locks the checkpoint file and reads what there is.
func (f *File) claim() error {
	file, err := f.disk.lock(f.ck)
	if err != nil {
		return f.unlocked(err)
	}
	f.slots.file = file
	if err := f.load(); err != nil {
		err = errors.Join(err, f.unlock(f.litter()))
		f.slots.file = nil
		return err
	}
	return nil
}

// look refuses what can be refused before anything is created.
func (f *File) look() error {
	taken, err := f.taken()
	if err != nil {
		return err
	}
	_, found, err := f.lookup(f.ck)
	if err != nil || found {
		return err // with a checkpoint there is more to know: load decides
	}
	if taken != nil && !f.o.Overwrite {
		return exists(f.path)
	}
	f.fresh = true
	_, found, err = f.lookup(f.part)
	if found {
		return foreign(f.part)
	}
	return err
}

// taken is the file that has the final name, nil if there is none, and an
// error if nothing may ever be put in its place.
func (f *File) taken() (*info, error) {
	st, found, err := f.lookup(f.path)
	switch {
	case err != nil || !found:
		return nil, err
	case f.o.Overwrite && !st.mode.IsRegular() && st.mode&fs.ModeSymlink == 0:
		return nil, &fs.PathError{Op: "open", Path: f.path, Err: errors.New("it is not a regular file, and is not replaced")}
	}
	return &st, nil
}

func (f *File) lookup(path string) (st info, found bool, err error) {
	st, err = f.disk.lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return info{}, false, nil
	}
	return st, err == nil, err
}

// unlocked is what to say when the lock was not to be had.
func (f *File) unlocked(err error) error {
	switch {
	case err == errBusy:
		pid := f.disk.holder(f.ck)
		if pid == 0 {
			if r, err := readOn(f.disk, f.path); err == nil && r.Checkpoint != nil {
				pid = r.Checkpoint.Pid
			}
		}
		if pid == 0 {
			return fmt.Errorf("%s %w", f.path, ErrLocked)
		}
		return fmt.Errorf("%s %w (pid %d)", f.path, ErrLocked, pid)
	case errors.Is(err, errBusy):
		return fmt.Errorf("%s %w: %w", f.path, ErrLocked, err)
	case errors.Is(err, fs.ErrNotExist):
		return &fs.PathError{Op: "open", Path: filepath.Dir(f.path), Err: cause(err)}
	}
	return err
}

// load reads what there is, under the lock.
func (f *File) load() error {
	newest, older, size, err := readSlots(f.slots.file)
	f.slots.size = size
	switch {
	case errors.Is(err, segment.ErrCorrupt):
		f.note(f.ck, "both copies of the checkpoint were damaged; beginning anew")
	case err != nil:
		f.slots.size = 1 // it may hold something: not to be removed
		return &fs.PathError{Op: "read", Path: f.ck, Err: cause(err)}
	case newest != nil:
		f.found, f.older, f.slots.generation = newest, older, newest.Generation
		if older == nil {
			f.note(f.ck, "one copy of the checkpoint was damaged; the other one is used")
		}
	}
	part, partial, err := f.lookup(f.part)
	f.partial = partial || err != nil
	if err != nil {
		return err
	}
	if partial && f.fresh && size == 0 { // it came after look
		f.partial = false
		return foreign(f.part)
	}
	final, err := f.taken()
	if err != nil {
		return err
	}
	if partial && part.links > 1 {
		twice, err := f.twice(part, final)
		if err != nil {
			return err
		}
		partial, f.partial = !twice, !twice
	}
	if final != nil && !partial && f.renamed(*final) {
		if f.found.Origin.Is(withoutSecrets(f.o.URL)) && !f.o.Overwrite {
			f.finished = true
			f.same.Grid, f.last = f.found.Grid, f.found
			return nil
		}
		// Another URL's file was finished here, or this one is wanted anew. Only
		// the checkpoint is in the way, and it claims nothing any more.
		if err := f.slots.clear(); err != nil {
			return &fs.PathError{Op: "truncate", Path: f.ck, Err: cause(err)}
		}
		f.found, f.older = nil, nil
	}
	if final != nil && !f.o.Overwrite {
		return exists(f.path)
	}
	if partial {
		return f.writable(part)
	}
	return nil
}

// writable opens the part, only to see now what would forbid it later, after
// the network.
func (f *File) writable(part info) error {
	if err := part.trusted(f.part); err != nil {
		return err
	}
	data, err := f.disk.open(f.part)
	if err != nil {
		return err
	}
	return data.Close()
}

// twice says whether a crash in the middle of renameByLink has left the part a
// second name, and takes the first one away: the second is the one it was to
// have.
func (f *File) twice(part info, final *info) (bool, error) {
	if f.found != nil && !f.found.Complete {
		return false, nil // it was not to be renamed yet
	}
	same := final != nil && part.same(*final)
	for bad := range f.badNames() {
		if same {
			break
		}
		st, found, err := f.lookup(bad)
		if err != nil || !found {
			break
		}
		same = st.same(part)
	}
	if !same {
		return false, nil
	}
	if err := f.disk.remove(f.part); err != nil {
		return true, err
	}
	return true, f.disk.syncDir(filepath.Dir(f.path)) // before the checkpoint that tells of it goes
}

// litter says that the checkpoint file holds nothing and is no part's sign of
// being ours: it was only the lock.
func (f *File) litter() bool { return f.slots.size == 0 && !f.partial }

// unlock lets go of the checkpoint file, after removing it if remove is true and
// the name still stands for it.
func (f *File) unlock(remove bool) error {
	err := error(nil)
	if remove {
		_, err = f.stands(f.slots.file, f.ck)
		remove = err == nil
		if errors.Is(err, errGone) {
			err = nil
		}
	}
	return errors.Join(err, f.disk.unlock(f.slots.file, f.ck, remove))
}

// renamed says whether the final name is on the very file that the checkpoint
// calls complete.
func (f *File) renamed(final info) bool {
	return f.found != nil && f.found.Complete && final.resembles(f.found.Part)
}

func exists(path string) error {
	return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
}

func foreign(path string) error {
	return fmt.Errorf("%w: rename or remove it", &fs.PathError{Op: "create", Path: path, Err: ErrForeign})
}
