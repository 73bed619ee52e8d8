// Command versus compares braid with other clients, and with what the machine
// can do at most, in a way that anyone can repeat:
//
//	go run ./internal/versus [flags] [SCENARIO…]
//	go run ./internal/versus -list
//
// It builds braid from this checkout, serves the files itself on loopback, by
// nginx where there is one, and starts every client as a process of its own. Of
// each run it takes the wall time, the processor time (user and system) and the
// peak of the resident memory.
//
// Ours and theirs run in pairs, in the order A B B A A B …, each within a
// moment of the one before. A figure is the median of the ratios ours/theirs of
// the pairs, with a 95 % interval by bootstrap; so below 1 means that braid needs less.
// Before the pairs each client runs once unmeasured, and what it has
// fetched is compared with what it should be, byte for byte; after each measured run the size and a
// sample are. What was fetched is deleted before the next run, outside the
// measured time.
//
// A pair of which either side took more than 1.5 times the median of its side
// is dropped, since a machine that takes its memory back from its guests makes such runs.
// How many were dropped is said, and the spread, max/min, is over all runs.
//
// The raw clients are limits, measured among the others. They are written by hand
// and do nothing but move bytes:
//
//	raw-discard  one connection, 1 MiB reads, nothing is kept
//	raw-file     one connection, 1 MiB reads, pwrite into a fresh file with its room reserved
//	raw-lock     as many connections as braid, whole blocks of 1 MiB, one pwrite at a time
//
// An ideal is computed and not run.
//
// In the scenarios that begin with serve- the servers are compared, braid serve and nginx, each as it comes but for its
// log: one worker per processor, sendfile. Both are asked by the same small client, load, which throws away
// what it gets; it is verified byte for byte before. The wall time is the client's, the processor time that of the
// server, all its processes; what the client took is said below the table, for where it takes more than the server it
// is the client that is measured. nginx goes without the tcp_nopush of Debian's configuration, which on loopback makes
// answers of 64 KiB twenty times slower.
//
// The peak of a process cannot be told if it is below that of the one that
// started it, which is a small one: how small is said.
package main
