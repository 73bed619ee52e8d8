package check

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"braid/scheduler/source"
)

// tlsRow judges what TLS the reference came over; nil if over none.
func tlsRow(state *tls.ConnectionState, now time.Time) Row {
	row := Row{ID: "tls", Asked: "TLS", Section: "RFC 9110, 4.2.2", Rule: "https proves who the server is, and that nobody changed the bytes"}
	if state == nil {
		row.Came, row.Verdict, row.Reason = "plain HTTP", NotOffered, "the URL is http://"
		return row
	}
	row.Came = tls.VersionName(state.Version) + ", " + tls.CipherSuiteName(state.CipherSuite)
	row.Verdict = Pass
	if len(state.PeerCertificates) > 0 {
		days := int(state.PeerCertificates[0].NotAfter.Sub(now).Hours() / 24)
		row.Reason = fmt.Sprintf("the certificate is good for %s", count(days, "day"))
	}
	return row
}

// http2 finds out whether there is HTTP/2.
func (r *run) http2(ctx context.Context) (Row, error) {
	row := Row{ID: "http2", Asked: "a range over HTTP/2", Rule: "it MAY be offered, under TLS", Section: "RFC 9113, 3.2", Came: "not asked", Verdict: NotOffered}
	if r.tls == nil {
		row.Reason = "the URL is http://"
		return row, nil
	}
	o := r.o.Client
	o.HTTP2 = true
	client := source.Client(o)
	defer client.CloseIdleConnections()
	q := get()
	if r.facts.ranges {
		q = get("Range", bytesOf(r.facts.span(0, r.facts.piece())))
	}
	a, err := r.exchange(ctx, r.asker.Through(client), q, some)
	if err != nil {
		return r.unanswered(ctx, row, err)
	}
	row.Came = a.proto + ", " + a.String()
	wrong := look(&r.facts, &a)
	switch {
	case a.proto != "HTTP/2.0":
		row.Reason = ""
	case wrong != nil:
		row.Verdict, row.Reason, row.Section = Fail, wrong.reason, cite(wrong.section)
	case a.status >= 300:
		row.Verdict, row.Reason = other(&a)
	default:
		row.Verdict, row.Reason = Pass, "it puts all requests on one connection: braid get uses HTTP/1.1"
	}
	return row, nil
}
