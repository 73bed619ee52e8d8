package server

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A Rogue says how an origin misbehaves. The zero Rogue is a good one.
//
// For every GET each of the faults is drawn for itself, and those drawn are played in the order of [Faults], whatever
// the order they were named in: redirects and refusals take the place of the answer, the first of them wins; ranges and
// identity change what a 200 or 206 of a file says and holds, bodies and connection how any answer is sent, and there
// the last wins. A fault that finds nothing to spoil, such as a wrong start where the whole file was asked for, is not
// played. HEAD is left alone but by the faults named for it.
//
// Whether a fault is drawn depends on the seed, the fault, the target of the request, the byte it begins at and how
// often this has been asked for before, so two runs of a client that asks the same see the same, in whatever order its
// requests arrive; and what is refused now can be had later. What faults remember of clients is bounded, and begins
// anew with the origin.
type Rogue struct {
	// Faults are the names of those that may be played, for every request.
	Faults []string

	// Probability is how likely each is to be played, above 0 and up to 1; 0 means 1.
	Probability float64

	// Seed gives other draws.
	Seed uint64

	// Query lets a request choose for itself: ?fault=NAME,NAME&p=0.1&fault-seed=7, where p and the seed may be left out,
	// takes the place of what is said above, and ?fault= is a way to be spared. So can anybody else.
	Query bool
}

// A saboteur stands before an origin and spoils its answers.
type saboteur struct {
	origin http.Handler
	known  []fault
	always troupe
	query  bool
	memory *memory
}

// A troupe is some faults, in the order in which they act, and how they are drawn.
type troupe struct {
	faults      []*fault
	probability float64
	seed        uint64
}

// sabotaged puts a saboteur before h, unless the rogue is a good one.
func (o Rogue) sabotaged(h http.Handler) (http.Handler, error) {
	if len(o.Faults) == 0 && !o.Query {
		return h, nil
	}
	s := &saboteur{origin: h, known: faults(), query: o.Query, memory: newMemory()}
	probability := o.Probability
	if probability == 0 {
		probability = 1
	}
	var err error
	s.always, err = s.troupe(o.Faults, probability, o.Seed)
	return s, err
}

func (s *saboteur) troupe(names []string, probability float64, seed uint64) (troupe, error) {
	t := troupe{probability: probability, seed: seed}
	if !(probability > 0 && probability <= 1) {
		return t, fmt.Errorf("the probability of a fault must be above 0 and at most 1")
	}
	for _, name := range names {
		if !slices.ContainsFunc(s.known, func(f fault) bool { return f.name == name }) {
			return t, fmt.Errorf("there is no fault %q", name[:min(len(name), 40)])
		}
	}
	for i := range s.known {
		if slices.Contains(names, s.known[i].name) {
			t.faults = append(t.faults, &s.known[i])
		}
	}
	return t, nil
}

func (s *saboteur) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	t, err := s.chosen(query)
	if err != nil {
		failBecause(w, http.StatusBadRequest, err.Error())
		return
	}
	if len(t.faults) == 0 || r.Method != http.MethodGet && r.Method != http.MethodHead {
		s.origin.ServeHTTP(w, r)
		return
	}
	defer s.memory.leave()
	p := newPlay(r, query, t, s.memory)
	if len(p.cast) == 0 {
		s.origin.ServeHTTP(w, r)
		return
	}
	p.perform(w, s.origin)
}

// chosen are the faults that a request may be met with.
func (s *saboteur) chosen(query url.Values) (troupe, error) {
	if !s.query || !query.Has("fault") {
		return s.always, nil
	}
	var names []string
	for _, list := range query["fault"] {
		names = append(names, strings.FieldsFunc(list, func(c rune) bool { return c == ',' })...)
	}
	probability, seed := 1.0, uint64(0)
	var err error
	if p := query.Get("p"); p != "" {
		if probability, err = strconv.ParseFloat(p, 64); err != nil {
			return troupe{}, fmt.Errorf("p must be a number such as 0.1")
		}
	}
	if n := query.Get("fault-seed"); n != "" {
		if seed, err = strconv.ParseUint(n, 10, 64); err != nil {
			return troupe{}, fmt.Errorf("fault-seed must be a number from 0 to 18446744073709551615")
		}
	}
	return s.troupe(names, probability, seed)
}
