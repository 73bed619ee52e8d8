// Package scheduler is the engine of a segmented download: it decides who
// fetches what, and when. It knows neither HTTP nor files; a [Source] gives the
// bytes of ranges, a [Sink] keeps them, and package segment names what passes
// between them.
//
// A file is cut into blocks. What is missing is lent to workers as leases, runs
// of blocks; the ledger knows who holds what. Read aloud, a job is this:
//
//	every worker:
//	    until every byte is written
//	        wait while the host wants to be left alone
//	        take a lease, if one more may be out: the next free bytes; [1] [2]
//	            if none are free, the tail of the lease that would end last; [3]
//	            if there is none worth stealing, wait
//	        ask the source for its range, or for as much as the server grants
//	        until the lease is fulfilled or the answer ends
//	            gather up to a megabyte, never beyond a block's end
//	            claim it in the ledger, which says how much is still ours [4]
//	            write it to the sink
//	            tell the ledger, which says where the lease ends by now
//	            if the answer holds what comes next, and that is free, go on [5]
//	        give the lease back: what was not written is free again [6]
//	        if the answer was refused, ask for less and wait; [2]
//	            if it failed, wait; if waiting cannot help, end the job [7]
//	meanwhile, every second or every 64 MiB:
//	    let one more request be out, if the server has been calm [2]
//	    give up the answers that hardly move [8]
//	    take a snapshot of what is written: whole blocks and beginnings of
//	    blocks, then let the sink make it durable [9]
//
// [1] A lease is what a worker gets through in four seconds, or in half the
// time that the whole rest needs, so leases shrink towards the end. The first
// is a fair share of the file: its answer is already on its way.
//
// [2] The crowd is how many requests may be out, and how large each may be. A
// refusal halves the first, but not below those that are being served. After ten
// seconds of calm it grows by one, and each cut but the first doubles that time.
// A refusal that is final counts only if the request was alone; then half the
// range is asked for, down to a megabyte, and after that the source may do
// without ranges. Where a refusal says how long to wait, all jobs of that host
// wait: see Host.
//
// [3] The thief takes as much as lets both end together, on a block's border,
// and never the block that the victim is in. The victim is told by the next
// answer of the ledger: no message, no cancelled request.
//
// [4] Claim, write, advance: no thief comes below a claim, so every byte is
// written exactly once.
//
// [5] As long as there has been one answer only, it waits to see what becomes of
// the other requests: where a link works once, it is the only one there will be.
// A sequential source skips to the next free bytes.
//
// [6] It resumes at the byte, not at the block: a connection that breaks before
// every block's end still gets on.
//
// [7] Failures are counted in a row, per worker, and a byte ends the row. A
// worker that fails while others get bytes keeps trying, slowly. An answer that
// brings nothing for Job.Stall has failed.
//
// [8] These bring less than a tenth of what is usual, and silence makes them
// slower. Each is left alone for five seconds first, for twice as long after each
// replacement. It is no failure if a byte came. A request that waits for its
// answer ten times longer than any other did goes the same way. If the machine
// has slept, all are given up. Nobody is given up who may be the only one.
//
// [9] The snapshot comes first, so what is written during the flush does not
// count; receiving pauses while too much waits for the disk. A failed save is
// the last one: the operating system has forgotten what it could not write.
//
// What is not promised: that a file arrives in order, or that a partial file
// has no holes. A job for a source without ranges ([Job].Plain) is one request
// from the first byte to the last, and begins again when it breaks.
package scheduler
