package ui

import (
	"errors"
	"testing"
	"time"

	"braid/scheduler"
)

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1: "1 B", 1023: "1023 B", 1024: "1.0 KiB", 1<<20 - 1: "1.0 MiB", 1 << 20: "1.0 MiB",
		365_114_163: "348.2 MiB", 1 << 30: "1.0 GiB", 1<<63 - 1: "8.0 EiB",
	} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 840 * time.Millisecond: "0.8s", 9 * time.Second: "9s", 9300 * time.Millisecond: "9.3s",
		41 * time.Second: "41s", 59*time.Second + 600*time.Millisecond: "1m00s", 62 * time.Second: "1m02s",
		time.Hour - time.Second: "59m59s", 2*time.Hour + 5*time.Minute: "2h05m", 99 * time.Hour: "99h00m", 100 * time.Hour: "4d04h",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestPercentRoundsDown(t *testing.T) {
	for _, c := range []struct {
		part, whole int64
		want        string
	}{{0, 10, "0%"}, {999_999, 1_000_000, "99%"}, {10, 10, "100%"}, {0, 0, "100%"}, {1 << 62, 1 << 62, "100%"}} {
		if got := percent(c.part, c.whole); got != c.want {
			t.Errorf("percent(%d, %d) = %s, want %s", c.part, c.whole, got, c.want)
		}
	}
}

func TestLabel(t *testing.T) {
	for _, c := range []struct{ output, url, want string }{
		{"out/big.iso", "https://a.example/x", "big.iso"},
		{"", "https://a.example/dir/x.iso?token=1", "x.iso"},
		{"", "https://a.example/a%20b", "a b"},
		{"", "https://a.example/", "a.example"},
		{"", "https://a.example", "a.example"},
		{"", "https://a.example/%1b[2J", `\x1b[2J`},
		{"", "://", "download"},
		{"a\nb", "", `a\nb`},
	} {
		if got := label(c.output, c.url); got != c.want {
			t.Errorf("label(%q, %q) = %q, want %q", c.output, c.url, got, c.want)
		}
	}
}

func TestProgressLine(t *testing.T) {
	s := scheduler.Stats{Size: 1 << 30, Written: 365_114_163, Rate: 12.3 * mib, Active: 8}
	for _, c := range []struct {
		name   string
		change func(*scheduler.Stats)
		want   string
	}{
		{"usual", func(*scheduler.Stats) {}, "big.iso: 34% 348.2 MiB of 1.0 GiB, 12.3 MiB/s, 55s left, 8 connections"},
		{"no size", func(s *scheduler.Stats) { s.Size, s.Active = -1, 1 }, "big.iso: 348.2 MiB, 12.3 MiB/s, 1 connection"},
		{"stands still", func(s *scheduler.Stats) { s.Rate, s.Retries = 0, 3 }, "big.iso: 34% 348.2 MiB of 1.0 GiB, 0 B/s, 8 connections, 3 retries"},
		{"all there", func(s *scheduler.Stats) { s.Written, s.Active = s.Size, 0 }, "big.iso: 100% 1.0 GiB of 1.0 GiB, 12.3 MiB/s, 0 connections"},
	} {
		s := s
		c.change(&s)
		if got := progressLine("big.iso", s); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestResultLine(t *testing.T) {
	for _, c := range []struct {
		r    Result
		want string
	}{
		{Result{Bytes: 4817 * mib, Wire: 4817 * mib, Elapsed: 62 * time.Second, Verified: "sha256:9f"}, "f  4.7 GiB in 1m02s (77.7 MiB/s), sha256 verified"},
		{Result{Bytes: 3 * mib, Wire: mib, Resumed: 2 * mib, Retries: 1, Elapsed: time.Second}, "f  3.0 MiB in 1s (1.0 MiB/s), 2.0 MiB of it from an earlier run, 1 retry"},
		{Result{}, "f  0 B in 0s"},
	} {
		if got := resultLine("f", c.r); got != c.want {
			t.Errorf("\n got %s\nwant %s", got, c.want)
		}
	}
}

func TestErrorLine(t *testing.T) {
	r := Result{Err: errors.New("disk is full\x1b"), Hint: "free some space, then the same command goes on"}
	want := `big.iso: disk is full\x1b; free some space, then the same command goes on`
	if got := (Options{}).errorLine("big.iso", 40*mib, r); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestErrorLineOfASignal(t *testing.T) {
	saved := Result{Err: errors.New("interrupted"), Kind: "signal", Resumable: true, Saved: 49 * mib, Hint: "the same command goes on"}
	nothing := Result{Err: errors.New("interrupted"), Kind: "signal"}
	for _, c := range []struct {
		r    Result
		size int64
		want string
	}{
		{saved, 200 * mib, "big.iso: interrupted at 24%, 49.0 MiB of 200.0 MiB are saved; the same command goes on"},
		{saved, -1, "big.iso: interrupted; the same command goes on"},
		{nothing, 200 * mib, "big.iso: interrupted"},
	} {
		if got := (Options{}).errorLine("big.iso", c.size, c.r); got != c.want {
			t.Errorf("\n got %s\nwant %s", got, c.want)
		}
	}
}

func TestExitLine(t *testing.T) {
	for _, c := range []struct {
		x    Exit
		want string
	}{
		{Exit{OK: 3, Failed: 1, Code: 12}, "3 of 4 done, 1 failed"},
		{Exit{OK: 4}, "4 of 4 done"},
		{Exit{OK: 1, Failed: 3, Code: 130}, "1 of 4 done"},
	} {
		if got := exitLine(c.x); got != c.want {
			t.Errorf("%+v: %s, want %s", c.x, got, c.want)
		}
	}
}
