package ui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"braid/scheduler"
	"braid/segment"
)

// eventEvery is how often a transfer's progress becomes an event.
const eventEvery = 500 * time.Millisecond

// events tells a program: one JSON object a line on Out, as
// events.schema.json says. What is unknown is absent. Warnings and errors
// reach people on Err as well.
type events struct {
	*console
	out sync.Mutex
}

// A head begins every event.
type head struct {
	V    int    `json:"v"` // rises when an event changes so that old readers go wrong
	T    string `json:"t"`
	Type string `json:"type"`
	ID   int    `json:"id,omitempty"`
}

func at(kind string, id int) head {
	return head{V: 1, T: time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), Type: kind, ID: id}
}

// A problem is an error as an event tells it.
type problem struct {
	Kind      string `json:"kind"`
	Msg       string `json:"msg"`
	Code      int    `json:"code,omitempty"`
	Status    int    `json:"status,omitempty"`
	Retryable *bool  `json:"retryable,omitempty"`
	Hint      string `json:"hint,omitempty"`
}

// emit writes one event. Nobody hears if Out is closed; the download goes on.
func (e *events) emit(event any) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false) // URLs are full of &
	if err := enc.Encode(event); err != nil {
		panic("ui: an event that is no JSON: " + err.Error())
	}
	e.out.Lock()
	defer e.out.Unlock()
	e.o.Out.Write(Inert(line.Bytes()))
}

// Inert is a line of JSON with everything escaped that a terminal might obey,
// which changes nothing of what a program reads.
func Inert(line []byte) []byte {
	if !bytes.ContainsFunc(line[:len(line)-1], obeyed) {
		return line
	}
	var b strings.Builder
	for _, r := range string(line) {
		if r != '\n' && obeyed(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return []byte(b.String())
}

// Note implements Reporter: programs have the events.
func (e *events) Note(string) {}

// Warn implements Reporter.
func (e *events) Warn(text string) {
	e.emit(struct {
		head
		Msg string `json:"msg"`
	}{at("warning", 0), e.o.text(text)})
	e.console.Warn(text)
}

// Exit implements Reporter.
func (e *events) Exit(x Exit) {
	e.emit(struct {
		head
		Code      int `json:"code"`
		OK        int `json:"ok"`
		Failed    int `json:"failed"`
		Resumable int `json:"resumable"`
	}{at("exit", 0), x.Code, x.OK, x.Failed, x.Resumable})
	e.repeated()
}

// Begin implements Reporter.
func (e *events) Begin(id int, url, output string) Transfer {
	e.emit(struct {
		head
		URL    string `json:"url"`
		Output string `json:"output,omitempty"`
	}{at("start", id), e.o.Redact(url), output})
	return &eventTransfer{events: e, id: id, name: label(output, url)}
}

type eventTransfer struct {
	*events
	id   int
	name string
	size int64
}

func (t *eventTransfer) Probe(id segment.Identity, ranges bool, proto string, resumed int64) {
	t.size = id.Size
	modified := ""
	if !id.Modified.IsZero() {
		modified = id.Modified.UTC().Format(time.RFC3339)
	}
	t.emit(struct {
		head
		Total    *int64 `json:"total,omitempty"`
		ETag     string `json:"etag,omitempty"`
		Modified string `json:"modified,omitempty"`
		Ranges   bool   `json:"accept_ranges"`
		Proto    string `json:"proto,omitempty"`
		Resumed  int64  `json:"resumed,omitempty"`
	}{at("probe", t.id), known(id.Size), id.ETag, modified, ranges, proto, resumed})
}

func (t *eventTransfer) Watch(j *scheduler.Job) (stop func()) { return t.watch(j) }

func (t *eventTransfer) watch(j watched) (stop func()) {
	told := t.total == nil
	tell := func() {
		told = true
		t.progress(j.Stats())
	}
	end := every(eventEvery, tell)
	return sync.OnceFunc(func() {
		end()
		if told { // of many small files it is enough how they end
			tell()
		}
	})
}

// progress counts as done only what would survive a crash.
func (t *eventTransfer) progress(s scheduler.Stats) {
	var eta *float64
	if d := s.ETA(); d >= 0 {
		seconds := math.Round(d.Seconds()*10) / 10
		eta = &seconds
	}
	t.emit(struct {
		head
		Done  int64    `json:"done"`
		Total *int64   `json:"total,omitempty"`
		BPS   int64    `json:"bps"`
		ETA   *float64 `json:"eta_s,omitempty"`
		Conns int      `json:"conns"`
	}{at("progress", t.id), s.Durable, known(s.Size), int64(s.Rate), eta, s.Active})
}

func (t *eventTransfer) Retry(e scheduler.Event) {
	if t.o.ended(e.Err) {
		return
	}
	yes := true
	p := problem{Kind: "other", Retryable: &yes}
	if e.Err != nil {
		p.Kind, p.Msg = t.o.Kind(e.Err), t.o.text(e.Err.Error())
	}
	t.emit(struct {
		head
		Segment int     `json:"segment"`
		Offset  int64   `json:"offset"`
		Attempt int     `json:"attempt"`
		Delay   int64   `json:"delay_ms"`
		Error   problem `json:"error"`
	}{at("retry", t.id), e.Worker, e.Range.Off, e.Try, e.Wait.Milliseconds(), p})
}

func (t *eventTransfer) Verify(algorithm string, total int64, done func() int64) (stop func()) {
	tell := func() {
		t.emit(struct {
			head
			Algorithm string `json:"algorithm"`
			Done      int64  `json:"done"`
			Total     *int64 `json:"total,omitempty"`
		}{at("verify", t.id), algorithm, done(), known(total)})
	}
	end := every(eventEvery, tell)
	return sync.OnceFunc(func() {
		end()
		tell()
	})
}

func (t *eventTransfer) End(r Result) {
	seconds := math.Round(r.Elapsed.Seconds()*100) / 100
	if r.Err == nil {
		t.emit(struct {
			head
			Output  string  `json:"output"`
			Bytes   int64   `json:"bytes"`
			Wire    int64   `json:"wire_bytes"`
			Elapsed float64 `json:"elapsed_s"`
			Resumed int64   `json:"resumed"`
			Retries int     `json:"retries"`
			Digest  string  `json:"digest,omitempty"`
		}{at("done", t.id), r.Output, r.Bytes, r.Wire, seconds, r.Resumed, r.Retries, r.Verified})
		return
	}
	again := retryable(r)
	t.emit(struct {
		head
		Error     problem `json:"error"`
		Elapsed   float64 `json:"elapsed_s"`
		Resumable bool    `json:"resumable"`
	}{at("error", t.id), problem{
		Kind: r.Kind, Msg: t.o.text(r.Err.Error()), Code: r.Code, Status: r.Status, Retryable: &again, Hint: t.o.text(r.Hint),
	}, seconds, r.Resumable})
	t.line(t.failure(t.name, t.size, r))
}

// retryable says whether the same command may do better later, with nothing
// changed by anyone here.
func retryable(r Result) bool {
	switch r.Kind {
	case "network", "timeout", "locked":
		return true
	case "http":
		return r.Status >= 500 || r.Status == 408 || r.Status == 429
	}
	return false
}

// known is n, or nothing if n is negative: unknown.
func known(n int64) *int64 {
	if n < 0 {
		return nil
	}
	return &n
}
