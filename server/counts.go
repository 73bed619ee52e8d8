package server

import "sync/atomic"

// Counts are the running totals of what [Serve] does. The zero value is ready; one Counts may serve several calls of
// Serve, and be read at any time.
type Counts struct {
	// What is there now.
	Open     atomic.Int64 // connections
	Idle     atomic.Int64 // those of them that wait for a request: for their first, or for another
	InFlight atomic.Int64 // requests being answered

	// What there has been.
	Accepted   atomic.Int64 // connections
	Requests   atomic.Int64 // requests, those that were turned away included
	TurnedAway atomic.Int64 // connections and HTTP/2 streams beyond a limit: answered with 503, or closed
	MadeRoom   atomic.Int64 // idle connections that were closed for the sake of new ones
	TooSlow    atomic.Int64 // connections that were dropped because the client took too little
}
