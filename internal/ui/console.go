package ui

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// ink says whether colours may be used.
type ink bool

// The colours, as terminals number them.
const (
	red    = "31"
	green  = "32"
	dim    = "2;32" // green that is older
	yellow = "33"
	gray   = "90"
)

func (on ink) paint(color, s string) string {
	if !on || s == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

// A console is where lines for people go: whole ones, one at a time, above the
// bars if there are any.
type console struct {
	o    Options
	ink  ink
	home string // what a line begins with on a terminal that bars are drawn on
	tell bool   // a program reads Out, and is told the paths

	// Set by Expect, before the first download:
	total *total // nil if there is one only
	again repeats

	mu    sync.Mutex
	above io.Writer // takes the lines while bars are drawn; else nil
}

// Expect implements Reporter.
func (c *console) Expect(downloads int) {
	c.total = newTotal(downloads)
}

// line prints s, which must be safe.
func (c *console) line(s string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.print(s)
}

// print is line for those who hold the lock.
func (c *console) print(s string) {
	s = c.home + s
	if c.above != nil {
		if _, err := io.WriteString(c.above, s+"\n"); err == nil {
			return
		}
	}
	io.WriteString(c.o.Err, s+"\n") // if people cannot be told, nobody can
}

// Warn implements Reporter.
func (c *console) Warn(text string) { c.once(c.ink.paint(yellow, "braid: warning:"), text) }

// Note implements Reporter.
func (c *console) Note(text string) { c.once("braid:", text) }

// once says text, unless the same was said of another of several files.
func (c *console) once(lead, text string) {
	if c.total == nil || c.again.first(lead, text) {
		c.line(lead + " " + c.o.text(text))
	}
}

// Exit implements Reporter: people have seen how each download ended, but may
// want to be told of many.
func (c *console) Exit(x Exit) {
	c.repeated()
	if x.OK+x.Failed < 2 {
		return
	}
	line := "braid: " + exitLine(x)
	if c.total != nil {
		line += ", " + c.total.sum()
	}
	c.line(line)
}

// repeated says of how many files more something could have been said.
func (c *console) repeated() {
	for _, r := range c.again.all() {
		c.line(fmt.Sprintf("%s %s more: %s", r.lead, count(r.more, "file"), c.o.text(r.what)))
	}
}

func (c *console) failure(name string, size int64, r Result) string {
	return c.ink.paint(red, "braid:") + " " + c.o.errorLine(name, size, r)
}

// path tells a program that reads our output where the file is:
// f=$(braid URL).
func (c *console) path(r Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tell && r.Err == nil && r.Output != "" && r.Output != "-" {
		io.WriteString(c.o.Out, r.Output+"\n")
	}
}

// every calls f each d until stop is called, which waits for f.
func every(d time.Duration, f func()) (stop func()) {
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(d)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				f()
			case <-quit:
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(quit)
		<-gone
	})
}
