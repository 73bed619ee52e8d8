package main

import (
	"cmp"
	"slices"
	"time"
)

// table is every mutant. A row names what is forgotten; its text is as short as
// it can be and still stand there once.
func table() []mutant {
	return slices.Concat(sinkMutants(), checkpointMutants(), gateMutants(), engineMutants(), digestMutants())
}

const (
	crashes = "^TestSim$"       // the power goes at every operation
	faults  = "^TestSimFaults$" // every operation fails
)

// What the sink must do, in which order.
func sinkMutants() []mutant {
	save, slots := "scheduler/sink/save.go", "scheduler/sink/slots.go"
	begin, commit := "scheduler/sink/begin.go", "scheduler/sink/commit.go"
	nameless := "scheduler/sink/nameless.go"
	write, resume := "scheduler/sink/write.go", "scheduler/sink/resume.go"
	rows := []mutant{
		{name: "no data sync", file: save, tests: crashes,
			old: "if err := f.data.datasync(); err != nil {\n\t\treturn f.fail(f.part, err)\n\t}\n", new: ""},
		{name: "no slot sync", file: slots, tests: crashes,
			old: "if err := s.file.datasync(); err != nil {\n\t\treturn err\n\t}\n", new: ""},
		{name: "slots truncated and written in place", file: slots, tests: crashes,
			old: "if _, err := writeFull(s.file, p, int64(c.Generation%2)*s.size); err != nil {",
			new: "_ = s.file.truncate(0)\n\tif _, err := writeFull(s.file, append(p, p...), 0); err != nil {"},
		{name: "both slots at one place", file: slots, tests: crashes,
			old: "int64(c.Generation%2)*s.size", new: "0*s.size"},
		{name: "snapshot after the sync", file: save, tests: crashes,
			old: `	c, err := f.snapshot(done)
	if err != nil {
		return err
	}
	st, err := f.present()
	if err != nil {
		return f.fail(f.part, err)
	}
	if err := f.data.datasync(); err != nil {
		return f.fail(f.part, err)
	}
`, new: `	st, err := f.present()
	if err != nil {
		return f.fail(f.part, err)
	}
	if err := f.data.datasync(); err != nil {
		return f.fail(f.part, err)
	}
	c, err := f.snapshot(done)
	if err != nil {
		return err
	}
`},
		{name: "old claims cleared without a sync", file: slots, tests: crashes,
			old: "return err\n\t}\n\treturn s.file.sync()\n}\n\n// empty", new: "return err\n\t}\n\treturn nil\n}\n\n// empty"},
		{name: "folder not synced after the part is made", file: begin, tests: crashes,
			old: "return f.disk.syncDir(filepath.Dir(f.path))\n}\n\n// abandon", new: "return nil\n}\n\n// abandon"},
		{name: "folder not synced before the part is made", file: begin, tests: crashes,
			old: "if err := f.disk.syncDir(filepath.Dir(f.path)); err != nil {\n\t\treturn err\n\t}\n\tf.partial = false", new: "f.partial = false"},
		{name: "folder not synced before a small part is named", file: nameless, tests: crashes,
			old: "if err := f.disk.syncDir(filepath.Dir(f.path)); err != nil {\n\t\treturn err", new: "if err := error(nil); err != nil {\n\t\treturn err"},
		{name: "folder not synced after a small file is named", file: nameless, tests: crashes,
			old: "if err := f.disk.syncDir(filepath.Dir(f.path)); err != nil {\n\t\t// No", new: "if err := error(nil); err != nil {\n\t\t// No"},
		{name: "a rejected small file not synced", file: nameless, tests: crashes,
			old: "f.data.hide(), f.data.sync()", new: "f.data.hide()"},
		{name: "the beginning of a small file is not kept", file: nameless, tests: "^TestNamelessKept$",
			old: "|| len(f.begun) == 0", new: "|| true"},
		{name: "a small part is for everyone", file: nameless, tests: "^TestNamelessKept$",
			old: "if err := f.data.hide(); err != nil {", new: "if err := error(nil); err != nil {"},
		{name: "another's part of a small file gone on with", file: nameless, tests: "^TestNamelessTwice$",
			old: "if f.found != nil || f.partial || f.finished {", new: "if false {"},
		{name: "folder not synced before the checkpoint goes", file: commit, tests: crashes,
			old: "if err := f.disk.syncDir(dir); err != nil {\n\t\treturn f.fail(path, err)\n\t}\n\tf.closed = true", new: "f.closed = true"},
		{name: "folder not synced at the end", file: commit, tests: crashes,
			old: "if err := f.disk.syncDir(dir); err != nil {\n\t\treturn f.fail(path, err)\n\t}\n\treturn nil", new: "return nil"},
		{name: "part not synced before it gets its name", file: commit, tests: crashes,
			old: "if err := f.data.sync(); err != nil {\n\t\treturn f.fail(f.part, err)\n\t}\n", new: ""},
		{name: "an existing file is replaced", file: commit, tests: crashes,
			old: "move := f.disk.renameNew", new: "move := f.disk.rename"},
		{name: "a half-done rename is not finished", file: "scheduler/sink/open.go", tests: crashes,
			old: "if partial && part.links > 1 {", new: "if false && partial {"},
		{name: "block done before its last byte", file: write, tests: crashes,
			old: "case end < block.End:", new: "case end < block.End-600:"},
		{name: "claims what was not written", file: save, tests: "^TestMisuse$",
			old: "if done.Has(i) && !f.written.Has(i) {", new: "if false && done.Has(i) {"},

		{name: "data sync's error ignored", file: save, tests: faults,
			old: "if err := f.data.datasync(); err != nil {", new: "if err := f.data.datasync(); false && err != nil {"},
		{name: "data sync tried again", file: save, tests: faults,
			old: "if err := f.data.datasync(); err != nil {",
			new: "if f.data.datasync() == nil {\n\t} else if err := f.data.datasync(); err != nil {"},
		{name: "slot sync's error ignored", file: slots, tests: faults,
			old: "if err := s.file.datasync(); err != nil {", new: "if err := s.file.datasync(); false && err != nil {"},
		{name: "saves again after a failed sync", file: save, tests: "^TestPoison$",
			old: "case f.poison != nil:", new: "case false:"},
		{name: "close's error ignored", file: commit, tests: faults,
			old: "if err := f.closeData(); err != nil {\n\t\treturn f.fail(f.part, err)\n\t}\n", new: "_ = f.closeData()\n"},
		{name: "short write taken for a whole one", file: write, tests: faults,
			old: "if err == nil && n < len(part) {", new: "if false {"},
		{name: "a block that failed counts as written", file: write, tests: "^TestFailedWrite$",
			old: "case err != nil: // what was there", new: "case false: // what was there"},

		{name: "beginnings of blocks believed", file: resume, tests: "^TestHeadDamaged$",
			old: "return differing(ctx, data, c.Grid, all)\n\t}\n\tsome", new: "return differing(ctx, data, c.Grid, blocks)\n\t}\n\tsome"},
		{name: "part that was touched believed", file: resume, tests: "^TestCheckSamples$",
			old: "c.Clean && st.modified != c.Part.Modified", new: "false"},
		{name: "a lone slot believed", file: resume, tests: "^TestVerifyResume$",
			old: " || older == nil\n", new: "\n"},
		{name: "a relaxed checkpoint believed", file: resume, tests: "^(TestVerifyResume|TestSim)$",
			old: " || c.Relaxed", new: ""},
		{name: "a finished file believed", file: commit, tests: "^TestFinished$",
			old: "if !st.resembles(f.found.Part) || len(bad) > 0 {", new: "if false && len(bad) > 0 {"},
		{name: "part gone and nobody looks", file: save, tests: "^TestPartDisturbed$",
			old: "if err == nil && (st.links == 0", new: "if false && (st.links == 0"},
		{name: "strict reads from memory", file: "scheduler/sink/durability.go", tests: "^TestStrict$",
			old: "if err := f.data.uncache(); err != nil {\n\t\treturn writing(f.part, err)\n\t}\n", new: ""},
		{name: "memory keeps what strict reads", file: "scheduler/sink/disk_linux.go", tests: "^TestUncache$",
			old: "unix.FADV_DONTNEED", new: "unix.FADV_NORMAL"},
		{name: "somebody else's part replaced", file: "scheduler/sink/open.go", tests: "^TestForeignPartInTheMeantime$",
			old: "if partial && f.fresh && size == 0 {", new: "if false {"},
		{name: "symbolic links followed", file: "scheduler/sink/disk.go", tests: "^TestNoFollow$",
			old: "flag|noFollow", new: "flag"},
		{name: "second process let in", file: "scheduler/sink/lock_flock.go", tests: "^TestLock$",
			old: "unix.EWOULDBLOCK):\n\t\t\treturn errBusy", new: "unix.EWOULDBLOCK):\n\t\t\treturn nil"},
		{name: "a lock on a file that is gone", file: "scheduler/sink/lock_flock.go", tests: "^TestLockRace$",
			old: "err != nil || mine.links == 0 || !mine.same(there)", new: "err != nil && mine.same(there)"},
		{name: "a part that cannot be written found late", file: "scheduler/sink/open.go", tests: "^TestNoPermission$",
			old: "return f.writable(part)", new: "return part.trusted(f.part)"},
		{name: "a full disk keeps what fallocate took", file: begin, tests: "^TestFullAtBegin$",
			old: "_ = data.truncate(0)\n", new: ""},
	}
	for i := range rows {
		rows[i].in = "./scheduler/sink"
	}
	return rows
}

