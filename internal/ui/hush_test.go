package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"braid/scheduler"
	"braid/segment"
)

func brokeOff(off int64) error {
	return &scheduler.RangeError{Range: segment.Range{Off: off, End: 100 * mib}, Err: io.ErrUnexpectedEOF}
}

func TestHush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h hush
		o := Options{Retries: 5, Redact: func(url string) string { return url }, Kind: func(err error) string {
			return map[bool]string{true: "signal", false: "network"}[err.Error() == "interrupted"]
		}}
		refused := func(port int) error {
			addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
			return &net.OpError{Op: "dial", Net: "tcp", Source: addr, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		}
		for i, step := range []struct {
			err  error
			try  int
			want string
		}{
			{brokeOff(0), 1, "f: bytes 0-104857599: unexpected EOF; asking again in 1s (1 of 5)"},
			{brokeOff(5), 1, ""}, // another range, the same reason
			{refused(1), 1, "f: dial tcp 127.0.0.1:1: connect: connection refused; asking again in 1s (1 of 5)"},
			{refused(2), 1, ""},
			{refused(2), 2, "f: dial tcp 127.0.0.1:2: connect: connection refused; asking again in 1s (2 of 5)"},
			{brokeOff(6), 1, ""},
			{errors.New("interrupted"), 1, ""},
			{context.Canceled, 1, ""},
			{nil, 0, "f: asking again in 1s"},
		} {
			if got := h.line(o, "f", scheduler.Event{Err: step.err, Try: step.try, Wait: time.Second}); got != step.want {
				t.Errorf("event %d:\n got %s\nwant %s", i, got, step.want)
			}
		}
		time.Sleep(hushTime)
		for i, step := range []struct {
			err  error
			want string
		}{
			{brokeOff(7), "f: 3 answers broke off (unexpected EOF), going on"},
			{brokeOff(8), ""},
			{refused(1), "f: dial tcp 127.0.0.1:1: connect: connection refused; asking again in 1s (1 of 5)"},
			{refused(1), ""},
		} {
			if got := h.line(o, "f", scheduler.Event{Err: step.err, Try: 1, Wait: time.Second}); got != step.want {
				t.Errorf("later, event %d:\n got %s\nwant %s", i, got, step.want)
			}
		}
		time.Sleep(hushTime)
		want := "f: 2 requests failed (connection refused), going on"
		if got := h.line(o, "f", scheduler.Event{Err: refused(1), Try: 1}); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	})
}

// Nothing is asked for again once a signal came, whoever listens.
func TestNoRetryAfterASignal(t *testing.T) {
	for _, o := range []Options{{}, {JSON: true}} {
		var out, err bytes.Buffer
		o.Out, o.Err, o.Kind = &out, &err, func(error) string { return "signal" }
		tr := For(o).Begin(1, "https://a.example/f", "f")
		tr.Retry(scheduler.Event{Try: 1, Err: errors.New("interrupted")})
		if all := out.String() + err.String(); strings.Contains(all, "again") || strings.Contains(all, "retry") {
			t.Errorf("%+v:\n%s", o, all)
		}
	}
}

func TestManyDownloadsAreSummedUp(t *testing.T) {
	for _, c := range []struct {
		o    Options
		x    Exit
		want string
	}{
		{Options{}, Exit{OK: 1}, ""},
		{Options{}, Exit{OK: 3, Failed: 1, Code: 12}, "braid: 3 of 4 done, 1 failed\n"},
		{Options{NoProgress: true}, Exit{OK: 3, Failed: 1, Code: 12}, "braid: 3 of 4 done, 1 failed\n"},
		{Options{Quiet: true}, Exit{OK: 3, Failed: 1, Code: 12}, ""},
		{Options{JSON: true}, Exit{OK: 3, Failed: 1, Code: 12}, ""},
	} {
		var err bytes.Buffer
		c.o.Out, c.o.Err = io.Discard, &err
		For(c.o).Exit(c.x)
		if got := err.String(); got != c.want {
			t.Errorf("%s: %q, want %q", fmt.Sprintf("%+v", c.x), got, c.want)
		}
	}
}
