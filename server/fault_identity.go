package server

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	apart    = time.Hour           // between two versions of a file
	skew     = 24 * time.Hour      // between this clock and the right one
	cacheAge = 30 * 24 * time.Hour // of what a stale cache has
)

// identityFaults are about which version of the file an answer is of. Those that have another version have other bytes,
// all of them; those that only say something else have the same bytes.
func identityFaults() []fault {
	return []fault{
		{name: "total-changes", says: "from the second request for a file on it is shorter by a byte, and all its bytes are others",
			turn: onFile(func(p *play, rep *reply) bool {
				if rep.total < 2 || !p.later() {
					return false
				}
				shorten(rep)
				return true
			})},
		{name: "etag-changes", says: "from the second request for a file on it has another strong ETag, and all its bytes are others",
			ask: askNewTag, turn: onFile(func(p *play, rep *reply) bool {
				if !p.second[p.on] {
					return false
				}
				rep.tag(renamed(rep.etag(), "2"))
				rep.spoil(0)
				return true
			})},
		{name: "modified-changes", says: "there is no ETag, and from the second request for a file on another Last-Modified and other bytes",
			ask: askNewTime, turn: onFile(func(p *play, rep *reply) bool {
				delete(rep.header, "ETag")
				if p.second[p.on] {
					shift(rep.header, "Last-Modified", apart)
					rep.spoil(0)
				}
				return true
			})},
		{name: "other-bytes", silent: true, says: "all bytes are others, always, under the same length and validators: for one of several mirrors",
			turn: onFile(func(_ *play, rep *reply) bool {
				rep.spoil(0)
				return true
			})},

		{name: "etag-per-edge", says: "every connection has its own strong ETag; the bytes are the same",
			ask: func(p *play) bool { unname(p, edge(p)); return false },
			turn: onFile(func(p *play, rep *reply) bool {
				rep.tag(renamed(rep.etag(), edge(p)))
				return true
			})},
		{name: "etag-random", says: "every answer has its own strong ETag; the bytes are the same", turn: onFile(func(p *play, rep *reply) bool {
			rep.tag(renamed(rep.etag(), strconv.FormatUint(uint64(p.chance("tag")*(1<<53)), 36)))
			return true
		})},
		{name: "etag-weak", says: "the ETag is weak", turn: onFile(func(_ *play, rep *reply) bool {
			rep.tag("W/" + strings.TrimPrefix(rep.etag(), "W/"))
			return true
		})},
		{name: "no-validators", says: "neither ETag nor Last-Modified", turn: onFile(func(_ *play, rep *reply) bool {
			unidentified(rep)
			return true
		})},
		{name: "fresh-modified", says: "no ETag, and a Last-Modified one second before Date", turn: onFile(func(_ *play, rep *reply) bool {
			unidentified(rep)
			now := time.Now()
			rep.header.Set("Date", now.UTC().Format(http.TimeFormat))
			rep.header.Set("Last-Modified", now.Add(-time.Second).UTC().Format(http.TimeFormat))
			return true
		})},
		{name: "if-range-200", says: "200 to every If-Range, even one that holds", ask: func(p *play) bool {
			if p.forgot || len(p.r.Header["If-Range"]) == 0 {
				return false
			}
			p.forget()
			return true
		}},
		{name: "if-range-lies", says: "206 to every If-Range, with another strong ETag and other bytes", ask: func(p *play) bool {
			p.conditional = len(p.r.Header["If-Range"]) > 0
			p.r.Header.Del("If-Range")
			return false
		}, turn: onPart(func(p *play, rep *reply) bool {
			if !p.conditional {
				return false
			}
			rep.tag(renamed(rep.etag(), "2"))
			rep.spoil(0)
			return true
		})},

		{name: "cache-truncates", says: "206 from a cache, whose content ends in the middle; not to Cache-Control: no-cache",
			turn: cached(func(p *play, rep *reply) bool {
				return halve(rep)
			})},
		{name: "cache-mixes", silent: true, says: "206 from a cache, whose second half is of another version; not to Cache-Control: no-cache",
			turn: cached(func(_ *play, rep *reply) bool {
				rep.spoil(rep.part.len() / 2)
				return true
			})},
		{name: "stale-206", says: "an old version from a cache, with old validators, to ranges that do not begin at 0; not to Cache-Control: no-cache",
			turn: cached(func(p *play, rep *reply) bool {
				if p.first == 0 {
					return false
				}
				rep.tag(renamed(rep.etag(), "0"))
				shift(rep.header, "Last-Modified", -cacheAge)
				rep.spoil(0)
				return true
			})},

		{name: "disposition-varies", says: "every answer has another Content-Disposition, harmless or not", turn: onFile(func(p *play, rep *reply) bool {
			values := []string{`attachment; filename="a.bin"`, `attachment; filename="../../b.bin"`, `inline; filename="c.desktop"`,
				`attachment; filename*=UTF-8''d%2F..%2Fe.bin`, `attachment; filename=".bashrc"`, `attachment`, `;;=`}
			rep.header.Set("Content-Disposition", values[p.attempt%len(values)])
			return true
		})},
		{name: "clock-skew", says: "Date is a day early or late", turn: onFile(func(p *play, rep *reply) bool {
			d := skew
			if p.chance("skew") < 0.5 {
				d = -d
			}
			rep.header.Set("Date", time.Now().Add(d).UTC().Format(http.TimeFormat))
			return true
		})},
	}
}

