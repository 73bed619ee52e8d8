package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"

	"braid/server"
)

// write makes the file of d's pattern at path and says what it hashes to.
func (d *download) write(path string) (sum string, err error) {
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, hash), struct{ io.Reader }{server.PatternReader(d.seed, d.size)})
	return hex.EncodeToString(hash.Sum(nil)), errors.Join(err, f.Close())
}

// inspectPacked lets a file pass that is the right one as it was sent,
// compressed: a server that compresses unasked gets it stored so. Otherwise it
// returns why.
func (d *download) inspectPacked(why error) error {
	f, err := os.Open(d.path)
	if err != nil {
		return errors.Join(why, err)
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		return errors.Join(why, err)
	}
	got, want := make([]byte, 64<<10), make([]byte, 64<<10)
	for off := int64(0); ; {
		n, err := io.ReadFull(unpacked, got)
		server.PatternAt(want[:n], d.seed, off)
		if !bytes.Equal(got[:n], want[:n]) {
			return why
		}
		off += int64(n)
		switch {
		case err == nil:
		case (err == io.EOF || err == io.ErrUnexpectedEOF) && off == d.size:
			return nil
		default:
			return errors.Join(why, err)
		}
	}
}
