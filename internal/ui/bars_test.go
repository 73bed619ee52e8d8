package ui

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/vbauerster/mpb/v8"

	"braid/segment"
)

// barsOn is the bars reporter on a terminal of so many columns that only err
// sees.
func barsOn(err io.Writer, width int) *bars {
	o := Options{Out: io.Discard, Err: err, Redact: redact}
	return &bars{console: &console{o: o, home: home}, extra: []mpb.ContainerOption{mpb.WithWidth(width), mpb.ForceAutoRefresh(), mpb.ForceTTY()}}
}

var sequence = regexp.MustCompile(`^\x1b\[(\d*)([AJK])`)

// screen does what a terminal of so many columns does with what it was sent,
// and says what is to be read on it then.
func screen(t *testing.T, width int, sent string) string {
	t.Helper()
	lines, row, col := [][]rune{nil}, 0, 0
	down := func() {
		if row++; row == len(lines) {
			lines = append(lines, nil)
		}
	}
	for sent != "" {
		if m := sequence.FindStringSubmatch(sent); m != nil {
			n := 1
			fmt.Sscan(m[1], &n)
			switch m[2] {
			case "A":
				if row -= n; row < 0 {
					t.Fatalf("goes up %d lines above the first", -row)
				}
			case "J":
				lines = lines[:row+1]
				fallthrough
			case "K":
				lines[row] = lines[row][:min(col, len(lines[row]))]
			}
			sent = sent[len(m[0]):]
			continue
		}
		r, n := utf8.DecodeRuneInString(sent)
		sent = sent[n:]
		switch r {
		case '\n':
			down()
			col = 0
		case '\r':
			col = 0
		case '\x1b':
			t.Fatalf("an escape that nobody asked for: %q", sent)
		default:
			if col == width {
				down()
				col = 0
			}
			for len(lines[row]) <= col {
				lines[row] = append(lines[row], ' ')
			}
			lines[row][col] = r
			col++
		}
	}
	var b strings.Builder
	for i, line := range lines {
		if i < len(lines)-1 || len(line) > 0 {
			b.WriteString(string(line) + "\n")
		}
	}
	return b.String()
}

func TestBarsOnAScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err stream
		b := barsOn(&err, 100)
		var frames strings.Builder
		show := func(when string) {
			time.Sleep(300 * time.Millisecond)
			synctest.Wait()
			fmt.Fprintf(&frames, "-- %s\n%s", when, screen(t, 100, err.String()))
		}
		j, g := halfway()
		tr := b.Begin(1, "https://a.example/big.iso", "big.iso").(*barTransfer)
		show("asked")
		tr.Probe(segment.Identity{Size: g.Size}, true, "HTTP/1.1", 4*mib)
		show("answered")
		stop := tr.watch(j, g)
		show("under way")
		b.Warn("the certificate is not checked")
		show("warned")
		j.mu.Lock()
		j.stats.Written, j.stats.Active, j.lent = g.Size, 0, nil
		for i := range g.Len() {
			j.done.Set(i)
		}
		j.mu.Unlock()
		show("all bytes written")
		stop()
		show("being made durable")
		stop = tr.Verify("sha256", g.Size, func() int64 { return g.Size / 4 })
		show("read back")
		stop()
		tr.End(goodEnd())
		show("ended")
		golden(t, "bars.txt", frames.String())
	})
}

func TestBarsOfUnknownSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err stream
		b := barsOn(&err, 80)
		j, _ := halfway()
		j.stats.Size, j.done, j.lent = -1, segment.NewBitmap(0), nil
		tr := b.Begin(1, "https://a.example/big.iso", "").(*barTransfer)
		tr.Probe(segment.Identity{Size: -1}, false, "HTTP/1.1", 0)
		stop := tr.watch(j, segment.Grid{Size: -1})
		time.Sleep(time.Second)
		synctest.Wait()
		got := screen(t, 80, err.String())
		stop()
		tr.End(badEnd())
		if !strings.Contains(got, "11.0 MiB") || strings.Count(got, "\n") != 1 {
			t.Errorf("shows %q, want one row", got)
		}
		if got, want := screen(t, 200, err.String()), "braid: big.iso: no space left on device; free some space, then the same command goes on\n"; got != want {
			t.Errorf("ends with %q, want %q", got, want)
		}
	})
}

// What people type is echoed where the cursor stands.
func TestTypingDoesNotSpoilThePicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err stream
		b := barsOn(&err, 40)
		j, g := halfway()
		tr := b.Begin(1, "https://a.example/f", "big.iso").(*barTransfer)
		stop := tr.watch(j, g)
		time.Sleep(time.Second)
		synctest.Wait()
		before := screen(t, 40, err.String())
		io.WriteString(&err, "^C")
		time.Sleep(time.Second)
		synctest.Wait()
		if after := screen(t, 40, err.String()); after != before || strings.Count(after, "\n") != 2 {
			t.Errorf("two rows\n%sbecome\n%s", before, after)
		}
		io.WriteString(&err, "what is going on?")
		b.Note("saving")
		stop()
		r := badEnd()
		r.Hint, r.Err = "", errors.New("interrupted")
		tr.End(r)
		if got, want := screen(t, 40, err.String()), "braid: saving\nbraid: big.iso: interrupted\n"; got != want {
			t.Errorf("%q is left, want %q", got, want)
		}
	})
}

// Lines must not get lost between the last frame and the end, whoever ends
// first.
func TestNoLineIsLostAmongBars(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err stream
		b := barsOn(&err, 60)
		for round := range 3 {
			var all sync.WaitGroup
			for id := range 4 {
				all.Go(func() {
					j, g := halfway()
					name := fmt.Sprintf("round%d-file%d", round, id)
					tr := b.Begin(id+1, "https://a.example/f", name).(*barTransfer)
					stop := tr.watch(j, g)
					time.Sleep(time.Duration(id*37) * time.Millisecond)
					b.Note("note from " + name)
					stop()
					r := goodEnd()
					if id == 2 {
						r = badEnd()
					}
					tr.End(r)
				})
			}
			all.Wait()
		}
		got := screen(t, 200, err.String())
		for round := range 3 {
			for id := range 4 {
				name := fmt.Sprintf("round%d-file%d", round, id)
				if n := strings.Count(got, name); n != 2 {
					t.Errorf("%s is named %d times, want in its note and its result:\n%s", name, n, got)
				}
			}
		}
		if n := strings.Count(got, "\n"); n != 24 {
			t.Errorf("%d lines are left, want 24:\n%s", n, got)
		}
	})
}

// hangup is a terminal that goes away.
type hangup struct {
	stream
	mu   sync.Mutex
	gone bool
}

func (h *hangup) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.gone {
		return 0, errors.New("input/output error")
	}
	return h.stream.Write(p)
}

func TestATerminalThatGoesAwayStopsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err hangup
		b := barsOn(&err, 60)
		j, g := halfway()
		first := b.Begin(1, "https://a.example/f", "f").(*barTransfer)
		time.Sleep(time.Second)
		err.mu.Lock()
		err.gone = true
		err.mu.Unlock()
		time.Sleep(time.Second)
		second := b.Begin(2, "https://a.example/g", "g").(*barTransfer)
		for _, tr := range []*barTransfer{first, second} {
			stop := tr.watch(j, g)
			time.Sleep(time.Second)
			b.Warn("nobody reads this")
			stop()
			tr.End(goodEnd())
		}
	})
}
