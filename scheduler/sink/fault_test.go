package sink

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"braid/scheduler"
	"braid/segment"
)

func checkLocked(t *testing.T, path string, err error, pid int) {
	t.Helper()
	want := path + " is being fetched by another braid"
	if runtime.GOOS == "linux" || strings.Contains(fmt.Sprint(err), "pid") {
		want += fmt.Sprintf(" (pid %d)", pid)
	}
	if !errors.Is(err, ErrLocked) || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

// The part must be there, whole, whenever a Save claims it.
func TestPartDisturbed(t *testing.T) {
	for name, disturb := range map[string]func(part string) error{
		"deleted":   os.Remove,
		"moved":     func(part string) error { return os.Rename(part, part+".moved") },
		"truncated": func(part string) error { return os.Truncate(part, testSize-1) },
		"cut and made longer again": func(part string) error {
			return errors.Join(os.Truncate(part, testBlock), os.Truncate(part, testSize))
		},
		"checkpoint deleted": func(part string) error { return os.Remove(part + ".ck") },
		"checkpoint replaced": func(part string) error {
			return errors.Join(os.Rename(part+".ck", part+".old"), os.WriteFile(part+".ck", nil, 0o600))
		},
		"replaced": func(part string) error {
			return errors.Join(os.Remove(part), os.WriteFile(part, make([]byte, testSize), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path, d := tempPath(t), &scripted{disk: local{}}
			f, err := openTest(d, path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := f.Begin(bg, Remote{Identity: identity}); err != nil {
				t.Fatal(err)
			}
			mustPut(t, f, 0)
			mustSave(t, f, 0)
			if name == "cut and made longer again" && !f.solid {
				t.Skip("only ext4 and XFS tell how much of a file is allocated (linux)")
			}
			mustPut(t, f, 1)
			if err := disturb(f.part); err != nil {
				t.Fatal(err)
			}
			n := d.count()
			first := f.Save(blocks(f.Grid(), 1))
			if !errors.Is(first, scheduler.ErrSink) || !strings.Contains(first.Error(), "while running") ||
				!strings.Contains(first.Error(), f.part) {
				t.Errorf("Save: %v", first)
			}
			if err := f.Save(blocks(f.Grid())); err != first {
				t.Errorf("Save again: %v", err)
			}
			f.Close()
			if ops := d.since(n); len(ops) > 2 { // close, unlock
				t.Errorf("it went on: %v", ops)
			}
			if n, err := audit(path, content); name != "replaced" && (n > 1 || err != nil) {
				t.Errorf("%d claimed: %v", n, err)
			}
			if gone := name != "truncated" && name != "cut and made longer again"; gone && f.Resumable() != 0 {
				t.Errorf("Resumable = %d", f.Resumable())
			}
		})
	}
}

// After a failure to make something durable, nothing is made durable any more.
func TestPoison(t *testing.T) {
	for _, op := range []string{"stat .part", "lstat .part", "stat .part.ck", "lstat .part.ck", "datasync .part", "write .part.ck", "datasync .part.ck"} {
		for _, cause := range []error{syscall.EIO, syscall.ENOSPC, errShort} {
			t.Run(fmt.Sprint(op, " ", cause), func(t *testing.T) {
				path, d := tempPath(t), &scripted{disk: local{}}
				f, err := openTest(d, path, Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				if err := f.Begin(bg, Remote{Identity: identity}); err != nil {
					t.Fatal(err)
				}
				mustPut(t, f, 1)
				mustSave(t, f, 1)
				mustPut(t, f, 2)
				once := false
				d.fail = func(_ int, o string) error {
					if o == op && !once {
						once = true
						return cause
					}
					return nil
				}
				first := f.Save(blocks(f.Grid(), 1, 2))
				if !errors.Is(first, scheduler.ErrSink) {
					t.Fatalf("Save: %v", first)
				}
				n := d.count()
				mustPut(t, f, 0, 3, 4, 5, 6, 7, 8, 9, 10)
				for range 2 {
					if err := f.Save(blocks(f.Grid(), 1, 2, 3)); err != first {
						t.Errorf("Save again: %v", err)
					}
				}
				if err := f.Commit(nil); err != first {
					t.Errorf("Commit: %v", err)
				}
				if f.Resumable() != testBlock {
					t.Errorf("Resumable = %d", f.Resumable())
				}
				if err := f.Close(); err != nil {
					t.Error("Close:", err)
				}
				for _, op := range d.since(n) {
					if strings.Contains(op, "sync") || op == "write .part.ck" {
						t.Errorf("after the failure: %s", op)
					}
				}
				if n, err := audit(path, content); n < 1 || err != nil {
					t.Errorf("%d claimed: %v", n, err)
				}
				mustFinish(t, begun(t, path, Options{}))
			})
		}
	}
}

// A block whose write failed is not done, even if the engine says so; the rest
// can be saved.
func TestFailedWrite(t *testing.T) {
	path, d := tempPath(t), &scripted{disk: local{}}
	f, err := openTest(d, path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Begin(bg, Remote{Identity: identity}); err != nil {
		t.Fatal(err)
	}
	mustPut(t, f, 0)
	for _, cause := range []error{syscall.ENOSPC, errShort} {
		d.fail = func(int, string) error { return cause }
		n, err := f.WriteAt(content[testBlock:2*testBlock], testBlock)
		if n >= testBlock || !errors.Is(err, scheduler.ErrSink) || !strings.HasPrefix(err.Error(), "writing "+f.part+": ") {
			t.Errorf("WriteAt = %d, %v", n, err)
		}
		d.fail = nil
	}
	if err := f.Save(blocks(f.Grid(), 0, 1)); err == nil {
		t.Error("a block that was not written is claimed")
	}
	mustSave(t, f, 0)
	if n, err := audit(path, content); n != 1 || err != nil {
		t.Errorf("%d claimed: %v", n, err)
	}
}

// A disk too full for the file says so in Begin, and is left as it was.
func TestFullAtBegin(t *testing.T) {
	for _, cause := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		path, d := tempPath(t), &scripted{disk: local{}}
		d.fail = func(_ int, op string) error {
			if op == "allocate .part" {
				return cause
			}
			return nil
		}
		f, err := openTest(d, path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Begin(bg, Remote{Identity: identity}); !errors.Is(err, cause) || !errors.Is(err, scheduler.ErrSink) {
			t.Errorf("Begin: %v", err)
		}
		ops := strings.Join(d.since(0), ", ")
		if !strings.Contains(ops, "allocate .part, truncate .part, close .part, remove .part") {
			t.Errorf("operations: %s", ops)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		nothingBeside(t, path)
	}
}

// The clean mark of Close must itself never claim anything new.
func TestCloseClaimsNothing(t *testing.T) {
	path := tempPath(t)
	f := begun(t, path, Options{})
	mustPut(t, f, 1)
	mustBegin(t, f, 3, 100)
	mustSave(t, f, 1)
	mustPut(t, f, 2)
	mustBegin(t, f, 4, 100)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	ck, err := os.ReadFile(path + checkpointSuffix)
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := segment.Newest(ck)
	if err != nil || !c.Clean || c.Done.Count() != 1 || c.Sums[2] != 0 || len(c.Heads) != 1 || c.Heads[0].Block != 3 {
		t.Errorf("%+v, %v", c, err)
	}
}
