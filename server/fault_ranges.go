package server

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

const (
	headStart = 4 << 10  // how much too early an early start is, at most
	surplus   = 64 << 10 // bytes that follow a part that is too long
)

// rangeFaults answer a range with another one, or with none. Unless they say so, what they send is right for the place
// that the answer names, and for no other.
func rangeFaults() []fault {
	return []fault{
		{name: "ignore-range", says: "200 and the whole file to every range, though ranges are said to be served", ask: func(p *play) bool {
			if p.forgot {
				return false
			}
			p.forget()
			return true
		}},
		{name: "no-ranges", says: "200 and the whole file to every range, and Accept-Ranges: none",
			ask: func(p *play) bool { p.forget(); return false },
			turn: onFile(func(p *play, rep *reply) bool {
				rep.header.Set("Accept-Ranges", "none")
				return true
			})},
		{name: "forget-ranges", says: "200 and the whole file to ranges that do not begin at 0", ask: func(p *play) bool {
			if p.forgot || p.first == 0 {
				return false
			}
			p.forget()
			return true
		}},
		{name: "wrong-start", says: "206 with the beginning of the file, wherever the range begins", ask: func(p *play) bool {
			if p.forgot || p.want.off == 0 {
				return false
			}
			p.wish(span{0, p.want.len()})
			return true
		}},
		{name: "early-start", says: "206 that begins 4 KiB before the range", ask: func(p *play) bool {
			if p.forgot || p.want.off == 0 {
				return false
			}
			p.wish(span{max(0, p.want.off-headStart), p.want.end})
			return true
		}},
		{name: "short-part", says: "206 with the first half of the range, and says so", turn: onPart(func(_ *play, rep *reply) bool {
			half := span{rep.part.off, rep.part.off + rep.part.len()/2}
			if half.len() == 0 {
				return false
			}
			rep.narrow(half, rep.total)
			return true
		})},
		{name: "long-part", says: "206 with the range, and 64 KiB of wrong bytes behind it", ask: askBeyond,
			turn: onPart(func(_ *play, rep *reply) bool {
				more := min(rep.size-rep.part.len(), surplus)
				rep.keep, rep.junk = rep.part.len()+more, surplus-more
				rep.spoil(rep.part.len())
				return true
			})},
		{name: "length-disagrees", says: "206 whose Content-Length and content are half of what its Content-Range says",
			turn: onPart(func(_ *play, rep *reply) bool { return halve(rep) })},
		{name: "no-content-range", says: "206 without Content-Range, with wrong bytes", turn: onPart(func(_ *play, rep *reply) bool {
			rep.header.Del("Content-Range")
			rep.spoil(0)
			return true
		})},
		{name: "garbage-content-range", says: "206 with a Content-Range that makes no sense, with wrong bytes",
			turn: onPart(func(p *play, rep *reply) bool {
				n := strconv.FormatInt(rep.total, 10)
				values := []string{"items 0-1/" + n, "bytes 5-4/" + n, "bytes 0-" + n + "/" + n, "bytes */" + n,
					"bytes -1-5/" + n, "bytes 0x0-0x5/" + n, "bytes 0-18446744073709551616/18446744073709551617", "", "bytes"}
				rep.header.Set("Content-Range", values[p.attempt%len(values)])
				rep.spoil(0)
				return true
			})},
		{name: "star-total", says: "206 with bytes A-B/*, the length of the file unknown", turn: onPart(func(_ *play, rep *reply) bool {
			field := contentRange(rep.part, rep.total)
			if rep.header.Get("Content-Range") != field {
				return false // what another fault has made of it, with wrong bytes, is not to be put right
			}
			rep.header.Set("Content-Range", field[:len(field)-len(strconv.FormatInt(rep.total, 10))]+"*")
			return true
		})},
		{name: "multipart", says: "206 as multipart/byteranges to a single range", turn: onPart(func(p *play, rep *reply) bool {
			sum := sha256.Sum256([]byte(p.target))
			boundary := hex.EncodeToString(sum[:12]) // the same each time, so that a play can be repeated
			rep.before += "--" + boundary + "\r\nContent-Type: " + rep.header.Get("Content-Type") +
				"\r\nContent-Range: " + rep.header.Get("Content-Range") + "\r\n\r\n"
			rep.after += "\r\n--" + boundary + "--\r\n"
			rep.header.Set("Content-Type", "multipart/byteranges; boundary="+boundary)
			rep.header.Del("Content-Range")
			return true
		})},
	}
}

// halve keeps the first half of the content, and nothing behind it.
func halve(rep *reply) bool {
	if rep.part.len() < 2 {
		return false
	}
	rep.keep, rep.junk = rep.part.len()/2, 0
	return true
}

// askBeyond asks the origin for the rest of the file, to have something that comes after the range: bytes that are
// certainly wrong there can only be made of those that are right. It spoils nothing by itself.
func askBeyond(p *play) bool {
	if !p.forgot && p.upTo == 0 {
		p.upTo = p.want.end
		p.wish(span{p.want.off, open})
	}
	return false
}
