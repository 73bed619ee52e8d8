package sink

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"braid/segment"
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		child()
		return
	}
	goleak.VerifyTestMain(m)
}

// A scripted disk is the local one, whose every operation is recorded as "verb
// name" and may be made to fail.
type scripted struct {
	disk
	mu   sync.Mutex
	ops  []string
	fail func(n int, op string) error // n counts from 1; nil lets the operation through

	before func(op string) // runs before each operation
}

func (s *scripted) op(verb, path string) error {
	op := verb + " " + strings.TrimPrefix(filepath.Base(path), "big.iso")
	if s.before != nil {
		s.before(op)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ops = append(s.ops, op)
	if s.fail == nil {
		return nil
	}
	if err := s.fail(len(s.ops), op); err != nil {
		return &fs.PathError{Op: verb, Path: path, Err: err}
	}
	return nil
}

// since is what was done after the first n operations, without looking about.
func (s *scripted) since(n int) (ops []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, op := range s.ops[n:] {
		if !strings.HasPrefix(op, "stat") && !strings.HasPrefix(op, "lstat") {
			ops = append(ops, op)
		}
	}
	return ops
}

func (s *scripted) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ops)
}

func wrap[T any](s *scripted, verb, path string, do func() (T, error)) (T, error) {
	if err := s.op(verb, path); err != nil {
		var zero T
		return zero, err
	}
	return do()
}

func (s *scripted) handle(verb, path string, open func(string) (handle, error)) (handle, error) {
	if err := s.op(verb, path); err != nil {
		return nil, err
	}
	h, err := open(path)
	if err != nil {
		return nil, err
	}
	return &scriptedFile{h, s, path}, nil
}

func (s *scripted) lock(p string) (handle, error)   { return s.handle("lock", p, s.disk.lock) }
func (s *scripted) open(p string) (handle, error)   { return s.handle("open", p, s.disk.open) }
func (s *scripted) create(p string) (handle, error) { return s.handle("create", p, s.disk.create) }
func (s *scripted) nameless(p string) (handle, error) {
	return s.handle("nameless", p, s.disk.nameless)
}
func (s *scripted) lstat(p string) (info, error) {
	return wrap(s, "lstat", p, func() (info, error) { return s.disk.lstat(p) })
}
func (s *scripted) rename(a, b string) error {
	return errors.Join(s.op("rename", b), s.disk.rename(a, b))
}
func (s *scripted) renameNew(a, b string) error {
	if err := s.op("renameNew", b); err != nil {
		return err
	}
	return s.disk.renameNew(a, b)
}
func (s *scripted) remove(p string) error {
	if err := s.op("remove", p); err != nil {
		return err
	}
	return s.disk.remove(p)
}
func (s *scripted) syncDir(p string) error {
	if err := s.op("syncDir", "."); err != nil {
		return err
	}
	return s.disk.syncDir(p)
}

// unlock lets go whatever happens, as the end of a process would.
func (s *scripted) unlock(h handle, p string, remove bool) error {
	verb := "unlock"
	if remove {
		verb = "forget"
	}
	if err := s.op(verb, p); err != nil {
		return errors.Join(err, s.disk.unlock(h.(*scriptedFile).handle, p, false))
	}
	return s.disk.unlock(h.(*scriptedFile).handle, p, remove)
}

type scriptedFile struct {
	handle
	s    *scripted
	path string
}

