package server

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	crowdLimit   = 4       // requests at once that a crowded origin bears
	largeRange   = 4 << 20 // the longest range that is not large
	ticketUses   = 4       // requests that a signed link is good for
	gateRoom     = 8       // requests that a rate limit lets through
	gateClosed   = time.Second
	outageLength = 3 // failures of a burst
	outageEvery  = 8 // requests, counted with them
)

const portalPage = "<!DOCTYPE html><title>Welcome</title><p>Please accept the terms of use to go online.\n"

const mirrorPage = "<!DOCTYPE html><title>Choose a mirror</title><p>Your download will begin shortly.\n"

const metalinkPage = `<?xml version="1.0" encoding="UTF-8"?>
<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="f"><url>http://mirror.invalid/f</url></file></metalink>
`

// refusalFaults answer with something else than the file. Unless they say so they are passing: every other try of a
// request that begins at the same byte is let through.
func refusalFaults() []fault {
	return []fault{
		{name: "captive-portal", says: "everything leads to a page of HTML, as in a hotel", turn: captivePortal},
		{name: "html-instead", says: "200 and a page of HTML, always", turn: onFile(func(p *play, rep *reply) bool {
			rep.replace(http.StatusOK, "text/html; charset=utf-8", mirrorPage)
			return true
		})},
		{name: "metalink-instead", says: "200 and a Metalink, always", turn: onFile(func(p *play, rep *reply) bool {
			rep.replace(http.StatusOK, "application/metalink4+xml", metalinkPage)
			return true
		})},

		{name: "503-crowd", says: "503 while more than 4 requests are under way", turn: crowded(http.StatusServiceUnavailable)},
		{name: "403-crowd", says: "403 while more than 4 requests are under way", turn: crowded(http.StatusForbidden)},
		{name: "429-retry-after", says: "429 and Retry-After: 1 until a second has passed, then 8 requests are let through",
			turn: onFile(rateLimit)},
		{name: "503-retry-after", says: "503 and a Retry-After with a date until then, then 8 requests are let through",
			turn: onFile(maintenance)},
		{name: "retry-after-garbage", says: "503 and a Retry-After that is absurd, past or garbage", turn: passing(func(p *play, rep *reply) {
			values := []string{"soon", "-1", "99999999999999999999", "1e3", "31536000", "", "Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 99 Foo 2020"}
			rep.refuse(http.StatusServiceUnavailable)
			rep.header.Set("Retry-After", values[p.variant(len(values))])
		})},
		{name: "5xx-burst", says: "500, 502 and 504 to the first 3 of every 8 requests for a file", turn: onFile(outage)},

		{name: "signed-expires", says: "the file is behind a redirect to a signed link that is good for 4 requests, then 403, 410 or 400", turn: signed},
		{name: "one-shot", says: "410 to all requests for a file but the first, for good", turn: onFile(func(p *play, rep *reply) bool {
			if !p.later() {
				return false
			}
			rep.refuse(http.StatusGone)
			return true
		})},
		{name: "401-midway", says: "401 to ranges that do not begin at 0", turn: passing(func(p *play, rep *reply) {
			rep.refuse(http.StatusUnauthorized)
			rep.header.Set("WWW-Authenticate", `Basic realm="x"`)
		}, midway)},
		{name: "407-midway", says: "407 to ranges that do not begin at 0", turn: passing(func(p *play, rep *reply) {
			rep.refuse(http.StatusProxyAuthRequired)
			rep.header.Set("Proxy-Authenticate", `Basic realm="x"`)
		}, midway)},
		{name: "304-unasked", says: "304 to a request without conditions", turn: passing(func(p *play, rep *reply) {
			etag := rep.etag()
			rep.replace(http.StatusNotModified, "", "")
			rep.header = make(http.Header)
			rep.tag(etag)
		}, unconditional)},
		{name: "412-unasked", says: "412 to a request without conditions", turn: refusing(http.StatusPreconditionFailed, unconditional)},

		{name: "403-large", says: "403 to every range of more than 4 MiB, always", turn: onPart(func(p *play, rep *reply) bool {
			if rep.part.len() <= largeRange {
				return false
			}
			rep.refuse(http.StatusForbidden)
			return true
		})},
		{name: "403-ranged", says: "403 to every range, always; without one the file is there", turn: noRanged(http.StatusForbidden)},
		{name: "404-ranged", says: "404 to every range, always; without one the file is there", turn: noRanged(http.StatusNotFound)},
		{name: "503-ranged", says: "503 to every range, always; without one the file is there", turn: noRanged(http.StatusServiceUnavailable)},
		{name: "416-resume", says: "416 to ranges that do not begin at 0, with the right length",
			turn: unsatisfied(func(total int64) string { return "bytes */" + strconv.FormatInt(total, 10) })},
		{name: "416-other-total", says: "416 to ranges that do not begin at 0, with a length that is one byte less",
			turn: unsatisfied(func(total int64) string { return "bytes */" + strconv.FormatInt(total-1, 10) })},
		{name: "416-bare", says: "416 to ranges that do not begin at 0, without a length", turn: unsatisfied(nil)},
		{name: "416-empty", says: "416 to any range of an empty file, always", turn: onFile(func(p *play, rep *reply) bool {
			if !p.ranged || rep.total != 0 {
				return false
			}
			rep.refuse(http.StatusRequestedRangeNotSatisfiable)
			rep.header.Set("Content-Range", "bytes */0")
			return true
		})},
		{name: "404-past-end", says: "404 where 416 would be right, always", turn: instead416(http.StatusNotFound)},
		{name: "500-past-end", says: "500 where 416 would be right, always", turn: instead416(http.StatusInternalServerError)},

		{name: "head-refused", head: true, says: "405 to HEAD, always", turn: func(p *play, rep *reply) bool {
			rep.refuse(http.StatusMethodNotAllowed)
			return true
		}},
		{name: "head-lies", head: true, says: "HEAD is told a length that is one byte more", turn: func(p *play, rep *reply) bool {
			rep.claim = rep.size + 1
			return rep.status == http.StatusOK && rep.size >= 0
		}},
		{name: "head-hangs", head: true, says: "HEAD is never answered", turn: func(p *play, rep *reply) bool {
			rep.mute = true
			return true
		}},
		{name: "listing-lies", says: "the JSON of a folder gives every file one byte more than it has", turn: listingLies},
	}
}

