package server

import (
	"errors"
	"time"
)

// Limits bound what clients can take of an origin. In the zero value only those are on that a client which behaves does
// not feel.
type Limits struct {
	// Connections is how many there may be at a time; 0 means as many as the process has descriptors for, each with a
	// file of its own, and at most 16384. When there are so many, one that has waited long for a request makes room
	// for a new one, first of all one of a client that has many. If all are busy the new one is answered with 503 and Retry-After, or just closed if there are
	// many of its kind.
	Connections int

	// PerClient is how many requests one client may have under way, each on a connection of its own or all in streams of
	// HTTP/2; those beyond are answered with 503 and Retry-After. It may have four times as many connections: more are
	// closed at once. A client is an IPv4 address, or the /64 of an IPv6 address. 0 means no limit, because behind one
	// address there may be a proxy, or a whole office.
	PerClient int

	// MinRate is the bytes a second that a client must take, over the half minute before; 0 means 1 KiB/s. Who takes less
	// is dropped. It is for each connection: of a client on a thin line that fetches in 16 parts, each gets a sixteenth.
	MinRate int64
}

const (
	maxConnections = 16384 // by default; at about 25 KiB for one that is busy

	defaultMinRate = 1 << 10

	// patience is how long a client may take nothing at all.
	patience = 30 * time.Second

	// retryAfter is what Retry-After says, in seconds.
	retryAfter = "5"
)

// validate says what is wrong with the limits.
func (l Limits) validate() error {
	if l.Connections < 0 || l.PerClient < 0 || l.MinRate < 0 {
		return errors.New("a negative limit")
	}
	return nil
}

// withDefaults is l without zeros that mean something else; descriptors is how many the process may have.
func (l Limits) withDefaults(descriptors int) Limits {
	if l.Connections == 0 {
		const others = 32 // standard streams, listeners, folders being listed
		l.Connections = max(1, min((descriptors-others)/2, maxConnections))
	}
	if l.MinRate == 0 {
		l.MinRate = defaultMinRate
	}
	return l
}

// spare is how many connections beyond the limit are told so, rather than just closed.
func (l Limits) spare() int { return 16 + l.Connections/16 }