// WriteAt tears what it fails: half of it is written.
func (f *scriptedFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.s.op("write", f.path); err != nil {
		n, _ := f.handle.WriteAt(p[:len(p)/2], off)
		if errors.Is(err, errShort) {
			err = nil
		}
		return n, err
	}
	return f.handle.WriteAt(p, off)
}
func (f *scriptedFile) ReadAt(p []byte, off int64) (int, error) {
	return wrap(f.s, "read", f.path, func() (int, error) { return f.handle.ReadAt(p, off) })
}
func (f *scriptedFile) stat() (info, error) { return wrap(f.s, "stat", f.path, f.handle.stat) }
func (f *scriptedFile) do(verb string, call func() error) error {
	if err := f.s.op(verb, f.path); err != nil {
		return err
	}
	return call()
}
func (f *scriptedFile) allocate(n int64) error {
	return f.do("allocate", func() error { return f.handle.allocate(n) })
}
func (f *scriptedFile) truncate(n int64) error {
	return f.do("truncate", func() error { return f.handle.truncate(n) })
}
func (f *scriptedFile) datasync() error { return f.do("datasync", f.handle.datasync) }
func (f *scriptedFile) sync() error     { return f.do("sync", f.handle.sync) }
func (f *scriptedFile) publish() error  { return f.do("publish", f.handle.publish) }
func (f *scriptedFile) hide() error     { return f.do("hide", f.handle.hide) }
func (f *scriptedFile) chtimes(t time.Time) error {
	return f.do("chtimes", func() error { return f.handle.chtimes(t) })
}
func (f *scriptedFile) link(p string) error {
	if err := f.s.op("link", p); err != nil {
		return err
	}
	return f.handle.link(p)
}
func (f *scriptedFile) Close() error {
	return errors.Join(f.s.op("close", f.path), f.handle.Close())
}

// errShort makes a write short, without an error.
var errShort = errors.New("short write")

// The file that most tests fetch: small blocks, a short last one.
const (
	testBlock = 4096
	testSize  = 10*testBlock + 100
)

func smallBlocks(size int64) segment.Grid { return segment.Grid{Size: size, Block: testBlock} }

var bg = context.Background()

// A servant is a source of p, or of nothing but err.
type servant struct {
	p   []byte
	at  []segment.Range // what was asked for
	max int64           // how much a body holds at most; 0 means all
	err error
}

func sourceOf(p []byte) *servant { return &servant{p: p} }

func (s *servant) Open(ctx context.Context, r segment.Range) (io.ReadCloser, error) {
	s.at = append(s.at, r)
	if s.err != nil {
		return nil, s.err
	}
	if s.max > 0 {
		r.End = min(r.End, r.Off+s.max)
	}
	return io.NopCloser(io.NewSectionReader(bytes.NewReader(s.p), r.Off, r.Len())), nil
}

var (
	otherContent = bytes.Repeat([]byte("another file "), testSize/13+1)[:testSize]

	day      = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	identity = segment.Identity{Size: testSize, ETag: `"v1"`, Modified: day, Date: day.Add(time.Hour)}
	content  = bytesOf(testSize)
)

func bytesOf(n int) []byte {
	p := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(p)
	return p
}

const testURL = "https://user:secret@example.org/big.iso?token=secret#part"

// openTest opens path on d (nil: the local disk) with small blocks.
func openTest(d disk, path string, o Options) (*File, error) {
	if d == nil {
		d = local{}
	}
	if o.URL == "" {
		o.URL = testURL
	}
	f, err := openOn(d, path, o)
	if f != nil {
		f.cut = smallBlocks
	}
	return f, err
}

