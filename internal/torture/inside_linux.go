package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// unpluggable says why no disk can lose its power here, or "".
func unpluggable() string {
	if os.Geteuid() != 0 {
		return "only root mounts file systems"
	}
	if _, err := exec.LookPath("mkfs.ext4"); err != nil {
		return "mkfs.ext4 is not installed: see package e2fsprogs"
	}
	if _, err := os.Stat("/dev/loop-control"); err != nil {
		return "there are no loop devices, which Linux has in its module loop"
	}
	return ""
}

// insideEnv tells a process that its mounts are its own.
const insideEnv = "BRAID_TORTURE_INSIDE"

// inside runs this program again with the same arguments where nothing that is
// mounted can be seen from outside, and where all of it goes away with the last
// process, whatever ends that.
func inside(ctx context.Context, args []string, out, err io.Writer) (code int, _ error) {
	self, failed := os.Executable()
	if failed != nil {
		return exitUnable, failed
	}
	c := exec.CommandContext(ctx, self, args...)
	c.Stdout, c.Stderr = out, err
	c.Env = append(os.Environ(), insideEnv+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGTERM}
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 30 * time.Second
	failed = c.Run()
	if c.ProcessState == nil || c.ProcessState.ExitCode() < 0 {
		return exitUnable, fmt.Errorf("running in a mount namespace of its own: %w", failed)
	}
	return c.ProcessState.ExitCode(), nil
}

// secluded makes what is mounted from now on invisible outside.
func secluded() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	return nil
}
