package check

import (
	"context"
	"crypto/tls"

	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"braid/internal/ui"
	"braid/scheduler"
	"braid/scheduler/source"
)

const (
	reference = 64 << 10 // bytes of the file that are read first
	some      = 4 << 10  // and of any other answer
)

// Options are what Run can be told. The zero value is good.
type Options struct {
	Client source.ClientOptions
	Source source.Options // of which Header, UserAgent and AllowDowngrade count

	Connections int           // the most to have at once; 0 means 16
	Timeout     time.Duration // of one request with its answer; 0 means 15 s

	// Lookup gives the addresses of a host; nil asks the system.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)

	// Begin is told what the first answer said, and Seen each row as it is
	// judged; nil means nobody listens.
	Begin func(Report)
	Seen  func(Row)
}

// A run is one check under way.
type run struct {
	o      Options
	asker  *source.Asker
	facts  facts
	report *Report
	tls    *tls.ConnectionState // nil without TLS

	refusals int // in a row
}

// Run asks a server all there is to ask about rawURL. The report is not nil; with
// an error it has the rows that there were time for, and says why not all. The
// error is one of those of source.Open, or the cause of ctx. That rows fail is no
// error.
func Run(ctx context.Context, rawURL string, o Options) (*Report, error) {
	if o.Connections <= 0 {
		o.Connections = 16
	}
	if o.Timeout <= 0 {
		o.Timeout = 15 * time.Second
	}
	if o.Lookup == nil {
		o.Lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	begun := time.Now()
	r := &run{o: o, report: &Report{Version: 1, Time: begun.UTC(), URL: source.Redact(rawURL), Size: -1, Rows: []Row{}}}
	err := r.all(ctx, rawURL)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		r.report.Partial = ui.Safe(err.Error())
	}
	r.report.Size = r.facts.size
	r.report.Summary = summarize(r.report, &r.facts)
	r.report.Seconds = time.Since(begun).Seconds()
	return r.report, err
}

// all makes the probes, group by group.
func (r *run) all(ctx context.Context, rawURL string) error {
	client := source.Client(r.o.Client)
	defer client.CloseIdleConnections()
	var err error
	if r.asker, err = source.NewAsker(client, rawURL, r.o.Source); err != nil {
		return err
	}
	if err := r.refer(ctx, rawURL); err != nil {
		return err
	}
	for _, g := range groups() {
		for _, p := range g.probes {
			row, err := r.probe(ctx, p)
			if err != nil {
				return err
			}
			r.seen(g.name, row)
		}
	}
	return r.connections(ctx)
}

// connections finds out what no single request does.
func (r *run) connections(ctx context.Context) error {
	const name = "connections"
	if len(r.facts.route.first) > 0 {
		q := get()
		q.anew, q.fresh = true, true
		a, err := r.ask(ctx, r.asker, q)
		if err != nil {
			return err
		}
		r.facts.route.second = a.Hops
		a.Body.Close()
	}
	for _, find := range []func(context.Context) (Row, error){
		func(context.Context) (Row, error) { return tlsRow(r.tls, time.Now()), nil },
		r.http2, r.addresses, r.crowd,
	} {
		row, err := find(ctx)
		if err != nil {
			return err
		}
		r.seen(name, row)
	}
	for _, p := range connectionProbes() {
		row, err := r.probe(ctx, p)
		if err != nil {
			return err
		}
		r.seen(name, row)
	}
	return nil
}

func (r *run) seen(group string, row Row) {
	if row.Verdict == "" {
		return // there was nothing to ask
	}
	row.Group, row.Section = group, cite(row.Section)
	row.Asked, row.Came, row.Reason = ui.Safe(row.Asked), ui.Safe(row.Came), ui.Safe(row.Reason)
	r.report.Rows = append(r.report.Rows, row)
	if r.o.Seen != nil {
		r.o.Seen(row)
	}
}

// cite says where a section is, if no other RFC is named.
func cite(section string) string {
	if strings.HasPrefix(section, "RFC") {
		return section
	}
	return "RFC 9110, " + section
}