// What a checkpoint must not be believed.
func checkpointMutants() []mutant {
	checkpoint := "segment/checkpoint.go"
	return []mutant{
		{name: "slot's CRC unchecked", file: checkpoint, in: "./scheduler/sink", tests: crashes,
			old: "case le.Uint32(p[len(p)-4:]) != crc32.Checksum(p[:len(p)-4], Castagnoli):", new: "case false:"},
		{name: "the older slot wins", file: checkpoint, in: "./segment", tests: "^TestNewest$", rapid: true,
			old: "case a.Generation > b.Generation:", new: "case a.Generation < b.Generation:"},
		{name: "a newer format taken for damage", file: checkpoint, in: "./segment", tests: "^TestNewest$", rapid: true,
			old: "case errors.Is(errB, ErrVersion):", new: "case false:"},
		{name: "a block past the last accepted", file: checkpoint, in: "./segment", tests: ".", rapid: true,
			old: "if !done.read(p) {", new: "if !done.read(p) && false {"},
	}
}

// What the gate must refuse.
func gateMutants() []mutant {
	content, version := "scheduler/source/content.go", "scheduler/source/version.go"
	rows := []mutant{
		{name: "Content-Range's start unchecked", file: content,
			old: "case span.Off > q.r.Off || ", new: "case "},
		{name: "validator of a 206 unchecked", file: content,
			old: "fickle, refused := q.judgeIdentity(known.id, id)\n\tif refused != nil {\n\t\treturn *refused\n\t}\n\tif a.length",
			new: "fickle, refused := q.judgeIdentity(known.id, id)\n\tif refused != nil && false {\n\t\treturn *refused\n\t}\n\tif a.length"},
		{name: "validator of a 200 unchecked", file: content,
			old: "fickle, refused := q.judgeIdentity(known.id, id)\n\tif refused != nil {\n\t\treturn *refused\n\t}\n\tend :=",
			new: "fickle, refused := q.judgeIdentity(known.id, id)\n\tif refused != nil && false {\n\t\treturn *refused\n\t}\n\tend :="},
		{name: "a 200 written at an offset", file: content,
			old: "\t\tv.skip = q.r.Off\n", new: ""},
		{name: "a 200 taken for a range", file: content,
			old: "if q.ranged && !q.probe && !q.stream && q.r.Off > 0 {", new: "if false {"},
		{name: "a coded part accepted", file: content,
			old: "if coding := coding(a.header); coding != \"\" {\n\t\treturn q.encoded(coding)\n\t}\n", new: ""},
		{name: "a missing validator is a good one", file: version,
			old: "case !known.Conflicts(id) && vouched(known, id):", new: "case !known.Conflicts(id):"},
		{name: "another entity-tag is never a change", file: version,
			old: "case onlyTag && len(q.tags) < maxTags:", new: "case onlyTag:"},
		{name: "two versions by turns joined", file: "scheduler/source/fetch.go",
			old: "if err == nil && !agree(mine, other) {", new: "if err == nil && !agree(mine, other) && false {"},
		{name: "bytes beyond the range handed out", file: "scheduler/source/body.go",
			old: "func (b *body) limit(r segment.Range) { b.end = min(b.end, r.End) }", new: "func (b *body) limit(r segment.Range) {}"},
		{name: "a broken body is a whole one", file: "scheduler/source/body.go",
			old: "return n, &netError{host: b.host, err: io.ErrUnexpectedEOF}", new: "return n, io.EOF"},
	}
	for i := range rows {
		rows[i].in, rows[i].tests = "./scheduler/source", "."
	}
	return rows
}

