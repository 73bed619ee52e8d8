package check

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"braid/scheduler/source"
)

// crowdPatience is how long one connection more may wait for its answer: a
// server that serves one after the other never gives one.
const crowdPatience = 5 * time.Second

// crowd finds out how many connections are served at once. Each is asked for the
// file from another place on to its end, and its answer is not read before all
// have begun; it ends with the first that is refused.
func (r *run) crowd(ctx context.Context) (Row, error) {
	most := r.o.Connections
	if !r.facts.ranges || r.facts.size < 1 {
		row := crowdRow(0, most, "", nil)
		row.Came, row.Verdict, row.Reason = "not asked", NotOffered, "without ranges there is no use for more than one"
		return row, nil
	}
	whole := ctx
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var open []*source.Answer
	defer func() {
		for _, a := range open {
			a.Body.Close()
		}
	}()
	refused := ""
	for len(open) < most && refused == "" {
		from := int64(len(open)) * (r.facts.size / int64(most))
		began, err := r.begin(ctx, from, false)
		if err == nil && expired(began.StatusCode) && len(r.facts.route.first) > 0 {
			began.Body.Close()
			began, err = r.begin(ctx, from, true) // the link may have run out
		}
		switch {
		case ctx.Err() != nil:
			return Row{}, context.Cause(ctx)
		case err != nil && len(open) == 0:
			return r.unanswered(ctx, crowdRow(0, most, "", nil), err)
		case err != nil:
			refused = err.Error()
		case began.StatusCode != http.StatusPartialContent:
			refused = began.Status
			began.Body.Close()
		default:
			open = append(open, began)
		}
	}
	var wrong *flaw
	for _, began := range open {
		late := time.AfterFunc(r.o.Timeout, func() { cancel(stalled(r.o.Timeout)) })
		a := r.read(began, some)
		late.Stop()
		switch flaw := look(&r.facts, &a); {
		case flaw == nil:
			r.facts.see(&a)
		case wrong == nil:
			wrong = flaw
		}
	}
	if whole.Err() != nil {
		return Row{}, context.Cause(whole)
	}
	r.facts.served = len(open)
	row := crowdRow(len(open), most, refused, wrong)
	if row.Verdict == Pass && r.facts.size < 8<<20 {
		row.Reason = "the file is short: some answers may have been over before the next was asked for"
	}
	return row, nil
}

// begin asks for the file from a byte on, and waits for the beginning of the
// answer.
func (r *run) begin(ctx context.Context, from int64, anew bool) (*source.Answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	patience := min(crowdPatience, r.o.Timeout)
	slow := time.AfterFunc(patience, func() { cancel(stalled(patience)) })
	defer slow.Stop()
	r.report.Requests++
	a, err := r.asker.Ask(ctx, source.Request{Header: get("Range", fmt.Sprintf("bytes=%d-", from)).header(), Anew: anew})
	if err != nil {
		cancel(nil)
	}
	return a, err // whose context ends with that of the crowd
}

// crowdRow judges how many connections are served at once: n of asked, until
// one was refused in the way of why, "" if none was.
func crowdRow(n, asked int, why string, wrong *flaw) Row {
	row := Row{ID: "parallel", Asked: fmt.Sprintf("up to %s at once, a range on each", count(asked, "connection")), Section: "RFC 9112, 9.4",
		Rule: "how many a server bears is its own affair", Came: fmt.Sprintf("%d served", n), Verdict: Pass}
	switch {
	case wrong != nil:
		row.Verdict, row.Reason, row.Section = Fail, wrong.reason, wrong.section
	case why != "":
		row.Verdict, row.Reason = Allowed, fmt.Sprintf("connection %d was refused: %s", n+1, why)
	}
	return row
}
