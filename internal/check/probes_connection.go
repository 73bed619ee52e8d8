package check

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"braid/scheduler/source"
)

// connectionProbes ask nothing: they look at what the others, and the runner,
// have met on their way.
func connectionProbes() []probe {
	return []probe{
		{id: "keep-alive", asked: "several requests on a connection", section: "RFC 9112, 9.3", rule: "connections SHOULD stay; if not, HTTP/1.1 MUST say close",
			came: cameStreak, judge: judgeStreak},
		{id: "stable", asked: "validators of all answers", section: "8.8.1", rule: "the same version has the same ETag and Last-Modified, on every connection",
			came: func(f *facts) string {
				return fmt.Sprintf("%s, %s", count(len(f.tags), "ETag"), count(len(f.dates), "Last-Modified"))
			}, judge: judgeStable},
		{id: "redirect", asked: "redirects", section: "15.4", rule: "a permanent redirect may be kept, any other is for this once",
			came: func(f *facts) string { return f.route.String() }, judge: judgeRoute},
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// streak is the most requests in a row on one connection, and the status after
// which the server closes it without having said so; 0 if there is none. Once is
// no habit: any server may close any connection.
func streak(line []step) (most, rude int) {
	closed := map[int]int{}
	n := 0
	for i, s := range line {
		stays := i > 0 && s.local != "" && s.local == line[i-1].local
		if i > 0 && !stays && !s.fresh && line[i-1].full && !line[i-1].close {
			before := line[i-1].status
			if closed[before]++; closed[before] > 1 && rude == 0 {
				rude = before
			}
		}
		if !stays {
			n = 0
		}
		n++
		most = max(most, n)
	}
	return most, rude
}

func cameStreak(f *facts) string {
	most, _ := streak(f.line)
	return fmt.Sprintf("%s, %s in a row on one connection", f.reference.proto, count(most, "request"))
}

func judgeStreak(f *facts, a *answer) (Verdict, string) {
	most, rude := streak(f.line)
	switch {
	case rude != 0:
		return Allowed, fmt.Sprintf("after an answer of %d it was closed without a word: the next request has to be sent again", rude)
	case most > 1:
		return Pass, ""
	case !slices.ContainsFunc(f.line, func(s step) bool { return s.full && !s.close }):
		return NotOffered, "a connection for every request: each part of a download waits for a new one"
	}
	return Allowed, "no answer was short enough to be read to its end, so no connection was used again"
}

func judgeStable(f *facts, a *answer) (Verdict, string) {
	switch {
	case len(f.tags) > 1:
		return Allowed, "the same bytes have several ETags: no resume can rest on them"
	case len(f.dates) > 1:
		return Allowed, "the same bytes have several dates: no resume can rest on them"
	case f.tags[0] == "" && f.dates[0] == "":
		return NotOffered, "nothing tells the file's versions apart"
	}
	return Pass, ""
}

// A route is how the redirects lead to the file, asked for twice.
type route struct {
	first, second []source.Hop
	at            string // the last URL, as Redact writes it
	query         url.Values
	expired       int // how often the link ran out during the check
}

func (r route) String() string {
	if len(r.first) == 0 {
		return "none"
	}
	var codes []string
	for _, h := range r.first {
		codes = append(codes, fmt.Sprint(h.Status))
	}
	return strings.Join(codes, ", ") + " to " + r.at
}

func judgeRoute(f *facts, a *answer) (Verdict, string) {
	hops := f.route.first
	if len(hops) == 0 {
		return Pass, ""
	}
	why := "for this once"
	if !slices.ContainsFunc(hops, func(h source.Hop) bool { return h.Status != 301 && h.Status != 308 }) {
		why = "permanent"
	}
	for _, h := range hops {
		if kept := h.Header.Get("Cache-Control"); kept != "" {
			why += ", Cache-Control: " + kept
			break
		}
	}
	if signs := expiring(f.route.query); signs != "" {
		why += "; the link has a lifetime of its own (" + signs + " in its query): when it has run out, the first URL must be asked again"
	}
	if n := f.route.expired; n > 0 {
		why += fmt.Sprintf("; the link ran out %s during this check", count(n, "time"))
	}
	if !sameHops(hops, f.route.second) {
		return Allowed, why + "; it leads somewhere else each time"
	}
	return Pass, why
}

func sameHops(a, b []source.Hop) bool {
	return slices.EqualFunc(a, b, func(x, y source.Hop) bool {
		return x.Status == y.Status && x.Header.Get("Location") == y.Header.Get("Location")
	})
}

// expiring is the key in the query of a signed link that says how long it is
// good for; "" if there is none that is known: those of S3, CloudFront and
// Google Cloud, and of Azure.
func expiring(query url.Values) string {
	for key := range query {
		switch strings.ToLower(key) {
		case "x-amz-expires", "x-goog-expires", "expires", "se":
			return key
		}
	}
	return ""
}
