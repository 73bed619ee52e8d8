package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"braid/server"
)

// A desk is a place where lines are written, that can be full or closed for a
// time.
type desk struct {
	text strings.Builder
	room int           // bytes it still has; negative means any
	open chan struct{} // Write waits for it to be closed
}

func (d *desk) Write(p []byte) (int, error) {
	<-d.open
	if d.room < 0 || len(p) <= d.room {
		d.room -= max(0, min(len(p), d.room))
		return d.text.Write(p)
	}
	n, _ := d.text.Write(p[:d.room])
	d.room = 0
	return n, errors.New("no room")
}

func (d *desk) reopen() error { return errors.New("it is locked") }
func (d *desk) Close() error  { return nil }

// logging begins a log of paths at a desk.
func logging(d *desk, hangups chan os.Signal) (l *accessLog, told *[]string) {
	told = new([]string)
	format := func(a server.Access, b []byte) []byte { return append(b, a.Path+"\n"...) }
	return startLog(format, d, hangups, func(err error) { *told = append(*told, err.Error()) }), told
}

func opened() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// Whoever stops the screen stops the log, and nothing else.
func TestLogHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{room: -1, open: make(chan struct{})}
		l, told := logging(d, nil)
		l.add(server.Access{Path: "first"})
		synctest.Wait() // it is being written
		for i := range logBacklog + 10 {
			l.add(server.Access{Path: fmt.Sprint(i)}) // the bubble would end with a deadlock
		}
		close(d.open)
		l.close()
		lines := strings.Fields(d.text.String())
		if len(lines) != 1+logBacklog || lines[0] != "first" || lines[1] != "0" || lines[logBacklog] != fmt.Sprint(logBacklog-1) {
			t.Errorf("%d lines", len(lines))
		}
		if !slices.Equal(*told, []string{"requests that the access log lacks here: 10"}) {
			t.Errorf("told %q", *told)
		}
	})
}

// When the disk is full it is said once, no line is joined to another, and when
// there is room again what is missing is counted.
func TestLogOnAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{room: len("one\ntw"), open: opened()}
		l, told := logging(d, nil)
		for _, path := range []string{"one", "two", "three"} {
			l.add(server.Access{Path: path})
			synctest.Wait()
		}
		d.room = -1
		l.add(server.Access{Path: "four"})
		synctest.Wait()
		d.room = 0
		l.add(server.Access{Path: "five"})
		l.close()
		if got := d.text.String(); got != "one\ntw\nfour\n" {
			t.Errorf("%q", got)
		}
		want := []string{
			"the access log cannot be written, serving goes on: no room", "requests that the access log lacks here: 2",
			"the access log cannot be written, serving goes on: no room", "requests that the access log lacks here: 1",
		}
		if !slices.Equal(*told, want) {
			t.Errorf("told %q", *told)
		}
	})
}

func TestLogThatCannotBeRotated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangups := make(chan os.Signal)
		d := &desk{room: -1, open: opened()}
		l, told := logging(d, hangups)
		l.add(server.Access{Path: "one"})
		hangups <- os.Interrupt
		l.add(server.Access{Path: "two"})
		l.close()
		if got := d.text.String(); got != "one\ntwo\n" || !slices.Equal(*told, []string{"the access log goes on in the file that it was in: it is locked"}) {
			t.Errorf("%q, told %q", got, *told)
		}
	})
	dir := t.TempDir()
	f, err := openLog(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	l := &logFile{path: filepath.Join(dir, "log"), File: f}
	defer l.Close()
	l.path = dir
	if l.reopen() == nil || l.File != f {
		t.Error("a folder was opened as a log")
	}
}

func TestTextLines(t *testing.T) {
	a := server.Access{Remote: "[::1]:80", Method: "GET", Path: "/\x1b[2J", Range: "bytes=0-", Status: 206, Bytes: 5, Cut: true, User: "a\nb", Faults: "gzip"}
	if got := string(appendText(a, []byte("before "))); got != "before 00:00:00.000 [::1]:80 GET /\\x1b[2J bytes=0- 206 5 0s cut user=a\\nb fault=gzip\n" {
		t.Errorf("%q", got)
	}
}

func TestHealthPath(t *testing.T) {
	for s, ok := range map[string]bool{"/health": true, "/-/ready": true, "": false, "/": false, "health": false, "/a b": false, "/a?b": false, "/a%20": false, "/a\n": false} {
		if _, err := healthPath(s); (err == nil) != ok {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestHostsOf(t *testing.T) {
	for address, want := range map[string]string{"127.0.0.1:80": "127.0.0.1", "[::1]:80": "::1", "files.example:0": "files.example"} {
		if got := hostsOf(address); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	name, err := os.Hostname()
	if err != nil {
		t.Skip(err)
	}
	for _, address := range []string{":80", "0.0.0.0:80", "[::]:80"} {
		if got := hostsOf(address); !slices.Contains(got, name) {
			t.Errorf("%s: %v", address, got)
		}
	}
}
