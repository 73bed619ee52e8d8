// Package server is an origin: it serves the files of a folder, and computed ones of any size, to clients that fetch
// them in ranges, many at a time, and put the parts together again.
//
// # Putting one together
//
// [Run] serves what [Options] say until a context ends:
//
//	ln, err := net.Listen("tcp", "127.0.0.1:8080")
//	…
//	err = server.Run(ctx, ln, server.Options{Root: "/srv/images", Pattern: true})
//
// It is [New], which makes a handler, and [Serve], which runs one; whoever wants something around the handler, or a
// server of their own, calls them one by one. What the origin then answers to:
//
//	/PATH            the file at PATH in the root, with a media type by its extension
//	/PATH/           a folder: a page, or JSON for Accept: application/json
//	/PATH.sha256     the digest of the file at PATH, as sha256sum prints it, if there is no file of that name
//	/PATH/SHA256SUMS those of the files in the folder, likewise
//	/transfer/PATH   the same file as a download, to be saved under its name
//	/pattern/SIZE    SIZE bytes computed from their offset; ?seed=N gives others
//
// The methods are GET, HEAD and OPTIONS.
//
// # What is served
//
// [Options].Root is a folder, [Options].FS any [fs.FS] whose files are [io.Seeker]s, and [Options].Roots are several of
// either, and single files, each under a name of its own:
//
//	/               lists them by their names
//	/NAME/PATH      the file at PATH in the folder or file system called NAME
//	/NAME           the file called NAME
//
// Nothing outside a root is served, by whatever spelling or link, and nothing whose path has a segment beginning with
// a dot. Pipes, devices and sockets are not found, and not touched. Symbolic links are followed as long as they stay
// inside and are relative; the path of a root may itself be one. A link to a single file is followed when New is called,
// once: later it cannot be turned to another file of the machine. With an FS, what lies outside it is up to the FS:
// [os.DirFS] follows every link.
//
// While [Serve] runs an origin of New's it looks after the roots that have a path. One that is replaced, by a rename or
// by a link that was turned, is served anew for new requests within a second, and transfers from the old one go on. One
// that is gone for half a second, removed or unmounted, ends Serve with [ErrGone], after the grace period. In another
// server nobody looks: the folder that was there at New is served for ever.
//
// A file that has grown while it was sent is sent as far as it was announced, if its tag was weak, as that of a log is; one
// that was changed in any other way is not completed; one that was replaced is sent to the end of its old version.
//
// # Under a prefix
//
// The handler of New goes under any prefix that is taken off the path before it, as by [http.StripPrefix]. Its links and
// redirects are relative; a request for the prefix without its slash is redirected to the one with it. A proxy in front
// may take a prefix off too, if it sends "/PREFIX" on to "/PREFIX/" itself.
//
// # Media types and downloads
//
// A file has its media type by its extension, the text ones in UTF-8, and nosniff keeps browsers from guessing another.
// So HTML and SVG are shown, with their scripts, as pages of this very origin: they can read all else that it serves, and
// whatever the browser keeps for its host name. Files that others may have written belong on a host name where nothing
// else is, or behind links to /transfer/, under which everything is application/octet-stream, and is saved under its name
// (RFC 6266, RFC 8187) and never shown.
//
// # Stored compressed
//
// With [Options].Precompressed a GET or HEAD of FILE whose Accept-Encoding prefers zstd, br or gzip is answered with
// FILE.zst, FILE.br or FILE.gz, if that is no older than FILE (RFC 9110, section 12.5.3; of equals the first of the
// three). Nothing is ever compressed here. Such an answer has the Content-Encoding, the type of FILE, its own tag, length
// and Repr-Digest, and no Last-Modified, because a date could mean both; its ranges count the bytes as they are stored.
// Everything that could be answered so says Vary: Accept-Encoding.
//
// A download that goes on must get what it began with. So a request with a Range is answered from FILE itself, unless its
// If-Range or If-Match names, by its strong tag, one of the others that Accept-Encoding allows; so is one with an
// If-Match. Of what is stored compressed, several ranges at once are not served but the whole; and /transfer/ knows
// nothing of all this. To whoever forbids even "identity" FILE is sent rather than 406.
//
// # What a client can rely on
//
// Ranges and preconditions follow RFC 9110, sections 13 and 14, to the letter, for files and the pattern alike. Where
// the RFC leaves a choice: a Range field that breaks the grammar, repeats, exceeds 1 KiB or 16 ranges, or asks for more
// bytes than there are is ignored, as it is on HEAD and for an empty file; two ranges that overlap are sent as one, more
// are ignored; several lines of a conditional field are one list; and an If-Range that holds beside a range that cannot
// be satisfied gives 416.
//
// A strong ETag is a promise about the bytes. A file has one when its last change is two seconds old and the system tells
// its inode and time of change, as Linux and macOS do; otherwise its tag is weak, and If-Range with it gives the whole
// file. An embedded file always has one, made of its content; a file of any other FS has a weak one, of its size and
// time, or none without a time. A response under a strong tag is never completed once its file has changed: the
// connection is closed with bytes missing. Under a weak tag the same holds, except that a file that has only grown is
// sent as far as it was announced.
//
// # What a folder shows
//
// The page of a folder needs no script and loads nothing. It is sorted by its links, filtered by its form, and shows 1,000
// entries; a folder of up to 131,072 is listed. The page of a file, /PATH/?file=NAME, has commands to fetch it with, quoted
// so that no name can do anything in a shell or to a terminal. The same query works for JSON, which has 10,000 entries at
// most:
//
//	?sort=size, ?sort=date   instead of by name; folders come first, and names are compared by their bytes
//	?order=desc              the other way round
//	?q=TEXT                  those whose name contains TEXT, whatever the case
//	?from=N                  without the first N
//
//	{"path": "/images/", "total": 10001, "entries": [{"name": "a.iso", "size": 5, "modified": "2026-01-02T15:04:05Z"}, …],
//	 "next": "./?from=10000"}
//
// A folder within has "dir": true and the size 0, a file whose digest is known has it as "sha256", in hex. While there
// is a "next", a link relative to the folder, it leads on. A listing of 1,000 entries or more may be a second old, but
// not lack a name that the folder's own time tells of.
//
// # Digests
//
// A response with bytes of a file, and that to a HEAD, says in Repr-Digest (RFC 9530) what the whole file hashes to by
// SHA-256, as soon as that is known: the first request for a version of a file has it hashed in the background, and none
// waits for it. A digest is of the very version whose bytes are sent. It is left out for clients that say
// "Want-Repr-Digest: sha-256=0".
//
// At /PATH.sha256 and /PATH/SHA256SUMS there is the same for people, in the form that "sha256sum -c" reads. These
// requests do wait: for the file to be unchanged for two seconds, for its hashing, which comes before others and faster,
// but no more than 25 s. Then the answer is 503 with a Retry-After, and the hashing goes on. SHA256SUMS lists the files
// of a folder that could be downloaded from it, by name, and not those of folders below; it is not found in a folder of
// more than 1024 files, nor with [Options].NoListing.
//
// One file is hashed at a time, and one more while somebody waits; 1024 can be queued, and the digests of the 4096 used
// last are remembered, in about a megabyte. In the background a hashing rests three times as long as it works, so that
// it takes no more than a quarter of a processor. It reads through the page cache, as transfers do; what is asked for
// with a HEAD or a short range only is read whole for it. [Options].NoDigest switches all of it off.
//
// # Misbehaving on purpose
//
// [Options].Rogue makes the origin go wrong in ways that origins, caches and networks do: [Faults] lists them by name,
// and [Rogue] says how they are drawn and mixed. It is there for the authors of clients. Whoever asks for it with
// Rogue.Query may be met with any of them, alone or together, at an address such as
//
//	/pattern/64M?fault=wrong-start,rst-midway&p=0.1&fault-seed=7
//
// Another version of a file has other bytes throughout, and so has all that is sent in a place it does not belong to:
// a client that believes what it should not gets a file whose checksum is wrong, never one that is right by accident.
// Displaced bytes are those of another place, so this takes a file in which no two places are alike, as the pattern is.
// [Access].Faults says what was played.
//
// Without a fault nothing of this is in the way of a response. A response with faults goes out through this process,
// without sendfile; where the fault is no HTTP, net/http gives the connection up, and [Serve] still waits for it.
//
// # What it costs
//
// The bytes of a file go from the page cache to the connection by sendfile, wherever the system has it: the *os.File
// reaches the connection through nothing but an [io.LimitedReader], also when accesses are logged, latency is added or
// several ranges are asked for. It is lost with a rate per connection, with TLS, and with any wrapper around the handler
// whose ResponseWriter has no ReadFrom and no Unwrap. The pattern reads no disk; memory per response is one buffer.
//
// # How it protects itself
//
// [Serve] bounds what clients can take of the machine: see [Limits]. A connection that waits for a request, for its first
// or for another, costs about 4 KiB; with TLS more. A request with a body is answered and the connection closed, because
// nothing here reads one.
//
// A response may take any time as long as the client takes something: it is dropped after 30 s in which it has taken
// nothing, or less than it must. In a server that is not Serve's, the handler sees to it with deadlines: every 4 MiB must
// go out at 8 KiB/s or more, which needs Unwrap.
//
// # Who may fetch, and how
//
// [Options].TLS takes any [crypto/tls] configuration. [LoadKeyPair] makes one of files that may be renewed while they are
// used, [SelfSigned] a certificate on the spot, whose [Fingerprint] or [Pin] the client must be told by another way:
//
//	pair, err := server.LoadKeyPair("fullchain.pem", "privkey.pem", warn)
//	…
//	o.TLS = pair.Config()
//
// With [Options].Users, which [LoadUsers] reads from a file of htpasswd -B, nothing is told to whoever has no password, not
// even what is not there: 401. A password is checked once, then remembered until it changes; checks take little of the
// machine, and whoever guesses is told to come later: 429 or 503, with Retry-After. So that scripts of other sites may fetch, as
// a page that plays or unpacks what is here, there is [Options].CORS.
//
// # Who is fetching
//
// [Options].Log is given an [Access] for each request, which can write itself as a line: of the Common Log Format, the
// combined one, or JSON. [Options].Counts counts connections, for a gauge. [Options].Health is a path that says whether all is
// well, as [Check] does within the program.
//
// # What it does not promise
//
//   - Whoever can reach it is answered, unless [Options].Users say otherwise. Listen on a loopback address until they do.
//   - No compression as it goes: offsets count the bytes as stored.
//   - The digest of a file is not sent before it is known, nor ever on a system that tells no inodes; that of a pattern
//     is sent up to 16 MiB. Digests are not kept from one run to the next.
//   - A change of a file while it is sent is noticed by its size and modification time. One that puts the time back, or
//     is made through a memory map, whose times the system updates late, changes the tag but can still be sent mixed; so
//     can bytes that are overwritten when the kernel has them and the client has not.
//   - Tags of one file differ between machines, for they are made from the inode.
package server
