//go:build linux

package sink

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"braid/scheduler"
	"braid/segment"
)

// mount puts a fresh file system of kind on a folder, for as long as the test
// runs.
func mount(t *testing.T, kind string, mib int) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root mounts file systems")
	}
	dir := t.TempDir()
	image := filepath.Join(t.TempDir(), "image")
	commands := [][]string{{"mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm", mib), "tmpfs", dir}}
	if kind != "tmpfs" {
		commands = [][]string{
			{"truncate", "-s", fmt.Sprintf("%dM", mib), image},
			{"mkfs." + kind, "-q", "-F", "-m", "0", image},
			{"mount", "-o", "loop", image, dir},
		}
	}
	for _, c := range commands {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Skipf("%s is missing, or root may not mount it, as linux containers often have it: %v: %s", kind, err, out)
		}
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return dir
}

// A file larger than the disk is refused before it is begun, and frees what the
// failed fallocate took.
func TestTooLargeForDisk(t *testing.T) {
	dir := mount(t, "ext4", 24)
	free := func() uint64 {
		var st unix.Statfs_t
		if err := unix.Statfs(dir, &st); err != nil {
			t.Fatal(err)
		}
		return st.Bfree * uint64(st.Bsize)
	}
	before := free()
	path := filepath.Join(dir, "big.iso")
	f := mustOpen(t, path, Options{})
	err := f.Begin(bg, Remote{Identity: segment.Identity{Size: 64 << 20, ETag: `"x"`}})
	if !errors.Is(err, unix.ENOSPC) || !errors.Is(err, scheduler.ErrSink) {
		t.Errorf("Begin: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	nothingBeside(t, path)
	if after := free(); after+(64<<10) < before {
		t.Errorf("%d bytes are free, %d were before", after, before)
	}
}

// A disk that others fill up while a download runs: the checkpoint has its
// blocks already, so Save works and the part too.
func TestDiskFilledMeanwhile(t *testing.T) {
	dir := mount(t, "ext4", 24)
	path := filepath.Join(dir, "big.iso")
	f := begun(t, path, Options{})
	filler, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer filler.Close()
	buf := make([]byte, 4096)
	for err == nil {
		_, err = filler.Write(buf)
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	mustPut(t, f, 1, 2, 3)
	mustSave(t, f, 1, 2, 3)
	mustFinish(t, f)
}

// tmpfs gives out its memory only as it is written, so that is when it is full.
func TestFullWhileWriting(t *testing.T) {
	path := filepath.Join(mount(t, "tmpfs", 1), "big.iso")
	f := mustOpen(t, path, Options{})
	id := segment.Identity{Size: 4 << 20, ETag: `"x"`}
	if err := f.Begin(bg, Remote{Identity: id}); err != nil {
		t.Fatal(err)
	}
	var err error
	var done []int
	for i := 0; err == nil; i++ {
		if _, err = f.WriteAt(make([]byte, testBlock), int64(i)*testBlock); err == nil {
			done = append(done, i)
		}
	}
	if !errors.Is(err, unix.ENOSPC) || !scheduler.IsPermanent(err) {
		t.Errorf("WriteAt: %v", err)
	}
	mustSave(t, f, done...)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = mustOpen(t, path, Options{})
	if err := f.Begin(bg, Remote{Identity: id}); err != nil || f.Done().Count() != len(done) {
		t.Errorf("%d blocks of %d: %v", f.Done().Count(), len(done), err)
	}
	f.Close()
}

func TestReadOnlyFilesystem(t *testing.T) {
	dir := mount(t, "tmpfs", 1)
	if out, err := exec.Command("mount", "-o", "remount,ro", dir).CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, out)
	}
	path := filepath.Join(dir, "big.iso")
	if _, err := Open(path, Options{}); !errors.Is(err, unix.EROFS) || !strings.Contains(err.Error(), path) {
		t.Errorf("Open: %v", err)
	}
}

// RLIMIT_FSIZE is a plain error: Go ignores SIGXFSZ. Where the size is known it
// shows before anything is written.
func TestFileSizeLimit(t *testing.T) {
	for what, want := range map[string]string{
		"fetch":  "reserving 50332425 bytes: file too large",
		"stream": "file too large",
	} {
		path := tempPath(t)
		cmd, out := run(t, what, path)
		cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", `ulimit -f 2048; exec "$0" "$1"`}, cmd.Args...)
		if err := cmd.Start(); err != nil {
			t.Skip("sh is missing:", err)
		}
		line, _ := out.ReadString('\n')
		_ = cmd.Wait()
		if want := "result: writing " + path + ".part: " + want + "\n"; line != want {
			t.Errorf("%q, want %q", line, want)
		}
		if what == "fetch" {
			nothingBeside(t, path)
		}
	}
}

// asNobody runs do with the rights of nobody, as far as files go.
func asNobody(t *testing.T, do func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		do()
		return
	}
	runtime.LockOSThread() // Linux keeps the file system's user by thread
	defer runtime.UnlockOSThread()
	if err := unix.Setfsuid(65534); err != nil {
		t.Skip("root cannot become another user here, on linux:", err)
	}
	defer unix.Setfsuid(0)
	do()
}

