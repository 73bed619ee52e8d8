// Command torture puts the promise of braid, never a wrong file, to the proof:
// it runs the real program against an origin of its own, ill-treats it, and
// looks at what it left with eyes of its own.
//
//	go run ./internal/torture [MODE] [-rounds N] [-seed S]
//
// The modes:
//
//	kill     SIGKILL, at random instants and at named system calls
//	power    the power fails under a file system (Linux, root)
//	eio      the disk fails under a running download (Linux, root)
//	stall    connections die without a word
//	manners  the server refuses, and may say when to come back
//	faults   the server misbehaves: every fault of server.Faults, then mixes of them
//	all      one after the other
//	soak     braid serve under all kinds of clients, for half an hour or as long as -for says (Linux); no part of all
//	attacks  braid serve under clients that take too much, for a minute (Linux); no part of all
//
// In kill, power and eio a round is one download, harmed once or several times and then left to
// finish by the same command. After each harm every byte that the checkpoint
// claims is compared with what it should be; a file may have its final name
// only if it is whole; no later state may claim less than an earlier one; and
// at the end the file is compared byte for byte. Files are the patterns of
// package server, of which each byte is known from its offset.
//
// stall and manners measure: how long the bytes that a dead connection owed take
// to come over another one, and what a client that was refused asks for next. A
// request counts as asked again if it begins in bytes that were refused and have
// not come since; as too early if it comes before the time that a Retry-After
// named, and not within 50 ms of the refusal.
//
// In faults the first rounds play each fault by itself, in every request, in
// three of ten, and in every request of a run that goes on with an interrupted
// one; all others play mixes. A fault has a list of exit codes that may come of
// it; any other is a violation, and so are exit status 0 with wrong bytes, a
// final name with any other status, a run that neither ends nor listens to
// SIGINT, and a failure after which the same command does not end well on a good
// origin. A file that came without a length, over a connection that was closed,
// may be short if braid has said that it does not know.
//
// In soak the program is braid serve, as a process of its own. Clients ask it for whole files, ranges of all
// kinds, pages and things that are not there, on kept connections and fresh ones; some read slowly, and a third break off: after
// connecting, within the request, before the answer, within its header or its content, by FIN or by RST. Every
// byte that comes is compared with what it should be. All the while the process is looked at from outside. It leaks
// descriptors if, after the last client, it does not come back to exactly as many as before the first; memory if the
// median of its resident size in the last third is above that in the middle third by more than 8 MiB and the
// middle third's interquartile range; and goroutines if, at the end, it has more than a fresh one has after
// being asked for one of everything, as both say when they are told to quit by SIGQUIT.
//
// In attacks a round is one attack on a braid serve of its own: huge and hostile Range fields, slow readers, slow headers
// and bodies, pipelines, connections that come and go, 10,000 that idle, and a crowd that takes all the room there is. A
// client that behaves fetches ranges of 1 MiB before and during it, on one connection, and compares every byte; the
// times it takes, and the server's CPU seconds and resident memory, are printed. It has an address of its own. It is a violation if that client is
// refused or gets a wrong byte, or if the server takes more than 160 MiB. The attackers run on the same machine: a part of what
// they cost is their own work.
//
// The verifier decodes checkpoints by the comment in segment/checkpoint.go and
// shares no code with what it verifies; of our packages only server is
// imported.
//
// The exit status is 0 if nothing was violated, 1 if something was, and 2 if
// the torture itself could not be carried out. A violation names its seed and
// round and keeps the round's folder. The same seed and round plan the same
// download and the same harm; how the instants fall is up to the machine.
package main
