package ui

import (
	"strings"
	"sync"
)

// repeats are what was said of several files in the same words. It is said
// once, and at the end of how many more it is true.
type repeats struct {
	mu   sync.Mutex
	said []*repeat
}

// A repeat is something that was said of a file.
type repeat struct {
	lead, what string // who says it, and what, without the name of the file
	more       int    // files of which it was not said
}

// mostRepeats is how many different things are remembered. What comes then is
// said as often as it comes.
const mostRepeats = 20

// first says whether text, which begins with the name of a file, is new.
func (r *repeats) first(lead, text string) bool {
	_, what, named := strings.Cut(text, ": ")
	if !named {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, old := range r.said {
		if old.lead == lead && old.what == what {
			old.more++
			return false
		}
	}
	if len(r.said) < mostRepeats {
		r.said = append(r.said, &repeat{lead: lead, what: what})
	}
	return true
}

// all are those that were kept back at least once, in the order in which they
// came.
func (r *repeats) all() []repeat {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []repeat
	for _, old := range r.said {
		if old.more > 0 {
			all = append(all, *old)
		}
	}
	return all
}
