package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// A disk is an ext4 file system in a file, which can lose its power.
type disk struct {
	image   string
	dir     string // where it is mounted
	options string // how
	root    *os.File
}

const diskSize = 256 << 20

// newDisk makes a disk of the files in dir. It is not mounted yet.
func newDisk(dir string) (*disk, error) {
	d := &disk{image: filepath.Join(dir, "image"), dir: filepath.Join(dir, "mnt")}
	if err := os.Mkdir(d.dir, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(d.image, nil, 0o600); err != nil {
		return nil, err
	}
	if err := os.Truncate(d.image, diskSize); err != nil {
		return nil, err
	}
	if said, err := exec.Command("mkfs.ext4", "-q", "-F", "-m", "0", d.image).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("mkfs.ext4: %w: %s", err, said)
	}
	return d, nil
}

// draw chooses how the disk is mounted next. A long commit interval leaves most
// to be lost, a short one makes the journal move by itself.
func (d *disk) draw(r *rand.Rand) {
	d.options = [...]string{"data=ordered", "data=writeback"}[r.IntN(2)] + [...]string{",commit=1", ",commit=1000"}[r.IntN(2)]
	if r.IntN(3) == 0 {
		d.options += ",nodelalloc"
	}
}

// mount puts the disk on its folder. The loop device goes away with the mount,
// whatever becomes of us.
func (d *disk) mount() error {
	image, err := os.OpenFile(d.image, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer image.Close()
	loop, err := attach(image)
	if err != nil {
		return err
	}
	defer loop.Close()
	if err := unix.Mount(loop.Name(), d.dir, "ext4", unix.MS_NOATIME, d.options); err != nil {
		return fmt.Errorf("mounting ext4 with %s: %w", d.options, err)
	}
	if d.root, err = os.Open(d.dir); err != nil {
		return errors.Join(err, unix.Unmount(d.dir, 0))
	}
	return nil
}

// attach gives image a free loop device. Somebody else may be faster than we.
func attach(image *os.File) (*os.File, error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer control.Close()
	for range 100 {
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, fmt.Errorf("asking for a free loop device: %w", err)
		}
		loop, err := os.OpenFile(fmt.Sprintf("/dev/loop%d", n), os.O_RDWR, 0)
		if err != nil {
			return nil, err
		}
		config := unix.LoopConfig{Fd: uint32(image.Fd())}
		config.Info.Flags = unix.LO_FLAGS_AUTOCLEAR
		if err = unix.IoctlLoopConfigure(int(loop.Fd()), &config); err == nil {
			return loop, nil
		}
		loop.Close()
		if !errors.Is(err, unix.EBUSY) {
			return nil, fmt.Errorf("%s: %w", loop.Name(), err)
		}
		time.Sleep(time.Millisecond) // whoever it was holds it only for a moment
	}
	return nil, errors.New("no loop device stays free for long enough")
}

// cut takes the power away: nothing that is not on the disk by now will ever
// be, and the log is not flushed.
func (d *disk) cut() error {
	const (
		shutdown   = 0x8004587d // FS_IOC_SHUTDOWN
		noLogFlush = 2
	)
	if err := unix.IoctlSetPointerInt(int(d.root.Fd()), shutdown, noLogFlush); err != nil {
		return fmt.Errorf("shutting the file system down: %w", err)
	}
	return nil
}

// unmount takes the disk off its folder. A process that has just ended may
// keep it busy for a moment.
func (d *disk) unmount() error {
	if d.root == nil {
		return nil
	}
	d.root.Close()
	d.root = nil
	for try := 0; ; try++ {
		err := unix.Unmount(d.dir, 0)
		if err == nil || !errors.Is(err, unix.EBUSY) || try == 2000 {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

// restart brings the disk back after a cut, or before the next round: what the
// kernel remembers of it is gone, what it had written is there.
func (d *disk) restart(r *rand.Rand) error {
	if err := d.unmount(); err != nil {
		return fmt.Errorf("unmounting: %w", err)
	}
	d.draw(r)
	return d.mount()
}

// clean empties the disk for the next round.
func (d *disk) clean() error {
	all, err := os.ReadDir(d.dir)
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.Name() != "lost+found" {
			if err := os.Remove(filepath.Join(d.dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return unix.Syncfs(int(d.root.Fd()))
}
