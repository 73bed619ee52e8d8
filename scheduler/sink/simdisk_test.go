package sink

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// sector is what a drive writes as one.
const sector = 512

// A simDisk is a file system in memory that can lose power. It knows what is
// durable, and every version since of each sector, length, mode and name: a
// power cut keeps any of them, each on its own, whatever the order they came
// in. That is worse than any real file system with a journal.
type simDisk struct {
	mu    sync.Mutex
	names map[string]*simFile
	disk  map[string]*simFile // those that are durable
	moves []simMove           // since
	clock int64               // nanoseconds; each change takes one

	ops     []string                        // each as "verb suffix"
	changes int                             // how many of them changed something
	before  func(op string)                 // runs before each, outside the lock
	flushed func()                          // runs after each flush
	fail    func(n int, op string) simFault // n counts from 1

	sparse bool              // it cannot reserve space
	lies   func(at int) bool // a flush leaves out this sector of a file, and says nothing
}

// A simMove gives a name to a file, takes it away (nil), or moves it.
type simMove struct {
	name, from string
	file       *simFile
}

// A simFault is how an operation fails.
type simFault struct {
	err  error // nil: it does not
	late bool  // after it was done, so that only the answer is lost
}

func newSimDisk() *simDisk {
	return &simDisk{names: map[string]*simFile{}, disk: map[string]*simFile{}}
}

