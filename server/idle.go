package server

// A queue holds the visits that wait for a request, the longest first. The zero queue is empty. The links are in the
// visits themselves, because every request is an exit and an entrance.
type queue struct {
	first, last *visit
	n           int
}

func (q *queue) push(v *visit) {
	if v.queued {
		return
	}
	v.queued, v.before, v.after = true, q.last, nil
	if q.last != nil {
		q.last.after = v
	} else {
		q.first = v
	}
	q.last = v
	q.n++
}

func (q *queue) remove(v *visit) {
	if !v.queued {
		return
	}
	if v.before != nil {
		v.before.after = v.after
	} else {
		q.first = v.after
	}
	if v.after != nil {
		v.after.before = v.before
	} else {
		q.last = v.before
	}
	v.queued, v.before, v.after = false, nil, nil
	q.n--
}