func mustOpen(t *testing.T, path string, o Options) *File {
	t.Helper()
	f, err := openTest(nil, path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// begun is a file at path on which Begin went well.
func begun(t *testing.T, path string, o Options) *File {
	t.Helper()
	f := mustOpen(t, path, o)
	if err := f.Begin(bg, Remote{Identity: identity, Host: "example.org"}); err != nil {
		t.Fatal(err)
	}
	return f
}

// put writes blocks of the right content.
func put(f *File, blocks ...int) error {
	for _, i := range blocks {
		r := f.Grid().Range(i)
		if _, err := f.WriteAt(content[r.Off:r.End], r.Off); err != nil {
			return err
		}
	}
	return nil
}

// mustBegin writes the first n bytes of a block.
func mustBegin(t *testing.T, f *File, block int, n int64) {
	t.Helper()
	off := f.Grid().Range(block).Off
	if _, err := f.WriteAt(content[off:off+n], off); err != nil {
		t.Fatal(err)
	}
}

func mustPut(t *testing.T, f *File, blocks ...int) {
	t.Helper()
	if err := put(f, blocks...); err != nil {
		t.Fatal(err)
	}
}

func blocks(g segment.Grid, of ...int) *segment.Bitmap {
	b := segment.NewBitmap(g.Len())
	for _, i := range of {
		b.Set(i)
	}
	return b
}

func mustSave(t *testing.T, f *File, of ...int) {
	t.Helper()
	if err := f.Save(blocks(f.Grid(), of...)); err != nil {
		t.Fatal(err)
	}
}

// left is a file at path that an orderly stop left with these blocks done.
func left(t *testing.T, path string, of ...int) {
	t.Helper()
	f := begun(t, path, Options{})
	mustPut(t, f, of...)
	mustSave(t, f, of...)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// finish writes what is missing and commits.
func finish(f *File, verify func(*io.SectionReader) error) error {
	done := f.Done()
	for first, past := range done.Clone().Gaps() {
		for i := first; i < past; i++ {
			if err := put(f, i); err != nil {
				return err
			}
			done.Set(i)
		}
	}
	if err := f.Save(done); err != nil {
		return err
	}
	return f.Commit(verify)
}

func mustFinish(t *testing.T, f *File) {
	t.Helper()
	if err := finish(f, nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	alone(t, f.path)
}

// alone checks that path holds the content, and that nothing is left beside it.
func alone(t *testing.T, path string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, content) {
		t.Error("the finished file is not what was sent")
	}
	nothingBeside(t, path)
}

func nothingBeside(t *testing.T, path string) {
	t.Helper()
	for _, suffix := range []string{partSuffix, checkpointSuffix, badSuffix} {
		if _, err := os.Lstat(path + suffix); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s%s is left: %v", filepath.Base(path), suffix, err)
		}
	}
}

// audit holds the checkpoint at path against the part, without the code under
// test: every block claimed by either slot must have the right bytes. It returns
// how many the newest claims, and -1 if there is no whole checkpoint.
func audit(path string, want []byte) (int, error) {
	ck, err := os.ReadFile(path + checkpointSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	c, older, err := segment.Newest(ck)
	if err != nil {
		return -1, nil
	}
	part, err := os.ReadFile(path + partSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		part, err = os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return -1, nil // a claim about a part that is gone is never believed
		}
	}
	if err != nil {
		return 0, err
	}
	for _, c := range []*segment.Checkpoint{c, older} {
		if c == nil {
			continue
		}
		if i := falseClaim(c, part, want); i >= 0 {
			return 0, fmt.Errorf("generation %d claims block %d, which is not there", c.Generation, i)
		}
	}
	return c.Done.Count(), nil
}

// falseClaim is a block that c claims without its being in part, or -1.
func falseClaim(c *segment.Checkpoint, part, want []byte) int {
	for i := range c.Grid.Len() {
		r := c.Grid.Range(i)
		if c.Done.Has(i) && (r.End > int64(len(part)) || !bytes.Equal(part[r.Off:r.End], want[r.Off:r.End])) {
			return i
		}
	}
	for _, h := range c.Heads {
		off := c.Grid.Range(h.Block).Off
		if off+h.Len > int64(len(part)) || !bytes.Equal(part[off:off+h.Len], want[off:off+h.Len]) ||
			crc32.Checksum(want[off:off+h.Len], segment.Castagnoli) != h.Sum || c.Done.Has(h.Block) {
			return h.Block
		}
	}
	return -1
}

func tempPath(t testing.TB) string { return filepath.Join(t.TempDir(), "big.iso") }

func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func noted(f *File, text string) bool { return strings.Contains(strings.Join(f.Notes(), "\n"), text) }

// resum gives a changed slot a right sum.
func resum(p []byte) {
	binary.LittleEndian.PutUint32(p[len(p)-4:], crc32.Checksum(p[:len(p)-4], segment.Castagnoli))
}

// zeros is the CRC-32C of a megabyte of them.
var zeros = crc32.Checksum(make([]byte, 1<<20), segment.Castagnoli)

// A countingReader is a part full of zeros that knows which megabytes were read.
type countingReader struct {
	handle
	seen map[int]bool
}

func (r *countingReader) holes(int64) (bool, error) { return false, nil }

func (r *countingReader) ReadAt(p []byte, off int64) (int, error) {
	r.seen[int(off>>20)] = true
	clear(p)
	return len(p), nil
}
