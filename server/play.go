package server

import (
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// A play is one request that meets with faults.
type play struct {
	*memory
	cast    []*fault      // the faults drawn for it, in the order in which they act
	on      *fault        // the one whose turn it is
	played  []string      // names of those that found something to spoil
	r       *http.Request // what the origin is asked
	query   url.Values    // of the request
	target  string        // what was asked for; not to be told from it by its ticket or hop
	crowd   int           // how many requests are under way, with this one
	attempt int           // how often this target has been asked for from this byte before
	seed    uint64

	ranged bool  // a single range from first on was asked for
	first  int64 // its first byte
	asked  span  // the range; its end is open if it is far beyond any file
	want   span  // what the origin is asked for instead, unless forgot
	forgot bool  // the origin is asked for no range
	upTo   int64 // where what is wanted ends, if the origin is asked for more; else 0

	conditional bool            // there was an If-Range
	second      map[*fault]bool // whether each of some faults gives the second version
}

// open is the end of a range without one.
const open = math.MaxInt64

// newPlay draws the faults for a request. It enters the memory.
func newPlay(r *http.Request, query url.Values, t troupe, m *memory) *play {
	p := &play{memory: m, r: r, query: query, seed: t.seed, crowd: m.enter()}
	p.asked, p.ranged = singleRange(r)
	p.want, p.first, p.forgot = p.asked, p.asked.off, !p.ranged
	p.target = p.address(map[string]string{"hop": "", "ticket": ""})
	p.attempt = m.count(r.Method, p.target, strconv.FormatInt(p.first, 10))
	for _, f := range t.faults {
		p.on = f
		if f.head == (r.Method == http.MethodHead) && p.chance("draw") < t.probability {
			p.cast = append(p.cast, f)
		}
	}
	return p
}

// singleRange reads the Range of a request that asks for one range by its first byte.
func singleRange(r *http.Request) (span, bool) {
	lines := r.Header["Range"]
	if len(lines) != 1 || r.Method != http.MethodGet {
		return span{}, false
	}
	unit, list, _ := strings.Cut(lines[0], "=")
	list = strings.Trim(list, " \t")
	if !strings.EqualFold(unit, "bytes") || strings.HasPrefix(list, "-") || strings.Contains(list, ",") {
		return span{}, false
	}
	s, ok := parseSpan(list, open)
	return s, ok && s.len() > 0
}

// chance is a number in [0, 1) that depends on the request and on what it is for.
func (p *play) chance(purpose string) float64 {
	h := hashed(strconv.FormatUint(p.seed, 10), p.on.name, purpose, p.target,
		strconv.FormatInt(p.first, 10), strconv.Itoa(p.attempt))
	return float64(h>>11) / (1 << 53)
}

// retried says whether this is every other try, which a passing trouble lets through.
func (p *play) retried() bool { return p.attempt%2 == 1 }

// variant is one of n that a fault has, the next one each time it is met again.
func (p *play) variant(n int) int { return p.attempt / 2 % n }

// later says false when a target is asked for the first time under the fault whose turn it is, and then true for ever.
func (p *play) later() bool { return p.count(p.on.name, p.target) > 0 }

// wish asks the origin for another range than the client did.
func (p *play) wish(s span) {
	p.want = s
	field := "bytes=" + strconv.FormatInt(s.off, 10) + "-"
	if s.end < open/2 {
		field += strconv.FormatInt(s.end-1, 10)
	}
	p.r.Header.Set("Range", field)
}

// forget asks the origin for the whole.
func (p *play) forget() {
	p.forgot = true
	p.r.Header.Del("Range")
}

// address is the request's own path and query, with some words of the query set to others; "" takes one out.
func (p *play) address(words map[string]string) string {
	q := make(url.Values, len(p.query))
	for k, v := range p.query {
		q[k] = v
	}
	for k, v := range words {
		q.Del(k)
		if v != "" {
			q.Set(k, v)
		}
	}
	at := requested(p.r)
	u := url.URL{Path: at.Path, RawPath: at.RawPath, RawQuery: q.Encode()}
	return u.RequestURI()
}

// hop is how many redirects of ours the client has followed.
func (p *play) hop() int {
	n, err := strconv.Atoi(p.query.Get("hop"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// perform has the origin answer, and plays the faults to what it says.
func (p *play) perform(w http.ResponseWriter, origin http.Handler) {
	p.r = p.r.Clone(p.r.Context())
	asked := make(map[*fault]bool)
	for _, p.on = range p.cast {
		asked[p.on] = p.on.ask != nil && p.on.ask(p)
	}
	s := &stage{play: p, asked: asked, w: w, control: http.NewResponseController(w), time: patienceFor(w, p.r), header: make(http.Header)}
	defer s.leave()
	s.watch(origin)
	s.finish()
}

// turns lets every fault have its turn at the answer. What the origin was asked does not show if there is a page in the
// place of its answer.
func (p *play) turns(rep *reply, asked map[*fault]bool) {
	if rep.partial() && p.upTo > 0 {
		rep.narrow(span{rep.part.off, min(rep.part.end, p.upTo)}, rep.total)
	}
	for _, p.on = range p.cast {
		turned := p.on.turn != nil && p.on.turn(p, rep)
		if turned || asked[p.on] && rep.page == nil {
			p.played = append(p.played, p.on.name)
		}
	}
}
