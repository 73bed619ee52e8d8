package cli

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"braid/scheduler/sink"
	"braid/segment"
)

// half is a download of which the first of two blocks is there.
func half() sink.Report {
	g := segment.Grid{Size: 128 << 20, Block: 64 << 20}
	done := segment.NewBitmap(2)
	done.Set(0)
	c := &segment.Checkpoint{Grid: g, Done: done, Identity: segment.Identity{Size: g.Size, ETag: "\"a\u009b2J\u202e\""}, Host: "h"}
	return sink.Report{Path: "f", Checkpoint: c, Part: true}
}

func TestStandingText(t *testing.T) {
	whole := half()
	whole.Checkpoint.Complete = true
	for _, c := range []struct {
		name   string
		change func(*sink.Report)
		want   string
	}{
		{"half", func(*sink.Report) {}, "f: 50%, 64.0 MiB of 128.0 MiB, from h, ETag \"a\\u009b2J\\u202e\"; the same command goes on\n"},
		{"damaged", func(r *sink.Report) { r.Damaged, r.Checkpoint.Identity.ETag = true, "" },
			"f: 50%, 64.0 MiB of 128.0 MiB, from h, one of the checkpoint's two copies is damaged and the other one is used; the same command goes on\n"},
		{"the part is gone", func(r *sink.Report) { r.Part, r.Checkpoint.Identity.ETag = false, "" },
			"f: its .part file is gone: the next run begins anew, from h\n"},
		{"at work", func(r *sink.Report) { r.Pid, r.Checkpoint.Identity.ETag = 7, "" },
			"f: 50%, 64.0 MiB of 128.0 MiB, from h; braid is at work on it (pid 7)\n"},
		{"complete", func(r *sink.Report) { *r = whole; r.Checkpoint.Identity.ETag = "" },
			"f: all 128.0 MiB are there; only the name is missing, from h; the same command goes on\n"},
	} {
		r := half()
		c.change(&r)
		if got := newStanding(r).text(false); got != c.want {
			t.Errorf("%s:\n got %swant %s", c.name, got, c.want)
		}
	}
}

func TestStandingCountsBeginnings(t *testing.T) {
	g := segment.Grid{Size: 450, Block: 100}
	c := &segment.Checkpoint{Grid: g, Done: segment.NewBitmap(5), Heads: []segment.Head{{Block: 0, Len: 10}, {Block: 3, Len: 20}}}
	c.Done.Set(1)
	s := newStanding(sink.Report{Path: "f", Checkpoint: c, Part: true})
	want := []rangeJSON{{10, 99}, {200, 299}, {320, 449}}
	if s.Done != 130 || !slices.Equal(s.Missing, want) {
		t.Errorf("%d done, %v missing; want 130, %v", s.Done, s.Missing, want)
	}
}

// What a server said is inert on a terminal, and whole for a program.
func TestStandingJSONIsInert(t *testing.T) {
	var out strings.Builder
	if err := newStanding(half()).json(&out); err != nil {
		t.Fatal(err)
	}
	line := out.String()
	if strings.ContainsAny(line, "\u009b\u202e") || strings.Count(line, "\n") != 1 {
		t.Errorf("%q", line)
	}
	var back standing
	if err := json.Unmarshal([]byte(line), &back); err != nil || back.ETag != half().Checkpoint.Identity.ETag {
		t.Errorf("a program reads %q, %v", back.ETag, err)
	}
}
