// Package source says where the bytes come from: it gets ranges of one file
// over HTTP, and believes nothing that it is told.
//
//	Open(url):
//		GET with Range: bytes=FROM-                    [1]
//		    206: the server has ranges
//		    200: it has not; the whole file is coming
//		    else: ask once more without Range, or give up
//		remember where the redirects led, how long the file is, and its
//		validators; keep the body
//
//	HTTP.Open(range):
//		if the kept body begins where the range does, hand it out  [2]
//		GET with Range, to where the redirects led
//		pass the answer through the gate               [3]
//		if the link has run out, ask the first URL anew [4]
//		hand out exactly the bytes of the range        [5]
//
// [1] The probe is the first request of the download. HEAD is never sent:
// servers refuse it, and lie in it.
//
// [2] Once, to one caller. A body nobody takes is dropped by Close.
//
// [3] The gate is one pure function, judge. It looks at the status, the content
// coding, the Content-Range, the length, the validators and the framing, in
// that order, and gives a verdict: accept, retry, shrink, reresolve, changed, no range, or
// fatal.
// No other code decides what an answer is worth.
//
// [4] A signed link may have run out. One request does it for all; the others
// come after it, and ask where it got to.
//
// [5] Bytes that come before the range are skipped, bytes that come after it
// are not read. A body that was read to its end gives its connection back; any
// other costs it.
//
// A server is let off one answer that cannot be put at an offset; after the
// second in a row ranges are given up for good. If the file has a strong
// validator and a length, scheduler.ErrSequential says so: every body is then
// read from the file's beginning, one at a time, up to what is wanted.
// Otherwise it is scheduler.ErrNoRanges, and only the whole file can be had.
//
// An answer of another version is asked for again, past the caches. It means
// scheduler.ErrChanged if the next is of another version too; if it only leaves
// out what told the versions apart, ETag and Last-Modified, after five more. If
// nothing but the entity-tag differs, it must stay the same for seven answers.
// If the known one comes back, or a third one comes, the tags mean nothing and
// are dropped; but the same bytes, up to 64 KiB, must be the same in both
// answers.
//
// A body without a length ends where its connection does. Under TLS it must end
// with a close_notify; without TLS nothing tells an end from a break, which
// HTTP.Unproven reports.
//
// And if the probe is asked to continue an earlier download, the first answer
// that would not let it, by having no range, no strong validator, a content
// coding, or a 403 or 503, is asked for once more, on a new connection.
//
// Where a request goes is decided by address, not by name. A Client looks a host
// up, checks each of its addresses and connects to one of those it has checked.
// If the first connection is to a public address, no redirect and no name that
// has moved leads to one that is not. Addresses that failed are tried last, and
// a name that cannot be looked up for a while keeps those of the last time.
// Behind a proxy it is the proxy that looks names up, so there only an address
// that stands in the URL itself is checked; and a client that Client did not
// make goes where it likes.
//
// Warm makes connections before there is a request for them, once the first one
// stands. Where they lead to is checked when a request takes one, by that
// request's rules.
//
// Every byte passes through this process. splice(2) could move them from socket
// to file without, but net/http hands out no socket, and a client of our own
// that did would lose what the bytes pass through here: the end of a body that
// TLS or a length proves, the checksum of each block, and writes that begin and
// end where blocks do. With up to eight connections it was measured to be no
// faster.
//
// A Lane is for measuring: one connection on which its owner asks for ranges
// itself, each once, with the same requests and through the same gate, but without
// the patience that downloads have with servers. It tells what a download does not
// want to know: when the first byte came, and over which connection.
//
// What a server says of the file besides its bytes is read by pure functions
// that are strict and bounded: Name and Disposition for what to call it,
// ReprDigest for what it hashes to, Mismatch for whether it is of another kind.
//
// The headers of the user go to the origin of the user's URL and no further.
// No error of this package holds a header, a password or a value of a query,
// and no server can put a control character into one.
//
// What is not promised: a server that changes the file without changing its
// length, its ETag and its Last-Modified, or never says the last two, is not
// found out here; only a digest of the whole file can do that. And a password
// with an unescaped / ? or # may make a URL of another host: that host is asked,
// and named.
package source
