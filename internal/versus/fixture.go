package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"braid/server"
)

// checked is how much of a file a sample is, and how many of them are taken.
const (
	checkedSize = 4 << 10
	checked     = 64
)

// fixture makes a file of the pattern in dir, if it is not there yet, and gives
// its name. It is flushed, so that no disk writes while something is measured, and stays in memory.
func fixture(dir string, size int64) (name string, err error) {
	name = fmt.Sprintf("%d.bin", size)
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err == nil {
		return name, nil
	}
	return name, writePattern(path, 0, size, true)
}

func writePattern(path string, seed uint64, size int64, flush bool) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.CopyBuffer(struct{ io.Writer }{file}, struct{ io.Reader }{server.PatternReader(seed, size)}, make([]byte, min(block, size)))
	if err == nil && flush {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// isPattern says what is wrong with a file that should be the pattern: all of it
// is compared, or the ends and a sample.
func isPattern(path string, seed uint64, size int64, all bool) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	st, err := file.Stat()
	if err != nil {
		return err
	}
	if st.Size() != size {
		return fmt.Errorf("%s has %d bytes, not %d", path, st.Size(), size)
	}
	got, want := make([]byte, checkedSize), make([]byte, checkedSize)
	if all {
		got, want = make([]byte, min(block, size)), make([]byte, min(block, size))
	}
	look := func(off int64) error {
		n := min(int64(len(got)), size-off)
		if _, err := file.ReadAt(got[:n], off); err != nil {
			return err
		}
		server.PatternAt(want[:n], seed, off)
		if !bytes.Equal(got[:n], want[:n]) {
			return fmt.Errorf("%s is wrong between the bytes %d and %d", path, off, off+n)
		}
		return nil
	}
	if all {
		for off := int64(0); off < size; off += block {
			if err := look(off); err != nil {
				return err
			}
		}
		return nil
	}
	last := max(0, size-checkedSize)
	for i := range checked {
		off := rand.Int64N(last + 1)
		switch i {
		case 0:
			off = 0
		case 1:
			off = last
		}
		if err := look(off); err != nil {
			return err
		}
	}
	return nil
}

// digest is the SHA-256 of a file.
func digest(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	return hashed(file)
}

// patternDigest is what the pattern of that size hashes to.
func patternDigest(size int64) (string, error) {
	return hashed(server.PatternReader(0, size))
}

func hashed(r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{r}, make([]byte, block)); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}
