package cli

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"braid/server"
)

const (
	logBacklog = 4096      // lines that may wait to be written
	logBatch   = 256 << 10 // bytes that are written at once, or a line more
)

// An accessLog writes down requests, from a goroutine of its own: no response
// waits for a full disk, or for a terminal that somebody has stopped. Lines that
// cannot be written, or have no room to wait, are counted, and that is told.
type accessLog struct {
	format  lineFormat
	to      logDestination
	hangups <-chan os.Signal // say that to is to be opened anew; nil if nobody does
	warn    func(error)

	lines   chan []byte
	missing atomic.Int64 // lines since it was last told
	writing sync.WaitGroup
}

func startLog(format lineFormat, to logDestination, hangups <-chan os.Signal, warn func(error)) *accessLog {
	l := &accessLog{format: format, to: to, hangups: hangups, warn: warn, lines: make(chan []byte, logBacklog)}
	l.writing.Go(l.write)
	return l
}

// add is a server.Options.Log.
func (l *accessLog) add(a server.Access) {
	select {
	case l.lines <- l.format(a, nil):
	default:
		l.missing.Add(1)
	}
}

// close writes what is left. Nothing may be added any more. The nil log has
// nothing to write.
func (l *accessLog) close() {
	if l == nil {
		return
	}
	close(l.lines)
	l.writing.Wait()
	if err := l.to.Close(); err != nil {
		l.warn(fmt.Errorf("the access log may not be complete: %w", err))
	}
}

// write writes lines as long as there are any to come.
func (l *accessLog) write() {
	var batch []byte
	failing, torn := false, false
	for {
		batch = batch[:0]
		if torn { // a line was begun and not ended
			batch = append(batch, '\n')
		}
		select {
		case line, more := <-l.lines:
			if !more {
				l.tell()
				return
			}
			batch = append(batch, line...)
		case <-l.hangups:
			if err := l.to.reopen(); err != nil {
				l.warn(fmt.Errorf("the access log goes on in the file that it was in: %w", err))
			} else {
				torn = false
			}
			continue
		}
		for len(batch) < logBatch && len(l.lines) > 0 { // nobody else takes any
			batch = append(batch, <-l.lines...)
		}
		n, err := l.to.Write(batch)
		if n > 0 {
			torn = batch[n-1] != '\n'
		}
		switch {
		case err == nil:
			l.tell()
			failing = false
		case !failing:
			l.warn(fmt.Errorf("the access log cannot be written, serving goes on: %w", err))
			failing = true
			fallthrough
		default:
			l.missing.Add(int64(bytes.Count(bytes.TrimPrefix(batch[n:], []byte{'\n'}), []byte{'\n'})))
		}
	}
}

// tell says how many lines are missing, when it is possible to write again.
func (l *accessLog) tell() {
	if n := l.missing.Swap(0); n > 0 {
		l.warn(fmt.Errorf("requests that the access log lacks here: %d", n))
	}
}
