//go:build !unix

package server

// descriptors is how many the process may have open: here, enough.
func descriptors() int { return 4 * maxConnections }
