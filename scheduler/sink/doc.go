// Package sink keeps what a download brings: in a [File], in [Memory], or not
// at all ([Discard]). Each is a scheduler.Sink.
//
// A File writes to NAME.part, beside it NAME.part.ck, and gives the name NAME
// only to what is complete, verified and durable:
//
//	f, err := sink.Open(path, sink.Options{URL: url}) // before any network
//	err = f.Begin(ctx, remote)                        // once the server has said what it is
//	job := &scheduler.Job{Source: src, Sink: f, Grid: f.Grid(), Done: f.Done(), Begun: f.Begun()}
//	if err = job.Run(ctx); err == nil {
//		err = f.Commit(func(file *io.SectionReader) error { return digest.Check(file) })
//	}
//	err = errors.Join(err, f.Close())
//
// NAME.part.ck holds two slots, each a segment.Checkpoint, written in turn and
// in place. The order is always the same, and all that matters:
//
//	Begin   lock ck; part: create, allocate; ck: both slots, fsync; fsync part, folder
//	Save    fdatasync part; ck: the older slot; fdatasync ck
//	Commit  Save, marked complete; verify; fsync part; part to NAME; fsync folder;
//	        remove ck; fsync folder
//
// A file of one block (up to 1 MiB) that begins anew is shorter-lived than its
// checkpoint would be. On Linux, where the file system can, it has neither name
// nor checkpoint nor lock until it is whole, and a crash leaves nothing of it:
//
//	Open    part: create without a name (O_TMPFILE)
//	Save    nothing, if all of it is written; else Begin and Save as above
//	Commit  verify; fsync part; part gets NAME; fsync folder
//
// Of two processes that fetch such a file at once, the second finds the name
// taken. Strict and Overwrite take the long way.
//
// So a slot claims only bytes that were durable before it was written, and a
// torn slot leaves the other one. It claims whole blocks and the beginnings of
// others, each with its CRC-32C, so a crash at any instant costs what came since
// the last Save. The lock on ck is advisory and ends with the process.
//
// After a sync has failed nothing is known about what reached the disk, and a
// second one that succeeds means nothing (fsync(2), ERRORS). A File then never
// syncs again and never claims more; the next run goes on from the last slot.
//
// Options.Durability says how much of that is done. Under Normal, all of it.
// Strict adds one step to Commit, between Save and verify: it has the system drop
// its memory of the part (posix_fadvise(2); Linux only, elsewhere what is read
// may come from memory), reads every block and compares its CRC-32C. A block that
// differs is an error that wraps scheduler.ErrSink, and is not claimed any more.
// A plain job, which has no blocks, is compared as a whole. Relaxed leaves out
// every sync and keeps the order. The page cache outlives the process, so kill -9
// costs no more than under Normal; a power cut may cost everything, and the file
// may have its name and be wrong. Such a checkpoint is marked: the next run reads
// back all that it claims.
//
// Options.VerifyResume says how much of what the last slot claims is read back
// before a run goes on with it.
//
// What it does not promise: that the disk honours a flush, and that nobody else
// writes to NAME.part meanwhile. Each Save does notice if part or checkpoint was
// moved or deleted, or if the part is shorter than it should be; where disk space
// was reserved, on ext4 and XFS, also if it was cut and made longer again.
package sink