// newer says whether the request meets the second version of a file, which it does if the file was asked for before. It is
// to be asked once, before the origin is.
func (p *play) newer() bool {
	if p.second == nil {
		p.second = make(map[*fault]bool)
	}
	p.second[p.on] = p.later()
	return p.second[p.on]
}

// askNewTag has the origin, which knows the first version only, compare an If-Range as one would that has the second.
func askNewTag(p *play) bool {
	if p.newer() && len(p.r.Header["If-Range"]) > 0 && !unname(p, "2") {
		p.forget()
	}
	return false
}

func askNewTime(p *play) bool {
	if p.newer() {
		shift(p.r.Header, "If-Range", -apart)
	}
	return false
}

// renamed is another strong ETag in the place of etag.
func renamed(etag, suffix string) string {
	return strings.TrimSuffix(strings.TrimPrefix(etag, "W/"), `"`) + "-" + suffix + `"`
}

// unname puts the origin's ETag in the place of a renamed one in If-Range, and says whether that was there.
func unname(p *play, suffix string) bool {
	tag, found := strings.CutSuffix(p.r.Header.Get("If-Range"), "-"+suffix+`"`)
	if found {
		p.r.Header.Set("If-Range", tag+`"`)
	}
	return found
}

// edge is what the servers behind one name differ in. Every connection is taken for one to another of them.
func edge(p *play) string { return strconv.FormatUint(hashed(p.r.RemoteAddr)>>40, 36) }

// shift moves a date, if the field is one.
func shift(h http.Header, name string, d time.Duration) {
	if t, err := http.ParseTime(h.Get(name)); err == nil {
		h.Set(name, t.Add(d).UTC().Format(http.TimeFormat))
	}
}

// shorten takes the last byte from a file. A range of nothing else is then past the end.
func shorten(rep *reply) {
	total := rep.total - 1
	s := span{rep.part.off, min(rep.part.end, total)}
	if s.len() == 0 {
		rep.refuse(http.StatusRequestedRangeNotSatisfiable)
		rep.header.Set("Content-Range", "bytes */"+strconv.FormatInt(total, 10))
		return
	}
	rep.narrow(s, total)
	rep.spoil(0)
}

// unidentified takes away all that a version is recognised by.
func unidentified(rep *reply) {
	for _, name := range []string{"ETag", "Last-Modified", "Repr-Digest"} {
		delete(rep.header, name)
	}
}

// cached keeps a turn to ranges, and to requests that do not insist on the origin's own answer.
func cached(turn func(*play, *reply) bool) func(*play, *reply) bool {
	return onPart(func(p *play, rep *reply) bool {
		fields := strings.ToLower(strings.Join(p.r.Header["Cache-Control"], ",") + "," + p.r.Header.Get("Pragma"))
		if strings.Contains(fields, "no-cache") || !turn(p, rep) {
			return false
		}
		rep.header.Set("Age", strconv.Itoa(int(cacheAge/time.Second)))
		return true
	})
}
