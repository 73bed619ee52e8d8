package server

// A queue holds visits in the order in which they came to it. The zero queue is empty. The links are in the visits
// themselves, because every request is an exit and an entrance. A visit is in one queue at most.
type queue struct {
	first, last *visit
	n           int
}

// move takes a visit out of the queue it is in, if any, and puts it at the end of another, if any.
func (v *visit) move(to *queue) {
	if from := v.in; from != nil {
		if v.before != nil {
			v.before.after = v.after
		} else {
			from.first = v.after
		}
		if v.after != nil {
			v.after.before = v.before
		} else {
			from.last = v.before
		}
		from.n--
	}
	v.in, v.before, v.after = to, nil, nil
	if to == nil {
		return
	}
	v.before = to.last
	if to.last != nil {
		to.last.after = v
	} else {
		to.first = v
	}
	to.last = v
	to.n++
}
