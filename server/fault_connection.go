package server

import (
	"maps"
)

// interims is how many 103s a flood has, of 4 KiB each.
const interims = 256

// connectionFaults are about the header as bytes, and about the connection. What ends in the middle does so at a place
// that is drawn anew each time; content of less than 1 KiB, and pages in the place of a file, do not.
func connectionFaults() []fault {
	return []fault{
		{name: "1xx-flood", says: "256 times 103 with misleading fields, 1 MiB in all, come before the answer", turn: func(_ *play, rep *reply) bool {
			rep.interim = interims
			return true
		}},
		{name: "huge-headers", says: "the header has 1 MiB", turn: func(_ *play, rep *reply) bool {
			maps.Copy(rep.header, fillers())
			return true
		}},
		{name: "huge-trailers", says: "in chunks, and a trailer of 1 MiB follows", turn: withContent(func(_ *play, rep *reply) bool {
			rep.framing, rep.trailer = chunked, true
			return true
		})},
		{name: "http09", says: "wrong bytes without a status line or a header", turn: withContent(func(_ *play, rep *reply) bool {
			rep.bare, rep.naked, rep.framing = true, true, delimited
			rep.spoil(0)
			return true
		})},
		{name: "garbage-status", says: "a status line that is none, and wrong bytes", turn: withContent(func(p *play, rep *reply) bool {
			lines := []string{"HTTP/1.1 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "ICY 200 OK", "HTTP/x.y 206 Partial Content",
				"HTTP/1.1 +206 Partial Content", "220 ftp.invalid ready"}
			rep.bare, rep.line = true, lines[p.attempt%len(lines)]
			rep.spoil(0)
			return true
		})},

		{name: "stall-header", says: "every other request is never answered", turn: func(p *play, rep *reply) bool {
			rep.mute = !p.retried()
			return rep.mute
		}},
		{name: "stall", says: "the content stops in the middle, the connection stays", turn: breaking(hanging)},
		{name: "trickle", says: "the content comes at 4 KiB/s, on every other try", turn: withContent(func(p *play, rep *reply) bool {
			rep.slow = !p.retried()
			return rep.slow
		})},
		{name: "fin-midway", says: "the connection is closed in the middle of the content", turn: breaking(fin)},
		{name: "rst-midway", says: "the connection is reset in the middle of the content", turn: breaking(reset)},
		{name: "tls-cut", says: "TLS ends without a close_notify in the middle of the content, and nothing else tells its length",
			turn: withContent(func(p *play, rep *reply) bool {
				if p.r.TLS == nil || !rep.end(p, torn) {
					return false
				}
				rep.bare, rep.framing = true, delimited
				return true
			})},
		{name: "idle-close", says: "the connection is said to stay open, and is closed when it is used again", turn: func(_ *play, rep *reply) bool {
			rep.bare, rep.rest = true, rep.framing != delimited
			return rep.rest
		}},
	}
}

// breaking ends the content badly.
func breaking(how ending) func(*play, *reply) bool {
	return withContent(func(p *play, rep *reply) bool {
		if !rep.end(p, how) {
			return false
		}
		rep.bare = rep.bare || how == reset
		return true
	})
}
