package ui

import (
	"bytes"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"braid/scheduler"
	"braid/segment"
)

// tell plays a download to r: watched for 21 seconds, troubled twice, read
// back, ended.
func tell(r Reporter, end Result) {
	j, g := halfway()
	t := r.Begin(1, "https://a.example/dir/big.iso?token=secret", "out/big.iso")
	t.Probe(segment.Identity{Size: g.Size, ETag: `"5f"`}, true, "HTTP/1.1", 4*mib)
	var stop func()
	switch t := t.(type) {
	case *barTransfer:
		stop = t.watch(j, g)
	case *lineTransfer:
		stop = t.watch(j)
	case *eventTransfer:
		stop = t.watch(j)
	default:
		stop = t.Watch(nil)
	}
	reset := scheduler.Event{Worker: 3, Range: segment.Range{Off: 20 * mib, End: 30 * mib}, Try: 1, Wait: 812 * time.Millisecond, Err: errors.New("connection reset")}
	t.Retry(reset)
	t.Retry(reset)
	time.Sleep(1200 * time.Millisecond)
	j.set(func(s *scheduler.Stats) { s.Durable, s.Written = 20*mib, 21*mib })
	time.Sleep(20 * time.Second)
	r.Note("the server closes connections early")
	r.Warn("the certificate is not checked")
	j.set(func(s *scheduler.Stats) { s.Durable, s.Written, s.Active = 40*mib, 40*mib, 0 })
	stop()
	stop()
	stop = t.Verify("sha256", 40*mib, func() int64 { return 10 * mib })
	time.Sleep(time.Second)
	stop()
	t.End(end)
	exit := Exit{Code: end.Code, OK: 1}
	if end.Err != nil {
		exit.OK, exit.Failed = 0, 1
	}
	r.Exit(exit)
}

func redact(string) string { return "https://a.example/dir/big.iso?token=REDACTED" }

func goodEnd() Result {
	return Result{
		Output: "out/big.iso", Bytes: 40 * mib, Wire: 36 * mib, Resumed: 4 * mib, Retries: 1,
		Elapsed: 22300 * time.Millisecond, Verified: "sha256:9f86",
	}
}

func badEnd() Result {
	return Result{
		Output: "out/big.iso", Bytes: 40 * mib, Elapsed: 22 * time.Second,
		Err: errors.New("no space left on device"), Code: 3, Kind: "io",
		Hint: "free some space, then the same command goes on", Resumable: true,
	}
}

func signalEnd() Result {
	return Result{
		Output: "out/big.iso", Bytes: 40 * mib, Elapsed: 22 * time.Second, Saved: 10 * mib,
		Err: errors.New("interrupted"), Code: 130, Kind: "signal", Hint: "the same command goes on", Resumable: true,
	}
}

func TestLines(t *testing.T) {
	for name, c := range map[string]struct {
		o   Options
		end Result
	}{
		"lines-good.txt":        {Options{}, goodEnd()},
		"lines-bad.txt":         {Options{}, badEnd()},
		"lines-no-progress.txt": {Options{NoProgress: true}, goodEnd()},
		"quiet-good.txt":        {Options{Quiet: true}, goodEnd()},
		"quiet-bad.txt":         {Options{Quiet: true}, badEnd()},
		"lines-signal.txt":      {Options{Retries: 5, Kind: func(error) string { return "network" }}, signalEnd()},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out, err bytes.Buffer
				c.o.Out, c.o.Err, c.o.Redact = &out, &err, redact
				tell(For(c.o), c.end)
				golden(t, name, "-- stdout\n"+out.String()+"-- stderr\n"+err.String())
				if bytes.Contains(err.Bytes(), []byte{0x1b}) {
					t.Error("an escape sequence in a pipe")
				}
			})
		})
	}
}

func TestStopWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var under atomic.Bool
		stop := every(time.Second, func() {
			under.Store(true)
			time.Sleep(time.Minute)
			under.Store(false)
		})
		time.Sleep(10 * time.Second)
		if !under.Load() {
			t.Error("nothing was called")
		}
		stop()
		if under.Load() {
			t.Error("stop returned in the middle of a call")
		}
	})
}
