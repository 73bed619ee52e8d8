package server

import (
	"hash/fnv"
	"io"
	"sync"
	"time"
)

const (
	maxCounts  = 1 << 16 // how many things are counted; with one more, all counts begin anew
	maxGates   = 1 << 10 // how many targets can be closed for a while at one time
	maxTickets = 1 << 10 // how many of the latest tickets are good
)

// A memory is what faults know of the requests before. It takes no more than some megabytes however many there were.
type memory struct {
	mu      sync.Mutex
	active  int
	counts  map[uint64]int // by the hash of what is counted
	gates   map[string]gate
	tickets [maxTickets]int // how often the latest were used
	issued  uint64
}

// A gate lets some requests through and then closes for a while.
type gate struct {
	closed time.Time // until then
	left   int       // how many it still lets through
}

func newMemory() *memory { return &memory{counts: make(map[uint64]int), gates: make(map[string]gate)} }

// enter counts a request that is under way, and says how many are, with this one. What enters must leave.
func (m *memory) enter() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.active++
	return m.active
}

func (m *memory) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.active--
}

// count says how often it has been asked for these words before.
func (m *memory) count(words ...string) int {
	key := hashed(words...)
	m.mu.Lock()
	defer m.mu.Unlock()
	n, known := m.counts[key]
	if !known && len(m.counts) >= maxCounts {
		clear(m.counts)
	}
	m.counts[key] = n + 1
	return n
}

// pass lets most requests through a gate. Every time room of them have passed, the next one closes it until the time it
// asks for, and all that come before then find it closed. The first request of all finds it closing.
func (m *memory) pass(name string, room int, now, until time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	g := m.gates[name]
	switch {
	case now.Before(g.closed):
		return false
	case g.left > 0:
		g.left--
		m.gates[name] = g
		return true
	}
	if len(m.gates) >= maxGates {
		clear(m.gates)
	}
	m.gates[name] = gate{until, room}
	return false
}

// issue gives out a ticket.
func (m *memory) issue() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.issued++
	m.tickets[m.issued%maxTickets] = 0
	return m.issued
}

// use says whether a ticket is good, for so many uses, and counts one.
func (m *memory) use(ticket uint64, uses int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ticket == 0 || ticket > m.issued || m.issued-ticket >= maxTickets || m.tickets[ticket%maxTickets] >= uses {
		return false
	}
	m.tickets[ticket%maxTickets]++
	return true
}

// hashed makes a number of words, the same on every machine and for ever, in which all bits depend on all letters.
func hashed(words ...string) uint64 {
	h := fnv.New64a()
	for _, w := range words {
		_, _ = io.WriteString(h, w) // a hash takes everything
		_, _ = h.Write([]byte{0})
	}
	return mix(mix(h.Sum64() + step))
}
