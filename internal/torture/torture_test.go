package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// braidEnv is where the tests find the program under test.
const braidEnv = "BRAID_TORTURE_PROGRAM"

// TestMain builds braid once, and lets the modes that need mounts of their own
// run this test binary again as torture.
func TestMain(m *testing.M) {
	if os.Getenv(insideEnv) != "" {
		main()
	}
	os.Exit(withBraid(m.Run))
}

func withBraid(test func() int) int {
	dir, err := os.MkdirTemp("", "braid-torture-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	braid := filepath.Join(dir, "braid")
	if err := build(context.Background(), braid); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	os.Setenv(braidEnv, braid)
	return test()
}

// play runs a mode in its short form and returns what it printed. What a
// violation keeps stays in the system's folder for temporary files.
func play(t *testing.T, mode string, args ...string) string {
	t.Helper()
	t.Parallel() // most of it is waiting
	for _, m := range modes() {
		if why := m.missing(); m.name == mode && why != "" {
			t.Skip("missing on this machine (linux and root, for power and eio): " + why)
		}
	}
	var out bytes.Buffer
	code := run(t.Context(), append([]string{mode, "-braid", os.Getenv(braidEnv)}, args...), &out, &out)
	t.Log(out.String())
	if code != exitOK {
		t.Fatalf("exit status %d", code)
	}
	return out.String()
}

// counted is the number that the summary gives for what.
func counted(t *testing.T, summary, what string) int {
	t.Helper()
	found := regexp.MustCompile(`(?m)^  ` + what + ` +(\d+)$`).FindStringSubmatch(summary)
	if found == nil {
		t.Fatalf("the summary does not count %q", what)
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Killed at any instant and at any call, no byte that was claimed is wrong, and
// the same command makes the file right. The long form is
// go run ./internal/torture kill -rounds 2000.
func TestKill(t *testing.T) {
	if counted(t, play(t, "kill", "-rounds", "16"), "survived") == 0 {
		t.Error("nothing was killed")
	}
}

// The same after a power cut, also one right after exit status 0.
func TestPowerAsRoot(t *testing.T) {
	if counted(t, play(t, "power", "-rounds", "10"), "survived") == 0 {
		t.Error("there was no cut")
	}
}

// A disk that fails ends the run with one line, and costs nothing that was
// claimed.
func TestFailingDiskAsRoot(t *testing.T) {
	if counted(t, play(t, "eio", "-rounds", "8"), "survived") == 0 {
		t.Error("no disk failed")
	}
}

// Connections that die without a word do not keep a file from being right.
func TestStall(t *testing.T) {
	play(t, "stall", "-rounds", "4", "-with", "--timeout 1s --retry-delay 100ms --retry 20")
}

// Neither does an origin that refuses.
func TestManners(t *testing.T) {
	if counted(t, play(t, "manners", "-rounds", "2", "-with", "--retry-delay 100ms"), "refusals") == 0 {
		t.Error("nothing was refused")
	}
}

// A few of the faults; go run ./internal/torture faults plays all.
func TestFaults(t *testing.T) {
	faults := "wrong-start,ignore-range,no-content-range,length-disagrees,rst-midway,5xx-burst,total-changes,cache-mixes,huge-headers"
	summary := play(t, "faults", "-only", faults, "-rounds", "30")
	if n := strings.Count(summary, "right "); n < 9 {
		t.Errorf("%d of the trials ended well", n)
	}
}

// The server loses nothing under all kinds of clients. The long form is go run ./internal/torture soak.
func TestSoak(t *testing.T) {
	summary := play(t, "soak", "-for", "2s")
	for _, what := range []string{"answers", "broken off", "downloads"} {
		if counted(t, summary, what) == 0 {
			t.Errorf("no %s", what)
		}
	}
}

// Whoever takes too much is not served at the expense of others. The long form is go run ./internal/torture attacks.
func TestAttacks(t *testing.T) {
	if n := strings.Count(play(t, "attacks", "-for", "4s"), " attacked p50 "); n != len(attacks()) {
		t.Errorf("%d attacks were played", n)
	}
}

// A command line that makes no sense is told so.
func TestWrongCommandLine(t *testing.T) {
	for _, args := range [][]string{{"murder"}, {"kill", "-rounds", "x"}, {"-rounds", "1", "kill"}, {"faults", "-only", "none", "-braid", "x"}, {"soak", "-for", "0s"}, {"attacks", "-for", "-1s"}} {
		var out bytes.Buffer
		if code := run(t.Context(), args, &out, &out); code != exitUnable || out.Len() == 0 {
			t.Errorf("%v: exit status %d, %q", args, code, out.String())
		}
	}
}