// Where files may not be made or written, Open says so, before the network.
func TestNoPermission(t *testing.T) {
	dir, err := os.MkdirTemp("", "braid")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(os.Chmod(dir, 0o700), os.RemoveAll(dir)) })
	path := filepath.Join(dir, "big.iso")
	left(t, path, 1, 2)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		what, says string
		forbid     func() error
	}{
		{"the part", partSuffix + ": ", func() error {
			return errors.Join(os.Chmod(path+partSuffix, 0o400), os.Chmod(path+checkpointSuffix, 0o666))
		}},
		{"the checkpoint", checkpointSuffix + ": ", func() error { return os.Chmod(path+checkpointSuffix, 0o400) }},
		{"the folder", path, func() error {
			return errors.Join(os.Remove(path+partSuffix), os.Remove(path+checkpointSuffix), os.Chmod(dir, 0o555))
		}},
	} {
		if err := test.forbid(); err != nil {
			t.Fatal(err)
		}
		before := list(t, dir)
		asNobody(t, func() {
			f, err := openTest(nil, path, Options{})
			if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s: %v", test.what, err)
			}
			if f != nil {
				f.Close()
			}
		})
		if got := list(t, dir); !slices.Equal(got, before) {
			t.Errorf("%s: left %v of %v", test.what, got, before)
		}
	}
}

// Where space cannot be reserved the part has holes, and all else is the same:
// an interrupted run is gone on with, and a disk that fills up costs nothing.
func TestWithoutFallocate(t *testing.T) {
	dir := mount(t, "ext3", 24)
	path := filepath.Join(dir, "big.iso")
	left(t, path, 1, 2)
	f := begun(t, path, Options{})
	if f.solid || f.Done().Count() != 2 || len(f.Notes()) > 0 {
		t.Errorf("solid: %v; %d blocks are done; %q", f.solid, f.Done().Count(), f.Notes())
	}
	filler, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer filler.Close()
	buf := make([]byte, 4096)
	for err == nil {
		_, err = filler.Write(buf)
	}
	if err := errors.Join(put(f, 5), f.Save(blocks(f.Grid(), 5))); !errors.Is(err, unix.ENOSPC) || !errors.Is(err, scheduler.ErrSink) {
		t.Errorf("on a full disk: %v", err)
	}
	if f.Resumable() != 2*testBlock {
		t.Errorf("Resumable = %d", f.Resumable())
	}
	_ = f.Close()
	if err := filler.Truncate(0); err != nil {
		t.Fatal(err)
	}
	f = begun(t, path, Options{})
	if f.Done().Count() != 2 {
		t.Errorf("%d blocks are done", f.Done().Count())
	}
	mustFinish(t, f)
}

// Where flock(2) is unknown a second file is the lock.
func TestLockByName(t *testing.T) {
	ck := tempPath(t) + checkpointSuffix
	take := func() (handle, error) {
		h, err := openFile(ck, os.O_RDWR|os.O_CREATE)
		if err != nil {
			t.Fatal(err)
		}
		return local{}.lockByName(h.(localFile), ck)
	}
	h, err := take()
	if err != nil {
		t.Fatal(err)
	}
	_, err = take()
	if !errors.Is(err, errBusy) || !strings.Contains(err.Error(), fmt.Sprintf("pid %d on ", os.Getpid())) || !strings.Contains(err.Error(), "remove "+ck+".lock") {
		t.Errorf("second: %v", err)
	}
	if err := (local{}).unlock(h, ck, true); err != nil {
		t.Fatal(err)
	}
	if got := list(t, filepath.Dir(ck)); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

// What Strict reads comes from the disk: what has been flushed leaves memory.
func TestUncache(t *testing.T) {
	const size = 1 << 20
	h, err := local{}.create(tempPath(t))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := h.WriteAt(bytesOf(size), 0); err != nil {
		t.Fatal(err)
	}
	f := h.(localFile)
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &st); err != nil || st.Type == unix.TMPFS_MAGIC {
		t.Skip("a disk is missing: linux keeps all of tmpfs in memory", err)
	}
	pages, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(pages)
	held := func() (n int) {
		vec := make([]byte, size/os.Getpagesize())
		if _, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&pages[0])), size, uintptr(unsafe.Pointer(&vec[0]))); errno != 0 {
			t.Skip("mincore is missing on this linux:", errno)
		}
		for _, b := range vec {
			n += int(b & 1)
		}
		return n
	}
	before := held()
	if err := errors.Join(h.datasync(), h.uncache()); err != nil {
		t.Fatal(err)
	}
	if after := held(); before == 0 || after > before/10 {
		t.Errorf("%d pages are held of %d", after, before)
	}
}
