//go:build unix

package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// pipe is the path of a named pipe that nobody feeds until the test ends.
func pipe(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skipf("named pipes are missing here: %v", err)
	}
	t.Cleanup(func() { // lets whoever opens it go
		if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
			f.Close()
		}
	})
	return path
}

func TestAnInterruptEndsTheWaitForAPipe(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(SignalError{os.Interrupt})
	o := getOptions{Input: pipe(t)}
	ends(t, func() {
		if _, err := o.entries(ctx, nil); !errors.Is(err, SignalError{os.Interrupt}) {
			t.Errorf("%v, want the interrupt", err)
		}
	})
}

func TestCountsInAPipeAreNotWaitedFor(t *testing.T) {
	known := &counts{path: pipe(t)}
	ends(t, func() {
		if n := known.of("a"); n != 0 {
			t.Errorf("%d", n)
		}
	})
}

// ends wants f to end by itself.
func ends(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for a pipe")
	}
}
