package check

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"braid/scheduler/source"
)

// mostAddresses is how many addresses of a host are asked.
const mostAddresses = 4

// addresses asks each address of the host for the same bytes: behind a name there
// may be several servers, and they may not agree.
func (r *run) addresses(ctx context.Context) (Row, error) {
	row := Row{ID: "addresses", Asked: "every address of " + r.asker.Host(), Section: "8.8.1, 15.3.7.3",
		Rule: "parts of one version may be joined, wherever they come from", Came: r.report.Address, Verdict: Pass}
	if r.asker.Proxied() {
		row.Came, row.Verdict, row.Reason = "not asked", NotOffered, "a proxy does the asking"
		return row, nil
	}
	found, err := r.o.Lookup(ctx, r.asker.Host())
	if _, literal := netip.ParseAddr(r.asker.Host()); literal == nil || err != nil {
		return row, nil
	}
	found = unmapped(found)
	if len(found) > mostAddresses {
		row.Reason = fmt.Sprintf("only %d of %d were asked", mostAddresses, len(found))
		found = found[:mostAddresses]
	}
	q := get()
	if r.facts.ranges {
		q = get("Range", bytesOf(r.facts.span(0, r.facts.piece())))
	}
	q.fresh = true
	tags, dates, silentOnes := len(r.facts.tags), len(r.facts.dates), 0
	for _, addr := range found {
		a, err := r.through(ctx, addr, q)
		if ctx.Err() != nil {
			return Row{}, context.Cause(ctx)
		}
		if err != nil {
			silentOnes++
			continue
		}
		if wrong := look(&r.facts, &a); wrong != nil {
			row.Verdict, row.Reason, row.Section = Fail, fmt.Sprintf("%v: %s", addr, wrong.reason), wrong.section
			continue
		}
		r.facts.see(&a)
	}
	row.Came = fmt.Sprintf("%d asked, %d answered", len(found), len(found)-silentOnes)
	switch {
	case row.Verdict == Fail:
	case len(r.facts.tags) > tags, len(r.facts.dates) > dates:
		row.Verdict, row.Reason = Allowed, "they do not have the same ETag and Last-Modified: a resume at another address begins anew"
	case silentOnes > 0 && silentOnes < len(found):
		row.Verdict, row.Reason = Allowed, "not all of them answer"
	}
	return row, nil
}

var errElsewhere = errors.New("it is not the address that was meant")

// through asks one address.
func (r *run) through(ctx context.Context, addr netip.Addr, q request) (answer, error) {
	o := r.o.Client
	outer := o.Allow
	o.Allow = func(to netip.Addr) error {
		if to != addr {
			return errElsewhere
		}
		if outer != nil {
			return outer(to)
		}
		return nil
	}
	client := source.Client(o)
	defer client.CloseIdleConnections()
	return r.exchange(ctx, r.asker.Through(client), q, some)
}

func unmapped(all []netip.Addr) []netip.Addr {
	var plain []netip.Addr
	for _, addr := range all {
		if a := addr.Unmap(); !slices.Contains(plain, a) {
			plain = append(plain, a)
		}
	}
	return plain
}