// refer gets the reference: what all other answers are held against.
func (r *run) refer(ctx context.Context, rawURL string) error {
	q := get()
	q.anew = true
	var hops []source.Hop
	var after time.Duration
	a, err := r.exchangeWith(ctx, r.asker, q, reference, func(re *source.Answer) {
		r.tls, hops = re.TLS, re.Hops
		r.facts.route = route{first: re.Hops, at: re.URL, query: re.Request.URL.Query()}
		r.report.Address, r.report.Proto = re.Remote.String(), re.Proto
		after = re.RetryAfter()
	})
	switch {
	case err != nil:
		return err
	case a.err != nil:
		return a.err
	case a.status < 300 && a.status != http.StatusOK:
		return scheduler.Permanent(&source.ProtocolError{Host: r.asker.Host(), Reason: fmt.Sprintf("it answers %d to a request for the whole file", a.status)})
	case a.status != http.StatusOK:
		return scheduler.Permanent(&source.StatusError{Code: a.status, URL: r.facts.route.at, After: after})
	}
	f := &r.facts
	f.name, f.reference, f.id, f.size = source.Name(rawURL), a, a.id, a.id.Size
	if f.size < 0 && a.whole {
		f.size = int64(len(a.body))
	}
	f.known.learn(0, a.body)
	f.digest(&f.reference)
	f.see(&f.reference)
	rep := r.report
	rep.Size, rep.Server = f.size, ui.Safe(a.header.Get("Server"))
	rep.ETag, rep.Modified = ui.Safe(f.tag()), ui.Safe(f.modified())
	if len(hops) > 0 {
		rep.At = f.route.at
	}
	if r.o.Begin != nil {
		r.o.Begin(*rep)
	}
	return nil
}

// probe makes one probe. Its row has no verdict if there was nothing to ask.
func (r *run) probe(ctx context.Context, p probe) (Row, error) {
	f := &r.facts
	row := Row{ID: p.id, Asked: p.asked, Rule: p.rule, Section: p.section}
	if p.ask == nil {
		row.Came = f.reference.String()
		if p.came != nil {
			row.Came = p.came(f)
		}
		row.Verdict, row.Reason = p.judge(f, &f.reference)
		return row, nil
	}
	if p.needs != nil {
		if why := p.needs(f); why == silent {
			return Row{}, nil
		} else if why != "" {
			row.Asked, row.Came, row.Verdict, row.Reason = p.id, "not asked", NotOffered, why
			return row, nil
		}
	}
	q := p.ask(f)
	row.Asked = q.String()
	a, err := r.exchange(ctx, r.asker, q, max(p.read, some))
	if err != nil {
		return r.unanswered(ctx, row, err)
	}
	if err := r.still(ctx, a.status); err != nil {
		return Row{}, err
	}
	wrong := look(f, &a)
	row.Came = a.String()
	if wrong != nil {
		row.Verdict, row.Reason, row.Section = Fail, wrong.reason, wrong.section
		return row, nil
	}
	f.digest(&a)
	if row.Verdict, row.Reason = p.judge(f, &a); row.Verdict == Pass && f.stray(&a) {
		row.Verdict, row.Reason = Allowed, "it says that it is of another version than the first answer"
	}
	f.see(&a)
	return row, nil
}

// mostRefusals is how many refusals in a row are taken for what the probes ask
// about, and no more for the end of the file, or of the server's patience.
const mostRefusals = 4

// still finds out, after some refusals in a row, whether the file is still
// there.
func (r *run) still(ctx context.Context, status int) error {
	switch {
	case status < 400, status == http.StatusBadRequest, status == http.StatusPreconditionFailed,
		status == http.StatusRequestedRangeNotSatisfiable, status == http.StatusMethodNotAllowed:
		r.refusals = 0
		return nil
	}
	if r.refusals++; r.refusals < mostRefusals {
		return nil
	}
	r.refusals = 0
	q := get()
	q.anew, q.fresh = true, true
	a, err := r.exchange(ctx, r.asker, q, some)
	if err == nil && a.status != r.facts.reference.status {
		err = scheduler.Permanent(&source.StatusError{Code: a.status, URL: r.facts.route.at})
	}
	return err
}

