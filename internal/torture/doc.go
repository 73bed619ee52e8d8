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
//	all      one after the other
//
// A round is one download, harmed once or several times and then left to
// finish by the same command. After each harm every byte that the checkpoint
// claims is compared with what it should be; a file may have its final name
// only if it is whole; no later state may claim less than an earlier one; and
// at the end the file is compared byte for byte. Files are the patterns of
// package server, of which each byte is known from its offset.
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
