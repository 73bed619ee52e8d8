package server

// bodyFaults are about the content and how the client is to know its end.
func bodyFaults() []fault {
	return []fault{
		{name: "gzip", says: "the content is compressed, though nobody asked for it", turn: withContent(func(_ *play, rep *reply) bool {
			rep.gzip = true
			rep.header.Set("Content-Encoding", "gzip")
			return true
		})},
		{name: "chunked", says: "there is no Content-Length, but chunks", turn: withContent(func(_ *play, rep *reply) bool {
			rep.framing = chunked
			return true
		})},
		{name: "length-and-chunked", says: "there are chunks and a Content-Length, which is half of what they hold",
			turn: withContent(func(_ *play, rep *reply) bool {
				rep.framing, rep.bare, rep.claim = both, true, max(0, rep.length())/2
				return true
			})},
		{name: "close-delimited", says: "there is neither a Content-Length nor chunks; the content ends where the connection does",
			turn: withContent(func(_ *play, rep *reply) bool {
				rep.framing = delimited
				return true
			})},
		{name: "close-delimited-cut", says: "the same, but the connection ends too early", turn: withContent(func(p *play, rep *reply) bool {
			if !rep.end(p, fin) {
				return false
			}
			rep.framing = delimited
			return true
		})},
		{name: "endless", says: "in chunks, and wrong bytes follow the right ones for ever", ask: askBeyond,
			turn: withContent(func(_ *play, rep *reply) bool {
				if rep.file {
					rep.spoil(rep.part.len())
				}
				rep.keep, rep.junk, rep.framing = -1, -1, chunked
				return true
			})},
	}
}

// withContent keeps a turn to answers to GET that have content, which redirects and most errors have too.
func withContent(turn func(*play, *reply) bool) func(*play, *reply) bool {
	return func(p *play, rep *reply) bool {
		return rep.status >= 200 && rep.status != 204 && rep.status != 304 && turn(p, rep)
	}
}