// unanswered judges that no answer came to what was asked, twice. If none comes
// to anything any more, that is the error, and there is no row.
func (r *run) unanswered(ctx context.Context, row Row, err error) (Row, error) {
	if ctx.Err() != nil {
		return Row{}, context.Cause(ctx)
	}
	q := get("Range", "bytes=0-0")
	q.fresh = true
	alive, again := r.ask(ctx, r.asker, q)
	if again != nil {
		return Row{}, err
	}
	alive.Body.Close()
	row.Came, row.Verdict, row.Section = "no answer", Fail, "9.1"
	row.Reason = "asked twice, though others are answered; every general-purpose server MUST have GET and HEAD: " + err.Error()
	return row, nil
}

// exchange asks, and reads the first bytes of the answer. What brings no answer,
// or half of one, is asked a second time, and so is what the server asks to be
// asked later, and what a link refuses that redirects led to; the second answer
// counts.
func (r *run) exchange(ctx context.Context, asker *source.Asker, q request, read int64) (answer, error) {
	return r.exchangeWith(ctx, asker, q, read, func(*source.Answer) {})
}

func (r *run) exchangeWith(ctx context.Context, asker *source.Asker, q request, read int64, also func(*source.Answer)) (a answer, err error) {
	first := q.anew
	for range 2 {
		var re *source.Answer
		if re, err = r.ask(ctx, asker, q); err != nil {
			if ctx.Err() != nil || scheduler.IsPermanent(err) {
				return answer{}, err
			}
			q.fresh = true
			continue
		}
		also(re)
		a = r.read(re, read)
		r.facts.line = append(r.facts.line, step{local: re.Local.String(), fresh: q.fresh, status: a.status, full: a.whole, close: a.closes})
		wait := max(re.RetryAfter(), shortest)
		switch {
		case ctx.Err() != nil:
			return answer{}, context.Cause(ctx)
		case a.err != nil:
			q.fresh = true
		case expired(a.status) && len(r.facts.route.first) > 0 && !q.anew:
			q.anew = true // the link that the redirects led to may have run out
		case a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable:
			if err := sleep(ctx, min(wait, longest)); err != nil {
				return answer{}, err
			}
		case q.anew && !first && !expired(a.status):
			r.facts.route.expired++
			return a, nil
		default:
			return a, nil
		}
	}
	return a, err
}

// expired says whether a link that has been good is answered so once its time is
// over.
func expired(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusGone:
		return true
	}
	return false
}

// shortest and longest are how long a server is waited for that has too much to
// do. It may be busy with what was asked of it before, and not read to the end.
const (
	shortest = 500 * time.Millisecond
	longest  = 10 * time.Second
)

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func stalled(d time.Duration) error { return fmt.Errorf("%w for %v", scheduler.ErrStalled, d) }

// ask sends one request.
func (r *run) ask(ctx context.Context, asker *source.Asker, q request) (*source.Answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.o.Timeout, stalled(r.o.Timeout))
	r.report.Requests++
	re, err := asker.Ask(ctx, source.Request{Method: q.method, Header: q.header(), Anew: q.anew, Fresh: q.fresh})
	if err != nil {
		cancel()
		return nil, err
	}
	re.Body = &ending{re.Body, cancel}
	return re, nil
}

// An ending body ends the context of its request when it is closed.
type ending struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (e *ending) Close() error {
	err := e.ReadCloser.Close()
	e.cancel()
	return err
}

// read makes an answer of the first n bytes.
func (r *run) read(re *source.Answer, n int64) answer {
	a := answer{method: re.Request.Method, status: re.StatusCode, proto: re.Proto, header: re.Header, length: re.ContentLength,
		id: re.Identity(), coding: re.Coding(), kind: re.Kind(), closes: re.Close}
	a.body, a.whole, a.err = re.Prefix(n)
	r.report.Bytes += int64(len(a.body))
	return a
}