// A condition says whether a passing refusal may be played at all.
type condition func(*play, *reply) bool

func midway(p *play, _ *reply) bool { return p.first > 0 }

func unconditional(p *play, _ *reply) bool {
	for _, name := range []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"} {
		if len(p.r.Header[name]) > 0 {
			return false
		}
	}
	return true
}

// passing plays a refusal to every other try.
func passing(spoil func(*play, *reply), conditions ...condition) func(*play, *reply) bool {
	return onFile(func(p *play, rep *reply) bool {
		for _, holds := range conditions {
			if !holds(p, rep) {
				return false
			}
		}
		if p.retried() {
			return false
		}
		spoil(p, rep)
		return true
	})
}

func refusing(status int, conditions ...condition) func(*play, *reply) bool {
	return passing(func(_ *play, rep *reply) { rep.refuse(status) }, conditions...)
}

func unsatisfied(contentRange func(total int64) string) func(*play, *reply) bool {
	return passing(func(_ *play, rep *reply) {
		total := rep.total
		rep.refuse(http.StatusRequestedRangeNotSatisfiable)
		if contentRange != nil {
			rep.header.Set("Content-Range", contentRange(total))
		}
	}, midway)
}

func noRanged(status int) func(*play, *reply) bool {
	return onFile(func(p *play, rep *reply) bool {
		if !p.ranged {
			return false
		}
		rep.refuse(status)
		return true
	})
}

func instead416(status int) func(*play, *reply) bool {
	return func(_ *play, rep *reply) bool {
		if rep.status != http.StatusRequestedRangeNotSatisfiable || rep.page != nil {
			return false
		}
		rep.refuse(status)
		return true
	}
}

func crowded(status int) func(*play, *reply) bool {
	return onFile(func(p *play, rep *reply) bool {
		if p.crowd <= crowdLimit {
			return false
		}
		rep.refuse(status)
		return true
	})
}

func rateLimit(p *play, rep *reply) bool {
	now := time.Now()
	if p.pass(p.on.name+" "+p.target, gateRoom, now, now.Add(gateClosed)) {
		return false
	}
	rep.refuse(http.StatusTooManyRequests)
	rep.header.Set("Retry-After", "1")
	return true
}

// maintenance names a time in whole seconds, and the Date that it is to be compared with.
func maintenance(p *play, rep *reply) bool {
	now := time.Now()
	until := seconds(now).Add(2 * gateClosed) // at least one second from now
	if p.pass(p.on.name+" "+p.target, gateRoom, now, until) {
		return false
	}
	rep.refuse(http.StatusServiceUnavailable)
	rep.header.Set("Date", now.UTC().Format(http.TimeFormat))
	rep.header.Set("Retry-After", until.UTC().Format(http.TimeFormat))
	return true
}

func outage(p *play, rep *reply) bool {
	n := p.count(p.on.name, p.target) % outageEvery
	if n >= outageLength {
		return false
	}
	rep.refuse([outageLength]int{500, 502, 504}[n])
	return true
}

func signed(p *play, rep *reply) bool {
	if !rep.file {
		return false
	}
	given := p.query.Get("ticket")
	if given == "" {
		rep.move(p.address(map[string]string{"ticket": strconv.FormatUint(p.issue(), 10)}))
		return true
	}
	ticket, _ := strconv.ParseUint(given, 10, 64) // 0 was never issued
	if p.use(ticket, ticketUses) {
		return false
	}
	rep.refuse([]int{403, 410, 400}[ticket%3])
	return true
}

// captivePortal answers for other things than files too, but makes no redirect of a path that names another host.
func captivePortal(p *play, rep *reply) bool {
	if strings.HasPrefix(requested(p.r).Path, "//") || rep.page != nil {
		return false
	}
	if p.query.Get("hop") == "portal" {
		rep.replace(http.StatusOK, "text/html; charset=utf-8", portalPage)
	} else {
		rep.move(p.address(map[string]string{"hop": "portal"}))
	}
	rep.header.Set("Cache-Control", "no-store")
	return true
}

func listingLies(_ *play, rep *reply) bool {
	if rep.status != http.StatusOK || rep.file || rep.page != nil || rep.header.Get("Content-Type") != "application/json" {
		return false
	}
	sizes := regexp.MustCompile(`"size":\d+`)
	rep.edit = func(content []byte) []byte {
		return sizes.ReplaceAllFunc(content, func(field []byte) []byte {
			n, _ := strconv.ParseInt(string(field[len(`"size":`):]), 10, 64)
			return strconv.AppendInt([]byte(`"size":`), n+1, 10)
		})
	}
	return true
}
