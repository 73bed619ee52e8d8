package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// powerLane plays rounds on a disk whose power fails: braid is gone with it.
func powerLane(ctx context.Context, c *campaign, rounds <-chan *round) error {
	return diskLane(ctx, c, rounds, false)
}

// eioLane plays rounds on a disk that fails while braid runs on: every write
// and every sync is an error from then on.
func eioLane(ctx context.Context, c *campaign, rounds <-chan *round) error {
	return diskLane(ctx, c, rounds, true)
}

// diskLane plays rounds on a disk of its own, which is in memory.
func diskLane(ctx context.Context, c *campaign, rounds <-chan *round, spare bool) (err error) {
	dir, err := os.MkdirTemp(c.dir, "disk-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(dir)) }()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=700"); err != nil {
		return fmt.Errorf("mounting tmpfs: %w", err)
	}
	defer func() { err = errors.Join(err, unix.Unmount(dir, 0)) }()
	d, err := newDisk(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.unmount()) }()
	return each(func(ctx context.Context, r *round) error {
		err := diskRound(ctx, r, d, spare)
		if _, ok := errors.AsType[*violation](err); ok {
			err = errors.Join(err, keep(d.dir, r.dir))
		}
		return err
	})(ctx, c, rounds)
}

// diskRound is one download on a disk that fails.
func diskRound(ctx context.Context, r *round, disk *disk, spare bool) error {
	if err := errors.Join(disk.restart(r.rand), disk.clean()); err != nil {
		return err
	}
	d := plan(r.rand, disk.dir, 112<<20)
	d.path += fmt.Sprintf("-%d", r.n) // never a name that a cut may bring back
	failed := false
	s := &siege{spare: spare}
	s.act = func() error {
		// What is on its way to the disk now does not count.
		if file, err := os.ReadFile(d.path + ".part.ck"); err == nil {
			s.acked = acknowledged(file)
		}
		failed = true
		return disk.cut()
	}
	s.settle = func() error {
		if !failed { // it ended by itself; what it said must be true all the same
			if err := disk.cut(); err != nil {
				return err
			}
			if s.over {
				r.tally.add("survived", 1)
				r.tally.detail("after exit status 0")
			}
		}
		failed = false
		r.note("mounted with %s; now anew", disk.options)
		return disk.restart(r.rand)
	}
	return besiege(ctx, r, d, s)
}

// keep copies what is in the folder from to the folder to.
func keep(from, to string) error {
	all, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range all {
		if !e.Type().IsRegular() {
			continue
		}
		p, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, e.Name()), p, 0o600); err != nil {
			return err
		}
	}
	return nil
}