// What the engine must keep.
func engineMutants() []mutant {
	ledger := "scheduler/ledger.go"
	rows := []mutant{
		{name: "block done before its last byte, in the ledger", file: ledger,
			old: "if past == b.grid.Range(i).End {", new: "if past > b.grid.Range(i).Off {"},
		{name: "claim beyond the lease", file: ledger, tests: "TestLeases",
			old: "n = int(min(int64(n), l.end-l.off))", new: "n = int(min(int64(n), b.grid.Size-l.off))"},
		{name: "a changed file asked for again", file: "scheduler/patience.go",
			old: "errors.Is(a.err, ErrChanged), ", new: ""},
		{name: "a failed save is followed by another", file: "scheduler/run.go",
			old: "\tcase tended != nil:\n\t\treturn tended\n", new: ""},
		{name: "the snapshot after the save", file: "scheduler/tend.go",
			old: "j.ledger.saved(written)", new: "_, written = j.ledger.snapshot()\n\tj.ledger.saved(written)"},
		{name: "Retry-After is for one only", file: "scheduler/patience.go",
			old: "p.job.Host.set(wait)", new: "_ = wait"},
		{name: "the only answer is dropped", file: "scheduler/follow.go",
			old: "only := b.answers < 2 && b.awaited(l)", new: "only := false"},
		{name: "what is lent is called written", file: ledger,
			old: "end = min(end, l.off)", new: "_ = end"},
		{name: "a refused request keeps its place", file: "scheduler/host.go",
			old: "if err != nil {\n\t\t\th.Leave()\n\t\t}", new: ""},
		{name: "Retry-After of the first request is for one only", file: "scheduler/host.go",
			old: "h.set(e.Wait)", new: "_ = e.Wait"},
		{name: "a lease that was relieved keeps its bytes", file: "scheduler/lend.go", tests: "TestLeases",
			old: "slowest.end = slowest.off\n", new: ""},
		{name: "what is being written is taken over", file: ledger, tests: "TestLeases",
			old: "return l.claim > l.off || l.paused", new: "return l.paused"},
		{name: "what fewer requests leave is lost", file: "scheduler/steer.go",
			old: "b.release(segment.Range{Off: end, End: l.end})\n", new: "_ = segment.Range{}\n"},
	}
	for i := range rows {
		rows[i].in, rows[i].tests, rows[i].rapid = "./scheduler", cmp.Or(rows[i].tests, "."), true
		rows[i].wait = 40 * time.Second // time is virtual there: who still runs then, hangs
	}
	return rows
}

