package server

import (
	"net"
	"sync"
)

// corkable is the most that is kept back: what net/http gathers before it writes, the header and the beginning of the
// content.
const corkable = 4 << 10

// corks lends buffers for what is kept back.
var corks = sync.Pool{New: func() any { return new([corkable]byte) }}

// A cork keeps a short write back until the next, so that the two leave by one call and, but for very long ones, in one
// segment. Without it every small answer takes two of each, and wakes its client for the first as well.
type cork struct {
	in   bool            // the next short write is to be kept back
	kept *[corkable]byte // what was, in its first n bytes; nil for nothing
	n    int

	pair [2][]byte // what leaves together
	left net.Buffers
}

// cork has the next write kept back if it is short. Whoever calls it calls uncork when all is written.
func (o *outflow) cork() {
	if !resumable {
		return
	}
	o.writing.Lock()
	defer o.writing.Unlock()
	o.corked.in = true
}

// uncork lets go of what is kept back still.
func (o *outflow) uncork() error {
	o.writing.Lock()
	defer o.writing.Unlock()
	o.corked.in = false
	if o.corked.kept == nil {
		return nil
	}
	_, err := o.together(nil)
	return err
}

// keep keeps p back if that was asked for, and says whether it did. The lock is held.
func (c *cork) keep(p []byte) bool {
	if !c.in || c.kept != nil || len(p) > corkable {
		return false
	}
	c.kept = corks.Get().(*[corkable]byte)
	c.n = copy(c.kept[:], p)
	return true
}

// together writes what is kept back, and p, and says how much of p went out. The lock is held.
func (o *outflow) together(p []byte) (int, error) {
	c := &o.corked
	c.pair = [2][]byte{c.kept[:c.n], p}
	c.left = c.pair[:]
	sent := 0
	err := o.push(func() (int64, bool, error) {
		n, err := c.left.WriteTo(o.Conn)
		sent += int(n)
		return n, len(c.left) == 0, err
	})
	corks.Put(c.kept)
	sent = max(0, sent-c.n)
	*c = cork{in: c.in}
	return sent, err
}
