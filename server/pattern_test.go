package server

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// The sequence is part of the interface: a checkpoint, a digest or another machine may rely on it.
func TestPatternIsFixed(t *testing.T) {
	for _, tt := range []struct {
		seed uint64
		off  int64
		want string
	}{
		{0, 0, "3e9c0abd83cbebcf3b81c7f594deffe4"},
		{7, 0, "76ceda854e7b94b5e2e2ca3e81f855f4"},
		{0, 1<<40 - 16, "352fb58127e81c62fb48a1eb79324682"},
	} {
		p := make([]byte, 16)
		PatternAt(p, tt.seed, tt.off)
		if got := hex.EncodeToString(p); got != tt.want {
			t.Errorf("seed %d at %d: %s, want %s", tt.seed, tt.off, got, tt.want)
		}
	}
}

func TestPatternIsAFunctionOfTheOffset(t *testing.T) {
	const size = 1 << 12
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		base := rapid.Int64Range(0, 1<<40).Draw(t, "base")
		all := make([]byte, size)
		PatternAt(all, seed, base)
		off := rapid.IntRange(0, size).Draw(t, "off")
		n := rapid.IntRange(0, size-off).Draw(t, "n")
		part := make([]byte, n)
		PatternAt(part, seed, base+int64(off))
		if !bytes.Equal(part, all[off:off+n]) {
			t.Fatalf("[%d, %d) of seed %d differs from the same bytes at %d", base, base+size, seed, off)
		}
	})
}

// What PatternAt's comment promises about blocks in the wrong place.
func TestPatternNoticesDisplacement(t *testing.T) {
	const words = 1 << 17
	p := make([]byte, 8*words)
	PatternAt(p, 3, 1<<33)
	seen := make(map[uint64]int, words)
	for i := range words {
		w := binary.LittleEndian.Uint64(p[8*i:])
		if j, twice := seen[w]; twice {
			t.Fatalf("words %d and %d are equal", j, i)
		}
		seen[w] = i
	}
	other := make([]byte, len(p))
	PatternAt(other, 4, 1<<33)
	for i := range words {
		if bytes.Equal(p[8*i:8*i+8], other[8*i:8*i+8]) {
			t.Fatalf("word %d is the same for two seeds", i)
		}
	}
	const block = 1 << 13
	for _, shift := range []int{1, 2, 3, 4, 7, 9, 31, 512, 513, 4096, 65536, 65537, 1 << 19, 1<<19 + 4} {
		equal := 0
		for i := range block {
			if p[i] == p[i+shift] {
				equal++
			}
		}
		if equal > block/128 { // 1 in 256 is what chance gives
			t.Errorf("displaced by %d bytes, %d of %d bytes are still right", shift, equal, block)
		}
	}
}

func TestPatternReader(t *testing.T) {
	if err := iotest.TestReader(PatternReader(5, 3333), func() []byte {
		p := make([]byte, 3333)
		PatternAt(p, 5, 0)
		return p
	}()); err != nil {
		t.Error(err)
	}
}

