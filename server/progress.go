package server

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// errSlow says that the client took too little for too long.
var errSlow = errors.New("the client is too slow")

const (
	// glance is how long a write may be stuck before it is looked at what the client has taken.
	glance = 5 * time.Second

	// resumable says that a write which ran into its deadline tells exactly how much of it went out, so that it can go on.
	resumable = runtime.GOOS != "windows"

	// unresumed is the most that is written under one deadline where it does not.
	unresumed = 64 << 10
)

// An outflow is the way out of a connection, on which the client has to take something. Its credit is how long it may
// go on taking nothing: time spent waiting for it is charged, and bytes taken are credited at the rate it must keep, up to
// patience. A connection on which nothing is written owes nothing. A write that does not wait costs nothing but a look at
// the clock: most of the time the deadline that the last one set is still good.
type outflow struct {
	net.Conn
	minRate int64
	slow    func() // called when the client is given up; once

	writing sync.Mutex // held while something is sent; guards what follows
	credit  time.Duration
	armed   time.Time // the write deadline of Conn
	given   bool      // up
	corked  cork

	limit atomic.Int64 // the deadline that whoever writes has asked for, in ns since 1970; 0 for none
}

func newOutflow(c net.Conn, minRate int64, slow func()) *outflow {
	return &outflow{Conn: c, minRate: minRate, slow: slow, credit: patience}
}

func (o *outflow) Write(p []byte) (int, error) {
	o.writing.Lock()
	defer o.writing.Unlock()
	if o.corked.keep(p) {
		return len(p), nil
	}
	if o.corked.kept != nil {
		return o.together(p)
	}
	sent := 0
	err := o.push(func() (int64, bool, error) {
		q := p[sent:]
		if !resumable {
			q = q[:min(len(q), unresumed)]
		}
		n, err := o.Conn.Write(q)
		sent += n
		return int64(n), sent == len(p), err
	})
	return sent, err
}

// ReadFrom sends what it reads from src. A file, bare or under one io.LimitedReader, goes to the connection as it is: that
// is the way to sendfile.
func (o *outflow) ReadFrom(src io.Reader) (int64, error) {
	limited, file := source(src)
	direct, ok := o.Conn.(io.ReaderFrom)
	if file == nil || !ok || !resumable {
		return io.Copy(writerOnly{o}, src)
	}
	o.writing.Lock()
	defer o.writing.Unlock()
	if o.corked.kept != nil {
		if _, err := o.together(nil); err != nil {
			return 0, err
		}
	}
	var sent int64
	err := o.push(func() (int64, bool, error) {
		left := limited.N
		n, err := direct.ReadFrom(limited)
		sent += n
		// What was read but could not be sent any more is read again.
		if lost := left - limited.N - n; lost > 0 {
			limited.N += lost
			if _, err := file.Seek(-lost, io.SeekCurrent); err != nil {
				return n, true, err
			}
		}
		return n, err == nil, err
	})
	return sent, err
}

// writerOnly hides the ReadFrom of a writer.
type writerOnly struct{ io.Writer }

// source gives the file behind a reader, and a limit of it; a nil file if there is none.
func source(src io.Reader) (*io.LimitedReader, *os.File) {
	limited, ok := src.(*io.LimitedReader)
	if !ok {
		limited = &io.LimitedReader{R: src, N: 1<<63 - 1}
	}
	file, _ := limited.R.(*os.File)
	return limited, file
}

// push calls some until it says that all is sent, or fails for another reason than that the client had no room for a
// while. The lock is held.
func (o *outflow) push(some func() (n int64, done bool, err error)) error {
	before := int64(-1) // how much was unsent at the last look
	for now := time.Now(); ; {
		if err := o.arm(now); err != nil {
			return err
		}
		n, done, err := some()
		stuck := errors.Is(err, os.ErrDeadlineExceeded)
		if stuck {
			o.armed = time.Time{}
			after := unsent(o.Conn)
			if before >= 0 {
				n += max(0, before-after)
			}
			before = after
		}
		begun := now
		now = time.Now()
		earned := time.Duration(min(float64(n)/float64(o.minRate), patience.Seconds()) * float64(time.Second))
		o.credit = min(patience, o.credit+earned) - now.Sub(begun)
		switch {
		case err == nil && done:
			return nil
		case err != nil && (!stuck || o.expired(now)):
			return err
		case o.credit <= 0 || stuck && !resumable:
			if !o.given {
				o.given = true
				o.slow()
			}
			return errSlow
		}
	}
}

// arm sees to it that a write that gets stuck returns in time for the next look, for the end of the credit, or for the
// deadline that was asked for.
func (o *outflow) arm(now time.Time) error {
	want := now.Add(min(glance, max(o.credit, time.Millisecond)))
	if !resumable {
		want = now.Add(o.credit + time.Duration(unresumed/float64(o.minRate)*float64(time.Second)))
	}
	if limit := o.limit.Load(); limit != 0 && limit < want.UnixNano() {
		want = time.Unix(0, limit)
	}
	if !o.armed.After(want) && o.armed.After(now.Add(glance/2)) {
		return nil
	}
	o.armed = want
	return o.Conn.SetWriteDeadline(want)
}

func (o *outflow) expired(now time.Time) bool {
	limit := o.limit.Load()
	return limit != 0 && limit <= now.UnixNano()
}

// SetWriteDeadline sets a deadline beside what is demanded anyway.
func (o *outflow) SetWriteDeadline(t time.Time) error {
	if t.IsZero() {
		o.limit.Store(0)
		return nil
	}
	o.limit.Store(t.UnixNano())
	if time.Until(t) < glance { // a write may be under way that does not know of it
		return o.Conn.SetWriteDeadline(t)
	}
	return nil
}

func (o *outflow) SetDeadline(t time.Time) error {
	if err := o.SetWriteDeadline(t); err != nil {
		return err
	}
	return o.SetReadDeadline(t)
}
