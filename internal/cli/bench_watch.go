package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"braid/internal/bench"
	"braid/internal/ui"
)

// A watcher shows how a benchmark stands: a panel on a terminal, events for a
// program, a line now and then for anything else.
type watcher struct {
	*env
	o     benchOptions
	panel *ui.Panel // nil if there is no terminal
	last  time.Time // when something was last told
	begun bool
}

// How often a program and a pipe are told how a benchmark stands.
const (
	benchEvent = 500 * time.Millisecond
	benchLine  = 5 * time.Second
)

func (w *watcher) watch(l bench.Live) {
	now := time.Now()
	switch {
	case w.o.JSON:
		if now.Sub(w.last) >= benchEvent {
			w.last = now
			w.emit("sample", l.Sample())
		}
	case w.o.Quiet, !w.o.Progress:
	case w.panel != nil:
		w.panel.Draw(l.Lines)
	case now.Sub(w.last) >= benchLine:
		if w.begun = w.begun || !w.last.IsZero(); w.begun {
			fmt.Fprintln(w.err, "bench: "+l.Line())
		}
		w.last = now
	}
}

func (w *watcher) end() {
	if w.panel != nil {
		w.panel.Clear()
	}
}

func (w *watcher) result(r *bench.Result) {
	if w.o.JSON {
		w.emit("result", r)
		return
	}
	var table strings.Builder // which cannot fail
	_ = r.Table(&table)
	for line := range strings.Lines(table.String()) { // there are words of the server's in it, such as names in a certificate
		if _, err := fmt.Fprintln(w.out, ui.Safe(strings.TrimSuffix(line, "\n"))); err != nil {
			fmt.Fprintln(w.env.err, "braid: "+ui.Safe(err.Error()))
			return
		}
	}
}

// exit tells a program how the run ended.
func (w *watcher) exit(ctx context.Context, err error) error {
	if w.o.JSON {
		code := exitCode(ctx, err)
		w.emit("exit", struct {
			Code int    `json:"code"`
			Kind string `json:"kind"`
		}{code, kind(code)})
	}
	return err
}

// emit writes an event: its head as all of braid's have it, and what is told under
// the name of its type.
func (w *watcher) emit(name string, what any) {
	line, err := json.Marshal(map[string]any{"v": 1, "t": time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), "type": name, name: what})
	if err == nil {
		w.out.Write(ui.Inert(append(line, '\n')))
	}
}