// What the server must not say of a file.
func digestMutants() []mutant {
	hashing := "server/hashing.go"
	rows := []mutant{
		{name: "a file is not looked at after it was hashed", file: hashing, tests: "TestFileChanges|TestKnown",
			old: "\t\tif !job.version.is(f) {\n\t\t\treturn errChanged\n\t\t}\n\t\tif off >=", new: "\t\tif off >="},
		{name: "a file that may change unnoticed is hashed", file: hashing, tests: "TestFresh",
			old: "if v.unsettled(d.now()) > 0 || ", new: "if "},
		{name: "a file is told from others by size and time", file: "server/digest.go", tests: "TestFileChanges|TestKnown",
			old: "return version{node, fi.Size()", new: "node = inode{}\n\treturn version{node, fi.Size()"},
		{name: "every segment has the file hashed", file: hashing, tests: "TestOneHashing",
			old: "\tjob := d.jobs[v]\n\tif job == nil {", new: "\tvar job *hashing\n\tif job == nil {"},
		{name: "the server does not wait for the hashing", file: "server/serve.go", tests: "TestHashingEndsWithServer",
			old: "\t<-ended\n\terrands.Wait()\n", new: "\t<-ended\n"},
		{name: "the hashing goes on when the server stops", file: hashing, tests: "TestHashingEnds",
			old: "if stop.Err() != nil || d.isClosed() {\n\t\treturn errStopped", new: "if d.isClosed() {\n\t\treturn errStopped"},
	}
	for i := range rows {
		rows[i].in, rows[i].rapid = "./server", true
	}
	return rows
}
