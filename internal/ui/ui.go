// Package ui is what people, logs and programs see of a download. It is the
// only importer of mpb.
//
// The rules: the engine counts and the reporter asks, on its own clock, so a
// slow screen never slows a transfer. A terminal gets pictures, a pipe gets
// plain lines, a program gets JSON. Messages go to stderr, data to stdout.
// Whatever a server or a URL said is made harmless before it is printed.
package ui

import (
	"time"

	"braid/scheduler"
	"braid/segment"
)

// A Reporter tells of a whole run: one download after another, or several at
// once. Its methods may be called from several goroutines.
type Reporter interface {
	// Expect says how many downloads there will be, before the first. Without
	// it there is one.
	Expect(downloads int)
	// Begin announces download id, before any network.
	Begin(id int, url, output string) Transfer
	// Note says something that is neither an error nor progress, in one line.
	Note(text string)
	// Warn says something that the user should know, in one line.
	Warn(text string)
	// Exit is called once, last, with the exit code and its name.
	Exit(e Exit)
}

// A Transfer tells of one download, from Begin to End.
type Transfer interface {
	// Probe says what the server answered: size and validators, whether it
	// serves ranges, its protocol ("HTTP/1.1") and how many bytes an earlier
	// run left.
	Probe(id segment.Identity, ranges bool, proto string, resumed int64)
	// Watch shows j until stop is called; when stop returns, j is no longer
	// asked and what was shown last is how it ended.
	Watch(j *scheduler.Job) (stop func())
	// Retry says that part of the transfer is asked for again.
	Retry(e scheduler.Event)
	// Verify shows the checking of a file of size bytes; done says how many
	// have been read so far.
	Verify(algorithm string, size int64, done func() int64) (stop func())
	// End is called once, last.
	End(r Result)
}

// A Result is how a download ended.
type Result struct {
	Output    string // the final path
	Bytes     int64  // of the file
	Wire      int64  // bytes that came over the network in this run
	Resumed   int64  // bytes that an earlier run had left
	Saved     int64  // of a failed download: bytes that the next run need not fetch
	Retries   int
	Elapsed   time.Duration
	Verified  string // the digest that was checked, "sha256:…"; "" if none
	Err       error  // nil if all is well
	Code      int    // exit code of Err
	Status    int    // the HTTP status that Err is about, 0 if none
	Kind      string // its name, such as "network"
	Hint      string // what to do next, "" if nothing is to be said
	Resumable bool   // the same command goes on where this one stopped
}

// An Exit is how the whole run ended.
type Exit struct {
	Code       int
	OK, Failed int
	Resumable  int // how many of the failed can be resumed
}
