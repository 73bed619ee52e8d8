// Package check finds out what a server really does with ranges, by asking, and
// says of each answer what RFC 9110 says.
//
//	Run(url):
//		GET, without a range: the reference                    [1]
//		for each probe: ask, look, judge                       [2] [3]
//		put up with one connection after the other, and several at once
//		draw the sum: is it safe to fetch in segments, and to resume?
//
// [1] Of the reference 64 KiB are read. Every byte that another answer holds is
// compared with what is known of the file by then, wherever the two overlap.
//
// [2] A probe is a row of a table: what to ask, the rule, and a pure function
// that judges what came. Before it judges, look has found out whether the answer
// is sound in itself: its Content-Range, its length, its parts, its bytes.
//
// [3] A row fails only if the server breaks a MUST, or its bytes are wrong. What
// the RFC lets a server do is allowed, though it may be of no use to a download,
// and what it leaves out is not offered. In doubt a row is allowed, and says why.
//
// It is cheap: some sixty requests, one after the other, of which none brings
// more than a few KiB. Only to find out how many connections are served at once
// are there several, one more at a time, until one is refused.
//
// What is not promised: a server whose every answer has the same wrong bytes
// looks right, and so does one that goes wrong in the middle of a large file.
package check
