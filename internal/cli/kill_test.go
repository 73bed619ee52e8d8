package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"braid/segment"
	"braid/server"
)

var (
	rounds   = flag.Int("rounds", 3, "how many downloads TestKill kills")
	killSize = flag.Int64("killsize", 32<<20, "how large the file of TestKill is, in bytes")
)

// killRate is what the origin gives each of four connections.
const killRate = 4 << 20

// Killed at any instant, the same command again makes the file right, no byte
// that the checkpoint called done was wrong on disk, and, in the long form, no
// more than two seconds of traffic came twice.
//
// The long form is go test ./internal/cli -run TestKill -rounds 20 -killsize 268435456.
func TestKill(t *testing.T) {
	t.Parallel() // it mostly waits, for what its origin gives a connection
	url, sent := origin(t, server.Options{Pattern: true, Shape: server.Shape{RatePerConnection: killRate}})
	url += fmt.Sprintf("pattern/%d?seed=7", *killSize)
	want := sha256.New()
	if _, err := io.Copy(want, server.PatternReader(7, *killSize)); err != nil {
		t.Fatal(err)
	}
	whole := time.Duration(*killSize / (4 * killRate) * int64(time.Second))
	for round := range *rounds {
		path := filepath.Join(t.TempDir(), "file")
		args := []string{"get", "-q", "-x", "4", "-o", path, url}
		before := sent.bytes.Load()

		victim := exec.Command("braid", args...)
		if err := victim.Start(); err != nil {
			t.Fatal(err)
		}
		instant := time.Duration(rand.Int64N(int64(whole)))
		time.Sleep(instant)
		victim.Process.Kill()
		victim.Wait()
		claimed := checkClaims(t, path, 7)

		if out, err := exec.Command("braid", args...).CombinedOutput(); err != nil {
			t.Fatalf("round %d, killed after %v: %v\n%s", round, instant, err, out)
		}
		got := sha256.New()
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(got, f)
		f.Close()
		if !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
			t.Fatalf("round %d, killed after %v: the file is wrong", round, instant)
		}
		twice := sent.bytes.Load() - before - *killSize
		t.Logf("round %d: killed after %v with %d MiB claimed; %.1f MiB came twice", round, instant.Round(time.Millisecond), claimed>>20, float64(twice)/(1<<20))
		if long := *killSize >= 256<<20; long && twice > 2*4*killRate { // a matter of time, so not for every run
			t.Errorf("round %d, killed after %v: %d bytes came twice", round, instant, twice)
		}
		os.Remove(path)
	}
}

// checkClaims compares every block that the checkpoint beside path calls done
// with what it should hold. It knows the format, but nothing of the sink that
// wrote it.
func checkClaims(t *testing.T, path string, seed uint64) (claimed int64) {
	t.Helper()
	file, err := os.ReadFile(path + ".part.ck")
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(file) == 0 {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	newest, _, err := segment.Newest(file)
	if err != nil {
		if zero := make([]byte, len(file)); bytes.Equal(file, zero) {
			return 0 // killed while it was made
		}
		t.Fatal(err)
	}
	part, err := os.Open(path + ".part")
	if err != nil {
		t.Fatal(err)
	}
	defer part.Close()
	for i := range newest.Grid.Len() {
		if !newest.Done.Has(i) {
			continue
		}
		r := newest.Grid.Range(i)
		got, want := make([]byte, r.Len()), make([]byte, r.Len())
		if _, err := part.ReadAt(got, r.Off); err != nil {
			t.Fatal(err)
		}
		server.PatternAt(want, seed, r.Off)
		if !bytes.Equal(got, want) {
			t.Fatalf("block %d is called done, and is wrong", i)
		}
		claimed += r.Len()
	}
	return claimed
}

// origin serves o on a free port of this machine until the test ends, and
// counts what it sends. Its URL ends in a slash.
func origin(t testing.TB, o server.Options) (url string, sent *meteredListener) {
	t.Helper()
	o.Grace = time.Millisecond
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sent = &meteredListener{Listener: listener}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, sent, o) }()
	t.Cleanup(func() {
		stop()
		err := <-ended
		if err != nil && !errors.Is(err, server.ErrCut) && !errors.Is(err, server.ErrGone) { // a script's folder goes first
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String() + "/", sent
}
