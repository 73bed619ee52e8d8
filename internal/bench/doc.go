// Package bench is a load generator for range servers: it asks for ranges as a
// pattern says, checks every answer, and tells how fast they came.
//
//	open every URL: size, validators, ranges               [1]
//	for each step of the sweep, for each round:
//		warm up, measure, cool down:
//			each of N workers, with a connection of its own:
//				wait until the next request is due         [2]
//				ask for what the pattern gives next        [3]
//				check header, length and bytes             [4]
//				record when the first byte and the last came
//	merge the rounds; find the knee of the sweep; print
//
// [1] One request for one byte. What has no ranges, or no bytes, is refused here.
//
// [2] In a closed loop that is when the last answer is complete, and --think has
// passed. In an open loop it is when the rate says so, whether or not somebody is
// free: latency counts from then on, so that a server that stalls is not excused
// from the requests that could not be sent meanwhile (coordinated omission).
//
// [3] Pattern and Mix are values, and their randomness is seeded: the same seed
// asks for the same ranges in the same order.
//
// [4] By the gate of scheduler/source, and then against the bytes themselves where
// these are known: of /pattern/, or of a file that --verify names. What is wrong
// in any way is counted by its kind and is no latency. Nothing is asked for again.
//
// The requests go over source.Lane, which costs half of what net/http does, so
// that it is the server that is measured. The whole-file pattern is another thing:
// there a scheduler.Job downloads as braid get would.
//
// A run is bounded by time, requests or bytes, and it keeps what it has when it is
// interrupted or the server dies: the Result says that it is partial, and why.
//
// What is not promised: that the client is not the bottleneck. Its processor time
// is measured, and a warning given; on one machine with the server the two take it
// from each other.
package bench
