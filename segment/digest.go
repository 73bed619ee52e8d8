package segment

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"
)

// A Digest is what the whole file should hash to.
type Digest struct {
	Algorithm string // "md5", "sha1", "sha256", "sha384" or "sha512"
	Sum       []byte
}

// A DigestError says that a file is not what its digest says.
type DigestError struct {
	Algorithm string
	Want, Got []byte
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("%s is %x, not %x", e.Algorithm, e.Got, e.Want)
}

// ParseDigest reads "sha256:HEX", "sha-256=HEX" or a bare HEX whose length
// tells the algorithm. Letters count in either case.
func ParseDigest(s string) (Digest, error) {
	name, sum, named := s, "", false
	if i := strings.IndexAny(s, ":="); i >= 0 {
		name, sum, named = s[:i], s[i+1:], true
	}
	if !named {
		name, sum = "", s
	}
	raw, err := hex.DecodeString(strings.TrimSpace(sum))
	if err != nil || len(raw) == 0 {
		return Digest{}, fmt.Errorf("%q is no checksum: want ALGORITHM:HEX, such as sha256:9f86d0…", s)
	}
	name = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "-", "")
	if !named {
		name = map[int]string{16: "md5", 20: "sha1", 32: "sha256", 48: "sha384", 64: "sha512"}[len(raw)]
	}
	d := Digest{Algorithm: name, Sum: raw}
	h := d.Hash()
	if h == nil {
		return Digest{}, fmt.Errorf("%q is no checksum braid knows: want md5, sha1, sha256, sha384 or sha512", s)
	}
	if h.Size() != len(raw) {
		return Digest{}, fmt.Errorf("a %s checksum has %d hex digits, not %d", name, 2*h.Size(), 2*len(raw))
	}
	return d, nil
}

// Hash is a new hash of d's algorithm, or nil if there is none of that name.
func (d Digest) Hash() hash.Hash {
	switch d.Algorithm {
	case "md5":
		return md5.New()
	case "sha1":
		return sha1.New()
	case "sha256":
		return sha256.New()
	case "sha384":
		return sha512.New384()
	case "sha512":
		return sha512.New()
	}
	return nil
}

// Check reads r to its end and returns a *DigestError if it does not hash to
// d.Sum.
func (d Digest) Check(r io.Reader) error {
	h := d.Hash()
	if _, err := io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{r}, make([]byte, 1<<20)); err != nil {
		return fmt.Errorf("reading back to verify: %w", err)
	}
	return d.Match(h.Sum(nil))
}

// Match returns a *DigestError if sum is not d.Sum.
func (d Digest) Match(sum []byte) error {
	if !bytes.Equal(sum, d.Sum) {
		return &DigestError{Algorithm: d.Algorithm, Want: d.Sum, Got: sum}
	}
	return nil
}

// String is "sha256:HEX".
func (d Digest) String() string { return fmt.Sprintf("%s:%x", d.Algorithm, d.Sum) }