// op counts an operation, lets the test look before it, and says how it fails.
func (d *simDisk) op(verb, path string) simFault {
	op := verb + " " + strings.TrimPrefix(filepath.Base(path), "big.iso")
	if d.before != nil {
		d.before(op)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ops = append(d.ops, op)
	if d.fail == nil {
		return simFault{}
	}
	fault := d.fail(len(d.ops), op)
	if fault.err != nil {
		fault.err = &fs.PathError{Op: verb, Path: path, Err: fault.err}
	}
	return fault
}

// change is one that fails as told, before or after do.
func (d *simDisk) change(verb, path string, do func() error) error {
	fault := d.op(verb, path)
	d.mu.Lock()
	defer d.mu.Unlock()
	if fault.err != nil && !fault.late {
		return fault.err
	}
	d.changes++
	d.clock++
	if err := do(); err != nil {
		return &fs.PathError{Op: verb, Path: path, Err: err}
	}
	return fault.err
}

func (d *simDisk) handle(verb, path string, do func() (*simFile, error)) (handle, error) {
	var f *simFile
	if err := d.change(verb, path, func() (err error) {
		f, err = do()
		return err
	}); err != nil {
		return nil, err
	}
	return &simHandle{d: d, f: f, path: path}, nil
}

func (d *simDisk) find(path string) (*simFile, error) {
	if f := d.names[path]; f != nil {
		return f, nil
	}
	return nil, syscall.ENOENT
}

// make is a new file with the lowest number that is free, as real file systems
// give them out again.
func (d *simDisk) make(path string) *simFile {
	taken := map[uint64]bool{}
	for _, f := range d.names {
		taken[f.ino] = true
	}
	f := &simFile{ino: 10, dirty: map[int][][]byte{}}
	for taken[f.ino] {
		f.ino++
	}
	f.mode, f.modified = 0o600, d.clock
	f.kept = f.simMeta
	if path != "" {
		d.name(path, f)
	}
	return f
}

func (d *simDisk) name(path string, f *simFile) {
	if f == nil {
		delete(d.names, path)
	} else {
		d.names[path] = f
	}
	d.moves = append(d.moves, simMove{name: path, file: f})
}

func (d *simDisk) lock(path string) (handle, error) {
	if st, err := d.lstat(path); err == nil {
		if err := st.trusted(path); err != nil {
			return nil, err
		}
	}
	h, err := d.handle("lock", path, func() (*simFile, error) {
		f := d.names[path]
		if f == nil {
			f = d.make(path)
		}
		return f, nil
	})
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	f := h.(*simHandle).f
	if f.locked {
		return nil, errBusy
	}
	f.locked = true
	return h, nil
}

// unlock lets go whatever happens, as the end of a process would.
func (d *simDisk) unlock(h handle, path string, remove bool) error {
	var err error
	if remove {
		err = d.remove(path)
	}
	h.(*simHandle).f.locked = false
	return errors.Join(err, h.Close())
}

func (d *simDisk) holder(string) int { return 0 }

func (d *simDisk) open(path string) (handle, error) {
	return d.handle("open", path, func() (*simFile, error) { return d.find(path) })
}

func (d *simDisk) view(path string) (handle, error) { return d.open(path) }

func (d *simDisk) create(path string) (handle, error) {
	return d.handle("create", path, func() (*simFile, error) {
		if d.names[path] != nil {
			return nil, syscall.EEXIST
		}
		return d.make(path), nil
	})
}

// nameless is a file of which a crash leaves nothing until it has a name.
func (d *simDisk) nameless(path string) (handle, error) {
	return d.handle("nameless", path, func() (*simFile, error) {
		f := d.make("")
		f.ino, f.mode = 1<<20+uint64(d.clock), 0o644 // nobody else's number, though no name shows it
		f.kept = f.simMeta
		return f, nil
	})
}

func (d *simDisk) lstat(path string) (info, error) {
	if fault := d.op("lstat", path); fault.err != nil {
		return info{}, fault.err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := d.find(path)
	if err != nil {
		return info{}, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	return d.describe(f), nil
}

func (d *simDisk) describe(f *simFile) info {
	i := info{dev: 1, ino: f.ino, size: f.size, modified: f.modified, mode: f.mode, own: true}
	for _, named := range d.names {
		if named == f {
			i.links++
		}
	}
	return i
}

func (d *simDisk) rename(from, to string) error {
	return d.change("rename", to, func() error { return d.move(from, to) })
}

func (d *simDisk) renameNew(from, to string) error {
	return d.change("renameNew", to, func() error {
		if d.names[to] != nil {
			return syscall.EEXIST
		}
		return d.move(from, to)
	})
}

func (d *simDisk) move(from, to string) error {
	f, err := d.find(from)
	if err != nil {
		return err
	}
	d.names[to] = f
	delete(d.names, from)
	d.moves = append(d.moves, simMove{name: to, from: from, file: f})
	return nil
}

func (d *simDisk) remove(path string) error {
	return d.change("remove", path, func() error {
		if _, err := d.find(path); err != nil {
			return err
		}
		d.name(path, nil)
		return nil
	})
}

func (d *simDisk) syncDir(path string) error {
	return d.change("syncDir", ".", func() error {
		d.disk, d.moves = maps.Clone(d.names), nil
		return nil
	})
}

// cut is what the disk holds after the power went and came again: each change
// that is not durable survives with probability p.
func (d *simDisk) cut(rng *rand.Rand, p float64) *simDisk {
	d.mu.Lock()
	defer d.mu.Unlock()
	survives := func() bool { return rng.Float64() < p }
	after := newSimDisk()
	after.clock, after.sparse = d.clock+1, d.sparse
	left := maps.Clone(d.disk)
	for _, m := range d.moves {
		switch {
		case !survives():
		case m.file == nil:
			delete(left, m.name)
		default:
			left[m.name] = m.file
			// A rename that is half there leaves both names.
			if m.from != "" && (p == 1 || rng.IntN(4) > 0) {
				delete(left, m.from)
			}
		}
	}
	copies := map[*simFile]*simFile{}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		f := left[name]
		if copies[f] == nil {
			copies[f] = f.cut(rng, p)
		}
		after.names[name], after.disk[name] = copies[f], copies[f]
	}
	return after
}

// put makes p what a file durably holds; p is nil for a file that is not there.
func (d *simDisk) put(path string, p []byte) {
	if p == nil {
		delete(d.names, path)
		delete(d.disk, path)
		return
	}
	f := d.names[path]
	if f == nil {
		f = d.make(path)
		d.disk[path], d.moves = f, nil
	}
	f.data, f.synced = bytes.Clone(p), bytes.Clone(p)
	f.size, f.solid = int64(len(p)), int64(len(p))
	f.kept, f.dirty, f.metas = f.simMeta, map[int][][]byte{}, nil
}

// get is what a file holds, nil if it is not there.
func (d *simDisk) get(path string) []byte {
	if f := d.names[path]; f != nil {
		return append([]byte{}, f.data...)
	}
	return nil
}