func TestPatternHandler(t *testing.T) {
	c := dial(t, start(t, Options{Pattern: true}))
	tests := []struct {
		target string
		field  string
		status int
		seed   uint64
		s      span
	}{
		{"/pattern/1000", "", 200, 0, span{0, 1000}},
		{"/pattern/1kB?seed=7", "", 200, 7, span{0, 1000}},
		{"/pattern/0", "", 200, 0, span{0, 0}},
		{"/pattern/3M", "", 200, 0, span{0, 3 << 20}},
		{"/pattern/17M?seed=18446744073709551615", "Range: bytes=1000001-", 206, 1<<64 - 1, span{1000001, 17 << 20}},
		{"/pattern/1T?seed=2", "Range: bytes=-999", 206, 2, span{1<<40 - 999, 1 << 40}},
		{"/pattern/1TiB", "Range: bytes=549755813888-549755813999", 206, 0, span{1 << 39, 1<<39 + 112}},
		{"/pattern/1T", "Range: bytes=1099511627776-", 416, 0, span{}},
	}
	for _, tt := range tests {
		resp, body := c.get("GET "+tt.target, cmp.Or(tt.field, "X: y"))
		checkFields(t, tt.target, resp)
		if resp.StatusCode != tt.status {
			t.Errorf("%s %s: %s", tt.target, tt.field, resp.Status)
			continue
		}
		want := make([]byte, tt.s.len())
		PatternAt(want, tt.seed, tt.s.off)
		if tt.status < 300 && !bytes.Equal(body, want) {
			t.Errorf("%s %s: not the pattern", tt.target, tt.field)
		}
	}
	for _, target := range []string{
		"/pattern", "/pattern/", "/pattern/x", "/pattern/-1", "/pattern/1.5G", "/pattern/2T", "/pattern/1099511627777",
		"/pattern/99999999999999999999999", "/pattern/5/", "/pattern/5/6", "/pattern/5?seed=x", "/pattern/5?seed=-1",
		"/pattern/5?seed=", "/pattern/5?seed=18446744073709551616", "/pattern/+5",
	} {
		resp, body := c.get("GET " + target)
		if resp.StatusCode != 400 || bytes.Count(body, []byte("\n")) != 1 || len(body) < 20 {
			t.Errorf("%s: %s, %q", target, resp.Status, body)
		}
		checkFields(t, target, resp)
	}
	tags := map[string]bool{}
	for _, target := range []string{"/pattern/5", "/pattern/6", "/pattern/5?seed=1"} {
		resp, _ := c.get("GET " + target)
		tags[resp.Header.Get("ETag")] = true
	}
	if len(tags) != 3 {
		t.Errorf("three patterns have the tags %v", tags)
	}
}

func TestReprDigest(t *testing.T) { // row 82
	c := dial(t, start(t, Options{Pattern: true}))
	p := make([]byte, 100000)
	PatternAt(p, 9, 0)
	sum := sha256.Sum256(p)
	want := "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
	for _, request := range [][2]string{
		{"GET", "X: y"}, {"HEAD", "X: y"}, {"GET", "Range: bytes=5-6"}, {"GET", "Range: bytes=0-0,-1"},
	} {
		resp, _ := c.get(request[0]+" /pattern/100000?seed=9", request[1])
		if got := resp.Header.Get("Repr-Digest"); got != want {
			t.Errorf("%v: %s has %q, want %q", request, resp.Status, got, want)
		}
	}
	if resp, _ := c.get("GET /pattern/0"); resp.Header.Get("Repr-Digest") != "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:" { // row 84
		t.Errorf("of nothing: %q", resp.Header.Get("Repr-Digest"))
	}
	if resp, _ := c.get("HEAD /pattern/17M"); resp.Header.Get("Repr-Digest") != "" {
		t.Errorf("of 17 MiB: %q", resp.Header.Get("Repr-Digest"))
	}
}

func TestDigestsAreBounded(t *testing.T) {
	p := newPattern()
	var wg sync.WaitGroup
	for i := range 4 * maxDigests {
		wg.Go(func() { p.digest(virtual{uint64(i / 2), 10}) })
	}
	wg.Wait()
	if n := len(p.digests); n > maxDigests {
		t.Errorf("%d digests are kept", n)
	}
}

// Pattern alone, without an origin around it, and in a recorder that knows no deadlines.
func TestPatternAlone(t *testing.T) {
	for method, want := range map[string]int{"GET": 200, "POST": 405} {
		w := httptest.NewRecorder()
		Pattern().ServeHTTP(w, httptest.NewRequest(method, "/pattern/100", nil))
		if w.Code != want {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

func BenchmarkPatternAt(b *testing.B) {
	p := make([]byte, block)
	b.SetBytes(block)
	for b.Loop() {
		PatternAt(p, 1, 12345*8)
	}
}

func BenchmarkPatternRequest(b *testing.B) {
	h := Pattern()
	r := httptest.NewRequest("GET", "/pattern/1T?seed=3", nil)
	r.Header.Set("Range", "bytes="+strings.Repeat("0", 10)+"-65535")
	w := httptest.NewRecorder()
	w.Body = nil
	b.ReportAllocs()
	for b.Loop() {
		clear(w.Header())
		h.ServeHTTP(w, r)
	}
}

var _ io.ReaderAt = endless(0)
