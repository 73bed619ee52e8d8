package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// A scenario is one question.
type scenario struct {
	name, about string
	size        int64                                      // bytes, unless others are asked for
	missing     func(ctx context.Context, b *bench) string // why it cannot be played here, or ""
	play        func(ctx context.Context, b *bench, size int64) error
}

func nothing(context.Context, *bench) string { return "" }

// scenarios are in the order in which they are played.
func scenarios() []scenario {
	relaxed := []string{"--durability=relaxed"}
	return []scenario{
		{"plain", "1 GiB over plain HTTP, -x 4, --durability=relaxed, against the other clients and the limits", 1 << 30, nothing, plain(relaxed)},
		{"plain-default", "the same with the default durability", 1 << 30, nothing, plain(nil)},
		{"tls", "1 GiB over TLS, -x 4", 1 << 30, nothing, playTLS},
		{"capped", "512 MiB at 8 MB/s per connection, braid's own number of connections, against 16 of them", 512 << 20, nothing, playCapped},
		{"uneven", "512 MiB over eight connections of 8 MB/s, of which one is ten times slower", 512 << 20, nothing, ill("slow")},
		{"dies", "the same, but one is reset half-way", 512 << 20, nothing, ill("dies")},
		{"stalls", "the same, but one falls silent half-way", 512 << 20, nothing, ill("stalls")},
		{"many", "10,000 files of 16 KiB from a list, 16 at once, --durability=relaxed; -size is how many files", 10_000, listless, many(relaxed)},
		{"many-default", "the same with the default durability", 10_000, listless, many(nil)},
		{"memory", "500 GiB of which 8 GiB are missing, without a disk: the peak against 20 MiB + 1.25 MiB a connection", 8 << 30, nothing, playMemory},
		{"durability", "4 GiB at 300 MB/s in all: the default durability against relaxed", 4 << 30, nothing, playDurability},
		{"checksum", "2 GiB at 400 MB/s in all: --checksum against none", 2 << 30, nothing, playChecksum},
		{"serve-bulk", "the servers: 1 GiB over 4 connections, braid serve against nginx", 1 << 30, rivalless, playServeBulk},
		{"serve-ranges", "the servers: random ranges of 64 KiB over 64 kept connections, 1 GiB in all; -size is how many bytes", 1 << 30, rivalless, playServeRanges},
		{"serve-tls", "the servers: 1 GiB over 4 connections of TLS 1.3", 1 << 30, secretless, playServeTLS},
		{"wan", "a file of an origin that runs elsewhere, -x 16; needs -origin URL", 0, homeless, playWAN},
	}
}

// connections is what -x says, or else n.
func (b *bench) connections(n int) int {
	if b.o.x > 0 {
		return b.o.x
	}
	return n
}

// isOut verifies a single file that is the pattern of seed 0.
func isOut(size int64) func(dir string, all bool) error {
	return func(dir string, all bool) error { return isPattern(filepath.Join(dir, out), 0, size, all) }
}

func plain(flags []string) func(context.Context, *bench, int64) error {
	return func(ctx context.Context, b *bench, size int64) error {
		name := "plain"
		if flags == nil {
			name = "plain-default"
		}
		return b.fast(ctx, name, spec{root: b.root}, size, flags, append([]string{"raw-file", "raw-pieces", "raw-lock", "raw-discard"}, tools...))
	}
}

func playTLS(ctx context.Context, b *bench, size int64) error {
	cert, key, err := certify(b.dir)
	if err != nil {
		return err
	}
	return b.fast(ctx, "tls", spec{root: b.root, cert: cert, key: key}, size, []string{"--durability=relaxed"}, tools)
}

// fast is one file as fast as it goes.
func (b *bench) fast(ctx context.Context, name string, s spec, size int64, flags, against []string) error {
	file, err := fixture(b.root, size)
	if err != nil {
		return err
	}
	w, err := b.serve(ctx, s)
	if err != nil {
		return err
	}
	defer w.stop()
	f := fetch{url: w.url + file, size: size, n: b.connections(4), insecure: s.cert != ""}
	return b.hold(ctx, contest{
		name: name, size: size, verify: isOut(size),
		ours:   b.braidGet("braid -x "+strconv.Itoa(f.n), f, flags...),
		theirs: b.rivals(f, against...),
	})
}

// homeless says that wan has no origin.
func homeless(_ context.Context, b *bench) string {
	if b.o.origin == "" {
		return "it needs -origin URL"
	}
	return ""
}

func playWAN(ctx context.Context, b *bench, _ int64) error {
	size, err := length(ctx, b.o.origin)
	if err != nil {
		return err
	}
	f := fetch{url: b.o.origin, size: size, n: b.connections(16)}
	first := "" // the digest of what came first: nobody else knows what the file is
	c := contest{
		name: "wan", size: size,
		ours:   b.braidGet("braid", f, "--durability=relaxed"),
		theirs: b.rivals(f, "aria2c", "axel", "curl"),
		verify: func(dir string, _ bool) error {
			sum, err := digest(filepath.Join(dir, out))
			if err != nil || sum == first {
				return err
			}
			if first == "" {
				first = sum
				st, err := os.Stat(filepath.Join(dir, out))
				if err == nil && st.Size() != size {
					err = fmt.Errorf("it has %d bytes, not %d", st.Size(), size)
				}
				return err
			}
			return errors.New("it is another file than the first client's")
		},
	}
	if b.o.link > 0 {
		c.ideals = []ideal{{"line rate", sample{Wall: float64(size) * 8 / (b.o.link * 1e6)}}}
	}
	return b.hold(ctx, c)
}

// length is how many bytes a URL has.
func length(ctx context.Context, url string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK || res.ContentLength <= 0 {
		return 0, fmt.Errorf("%s: %s, %d bytes", url, res.Status, res.ContentLength)
	}
	return res.ContentLength, nil
}
