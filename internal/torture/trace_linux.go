package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// watchable says why the calls of braid cannot be watched, or "": containers
// and kernels may forbid it.
func watchable(ctx context.Context, braid, dir string) string {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err.Error()
	}
	defer null.Close()
	if _, err := traced(ctx, braid, []string{"version"}, dir, null, harm{at: point{call: "none"}}); err != nil {
		return fmt.Sprintf("Linux does not allow it here: %v", err)
	}
	return ""
}

// callNames are the system calls that points are named for.
var callNames = map[uint64]string{
	unix.SYS_FALLOCATE: "fallocate", unix.SYS_FTRUNCATE: "ftruncate", unix.SYS_PWRITE64: "pwrite64",
	unix.SYS_FSYNC: "fsync", unix.SYS_FDATASYNC: "fdatasync", unix.SYS_FCHMOD: "fchmod",
	unix.SYS_UTIMENSAT: "utimensat", unix.SYS_RENAMEAT: "rename", unix.SYS_RENAMEAT2: "rename",
	unix.SYS_UNLINKAT: "unlink",
}

// A tracer is a debugger of one process, and watches its system calls.
type tracer struct {
	pid     int
	h       harm
	seen    int          // calls of h's kind
	leaving map[int]bool // threads that are in the call whose end is waited for
}

// traced runs the program under ptrace(2), and so can do h exactly between two
// of its system calls. The program is not changed for it, only slower.
func traced(ctx context.Context, braid string, args []string, dir string, said *os.File, h harm) (o outcome, err error) {
	runtime.LockOSThread() // the tracer is a thread
	defer runtime.UnlockOSThread()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return o, err
	}
	defer null.Close()
	process, err := os.StartProcess(braid, append([]string{braid}, args...), &os.ProcAttr{
		Dir: dir, Files: []*os.File{null, null, said}, Sys: &syscall.SysProcAttr{Ptrace: true, Setpgid: true},
	})
	if err != nil {
		return o, fmt.Errorf("starting braid under ptrace: %w", err)
	}
	t := &tracer{pid: process.Pid, h: h, leaving: map[int]bool{}}
	stop := context.AfterFunc(ctx, func() { _ = process.Kill() })
	defer stop()
	hung := time.AfterFunc(patience, func() { _ = process.Signal(syscall.SIGQUIT) })
	defer hung.Stop()
	defer process.Release()

	o, err = t.follow()
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil && !hung.Stop() {
		err = violated("a run under ptrace did not end within %v", patience)
	}
	return o, err
}

// follow lets the process run from stop to stop until it is gone.
func (t *tracer) follow() (o outcome, err error) {
	var status unix.WaitStatus
	if _, err := unix.Wait4(t.pid, &status, unix.WALL, nil); err != nil || !status.Stopped() {
		return o, fmt.Errorf("ptrace: the program did not stop at its beginning: %w", err)
	}
	if err := unix.PtraceSetOptions(t.pid, unix.PTRACE_O_EXITKILL|unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_TRACESYSGOOD); err != nil {
		return o, errors.Join(err, unix.Kill(t.pid, unix.SIGKILL))
	}
	tid, deliver := t.pid, 0
	var struck time.Time
	for {
		// A thread that was killed meanwhile cannot be told to go on.
		_ = unix.PtraceSyscall(tid, deliver)
		for {
			// Of its process group: a thread has other children as well, which
			// are not ours to wait for.
			tid, err = unix.Wait4(-t.pid, &status, unix.WALL, nil)
			if !errors.Is(err, unix.EINTR) {
				break
			}
		}
		if err != nil {
			return o, fmt.Errorf("ptrace: %w", err)
		}
		deliver = 0
		switch {
		case status.Exited() || status.Signaled():
			if tid != t.pid {
				tid = 0 // a thread; the others run on
				continue
			}
			o.code, o.how = status.ExitStatus(), fmt.Sprintf("wait status %#x", status)
			if o.harmed {
				o.after = time.Since(struck)
			}
			return o, nil
		case status.StopSignal() == unix.SIGTRAP|0x80:
			there, err := t.reached(tid)
			if err != nil {
				return o, errors.Join(err, unix.Kill(t.pid, unix.SIGKILL))
			}
			if !there || o.harmed {
				continue
			}
			o.harmed, struck = true, time.Now()
			if t.h.act != nil {
				err = t.h.act()
			}
			if err != nil || !t.h.spare {
				err = errors.Join(err, unix.Kill(t.pid, unix.SIGKILL))
			}
			if err != nil {
				return o, err
			}
		case status.StopSignal() != unix.SIGTRAP && status.StopSignal() != unix.SIGSTOP:
			deliver = int(status.StopSignal()) // Go's own, for one: SIGURG
		}
	}
}

// syscallInfo is struct ptrace_syscall_info.
type syscallInfo struct {
	op     uint8 // 1 at the entry of a call, 2 at its end
	_      [3]uint8
	_      uint32
	_, _   uint64
	number uint64
	args   [6]uint64
	_      uint64
}

// reached says whether tid, which has stopped before or after a call, is at the
// point.
func (t *tracer) reached(tid int) (bool, error) {
	var info syscallInfo
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid), unsafe.Sizeof(info),
		uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		if errno == unix.ESRCH { // it was killed meanwhile
			return false, nil
		}
		return false, fmt.Errorf("ptrace: %w", errno)
	}
	if info.op == unix.PTRACE_SYSCALL_INFO_EXIT {
		there := t.leaving[tid]
		delete(t.leaving, tid)
		return there, nil
	}
	p := t.h.at
	if info.op != unix.PTRACE_SYSCALL_INFO_ENTRY || callNames[info.number] != p.call ||
		p.file != "" && t.file(info.args[0]) != p.file {
		return false, nil
	}
	if t.seen++; t.seen != p.nth {
		return false, nil
	}
	switch p.when {
	case "leaving":
		t.leaving[tid] = true
		return false, nil
	case "torn":
		return true, t.tear(info)
	}
	return true, nil
}

// file says which of a download's files the descriptor fd is.
func (t *tracer) file(fd uint64) string {
	name, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", t.pid, fd))
	name = strings.TrimSuffix(name, " (deleted)")
	switch {
	case strings.HasSuffix(name, ".part.ck"):
		return "ck"
	case strings.HasSuffix(name, ".part"):
		return "part"
	}
	return "folder"
}

// tear does the first part of the pwrite64(2) that the process is about to
// make, so that a SIGKILL now leaves it torn. The kernel stops one only between
// two pages; a disk, anywhere.
func (t *tracer) tear(info syscallInfo) error {
	n := uint64(t.h.torn * float64(info.args[2]))
	if n == 0 {
		return nil
	}
	p := make([]byte, n)
	local := []unix.Iovec{{Base: &p[0], Len: n}}
	remote := []unix.RemoteIovec{{Base: uintptr(info.args[1]), Len: int(n)}}
	if _, err := unix.ProcessVMReadv(t.pid, local, remote, 0); err != nil {
		return fmt.Errorf("reading the memory of braid: %w", err)
	}
	f, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/%d", t.pid, info.args[0]), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(p, int64(info.args[3]))
	return errors.Join(err, f.Close())
}
