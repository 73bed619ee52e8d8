// Package scheduler is the engine of a segmented download: it decides who
// fetches what, and when. It knows neither HTTP nor files; a [Source] gives the
// bytes of ranges, a [Sink] keeps them, and package segment names what passes
// between them.
//
// A file is cut into blocks. What is missing is lent to workers as leases, runs
// of blocks; the ledger knows who holds what. Read aloud, a job is this:
//
//	let the pacer say how many requests may be out to begin with [1]
//	every worker:
//	    until every byte is written
//	        wait while the host wants to be left alone
//	        if one more may be out, take a place at the host, and a lease: [2]
//	            the next free bytes; [3]
//	            if none are free, the tail of the lease that would end last; [4]
//	            if there is none worth stealing, all that is left of the
//	            slowest one, if that saves more than half of its time; [5]
//	            if that is not worth it either, wait
//	        ask the source for its range, or for as much as the server grants
//	        until the lease is fulfilled or the answer ends
//	            gather up to a megabyte, never beyond a block's end [6]
//	            claim it in the ledger, which says how much is still ours [7]
//	            write it to the sink
//	            tell the ledger, which says where the lease ends by now
//	            if the answer holds what comes next, and that is free, go on [8]
//	        give lease and place back: what was not written is free again [9]
//	        if the answer was refused, ask for less and wait; [2]
//	            if it failed, wait; if waiting cannot help, end the job [10]
//	meanwhile, every quarter of a second:
//	    tell the pacer what came, and let as many be out as it says [1]
//	meanwhile, every second or every 64 MiB:
//	    let one more request be out, if the server has been calm [2]
//	    give up the answers that hardly move [11]
//	    take a snapshot of what is written: whole blocks and beginnings of
//	    blocks, then let the sink make it durable [12]
//
// [1] Workers is how many goroutines there are, and the most requests; a [Pacer]
// says how many of these are wanted. A [Climb] finds out: it doubles the count as
// long as that pays, narrows down what lies between, and goes on probing. If it
// wants fewer than are out, the slowest end with the block that they are in.
// Without a pacer all are wanted.
//
// [2] Three things say how many requests may be out. Each must agree.
//
//	pacer   what this job wants
//	crowd   what this job was granted: how many at once, and how large each
//	Host    what all jobs together have at one host, and its [Budget] what they
//	        have at all hosts: one place for each request
//
// A refusal halves what crowd and Host allow, but not below those that are being
// served. After ten seconds of calm each allows one more, and each cut but the
// first doubles that time. A refusal that is final counts only if the request
// was alone; then half the range is asked for, down to a megabyte, and after that
// the source may do without ranges. Where a refusal says how long to wait, all
// jobs of that host wait. A job whose first request has no place goes before the
// second ones of others, so many small files all get on.
//
// [3] A lease is what a worker gets through in four seconds, or in half the
// time that the whole rest needs, but no more than half a fair share of the rest.
// So leases shrink towards the end. The first is a fair share of the file, up to
// 32 MiB: its answer is already on its way. Whoever began the job may have taken
// its place ([Job].Entered), and then it does not wait for the host either.
//
// [4] The thief takes as much as lets both end together, on a block's border,
// and never the block that the victim is in. The victim is told by the next
// answer of the ledger: no message, no cancelled request.
//
// [5] That is the last block of a slow connection. Its worker relieves the one
// who had it, at the byte where his writing stands, and his request is given up.
// Each time that the same bytes change hands, more must be saved by it.
//
// [6] The buffer is of the next worker when the job ends, of whatever job. If
// there is a limit on the rate, bytes are paid for before they are read.
//
// [7] Claim, write, advance: no thief comes below a claim, so every byte is
// written exactly once. So the bytes before the first that is free or lent are
// final, and [Job.Prefix] lets them be hashed while the rest still comes.
//
// [8] To follow is to go on with the same answer. As long as there has been one
// answer only, and requests for bytes behind it are awaited, it waits to see what
// becomes of them: where a link works once, it is the only one there will be. One
// that has had no answer for two seconds yields its bytes to it. A sequential
// source skips to the next free bytes.
//
// [9] It resumes at the byte, not at the block: a connection that breaks before
// every block's end still gets on.
//
// [10] Failures are counted in a row, per worker, and a byte ends the row. A
// worker that fails while others get bytes keeps trying, slowly. An answer that
// brings nothing for Job.Stall has failed.
//
// [11] These bring less than a tenth of what is usual, and silence makes them
// slower. Each is left alone for five seconds first, for twice as long after each
// replacement, and while it waits for the disk. It is no failure if a byte came.
// A request that waits for its answer ten times longer than any other did goes
// the same way. If the machine has slept, all are given up. Nobody is given up who
// may be the only one.
//
// [12] The snapshot comes first, so what is written during the flush does not
// count; receiving pauses while too much waits for the disk. A failed save is
// the last one: the operating system has forgotten what it could not write.
//
// What is not promised: that a file arrives in order, or that a partial file
// has no holes. A job for a source without ranges ([Job].Plain) is one request
// from the first byte to the last, and begins again when it breaks.
package scheduler
