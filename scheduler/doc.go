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
//	        take a lease: the next free bytes, in file order; [1]
//	            if none are free, the tail of the lease that would end last; [2]
//	            if there is none worth stealing, wait
//	        ask the source for its range
//	        until the lease is fulfilled or the answer ends
//	            gather up to a megabyte, never beyond a block's end
//	            claim it in the ledger, which says how much is still ours [3]
//	            write it to the sink
//	            tell the ledger, which says where the lease ends by now
//	        give the lease back: what was not written is free again [4]
//	        if the answer failed, wait; if waiting cannot help, end the job [5]
//	meanwhile, every second or every 64 MiB:
//	    take a snapshot of what is written: whole blocks and beginnings of
//	    blocks, then let the sink make it durable [6]
//
// [1] A lease is what a worker gets through in four seconds, or in half the
// time that the whole rest needs, so leases shrink towards the end. The first
// is a fair share of the file: its answer is already on its way.
//
// [2] The thief takes as much as lets both end together, on a block's border,
// and never the block that the victim is in. The victim is told by the next
// answer of the ledger: no message, no cancelled request.
//
// [3] Claim, write, advance: no thief comes below a claim, so every byte is
// written exactly once.
//
// [4] It resumes at the byte, not at the block: a connection that breaks before
// every block's end still gets on.
//
// [5] Failures are counted in a row, per worker, and a byte ends the row. A
// worker that is refused while others get bytes keeps trying, slowly. An
// answer that brings nothing for Job.Stall has failed.
//
// [6] The snapshot comes first, so what is written during the flush does not
// count; receiving pauses while too much waits for the disk. A failed save is
// the last one: the operating system has forgotten what it could not write.
//
// What is not promised: that a file arrives in order, or that a partial file
// has no holes. A job for a source without ranges ([Job].Plain) is one request
// from the first byte to the last, and begins again when it breaks.
package scheduler
