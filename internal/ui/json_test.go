package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"braid/scheduler"
	"braid/segment"
)

func TestEvents(t *testing.T) {
	for name, end := range map[string]Result{"events-good.txt": goodEnd(), "events-bad.txt": badEnd()} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out, err bytes.Buffer
				tell(For(Options{JSON: true, Out: &out, Err: &err, Redact: redact, Kind: func(error) string { return "network" }}), end)
				checkSchema(t, out.String())
				var told strings.Builder // 40 equal progress lines teach nothing
				for i, line := range strings.SplitAfter(out.String(), "\n") {
					if !strings.Contains(line, `"progress"`) || i < 8 || strings.Contains(line, `"conns":0`) {
						told.WriteString(line)
					}
				}
				golden(t, name, "-- stdout\n"+told.String()+"-- stderr\n"+err.String())
			})
		})
	}
}

func TestProgressComesTwiceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		tr := For(Options{JSON: true, Out: &out, Err: &out}).Begin(1, "https://a.example/f", "")
		j, _ := halfway()
		stop := tr.(*eventTransfer).watch(j)
		time.Sleep(10*time.Second + time.Millisecond)
		stop()
		if got := strings.Count(out.String(), `"type":"progress"`); got != 21 {
			t.Errorf("%d progress events in 10 seconds, want 20 and the last", got)
		}
	})
}

func TestUnknownNumbersAreAbsent(t *testing.T) {
	var out bytes.Buffer
	tr := For(Options{JSON: true, Out: &out, Err: &out}).Begin(1, "https://a.example/f", "").(*eventTransfer)
	tr.Probe(segment.Identity{Size: -1}, false, "", 0)
	tr.progress(scheduler.Stats{Size: -1, Written: 5})
	for _, word := range []string{"total", "eta_s", "etag", "output", "null", ":-1"} {
		if strings.Contains(out.String(), word) {
			t.Errorf("%s in\n%s", word, out.String())
		}
	}
	checkSchema(t, out.String())
}

func TestEventsAreDataButInert(t *testing.T) {
	name := "a\x1b[2J\u202eb\u009b&<>\x7f.iso"
	var out bytes.Buffer
	For(Options{JSON: true, Out: &out, Err: &out}).Begin(1, "https://a.example/?a=1&b=2", name)
	if strings.ContainsFunc(strings.TrimSuffix(out.String(), "\n"), obeyed) || !strings.Contains(out.String(), "a=1&b=2") {
		t.Errorf("%q", out.String())
	}
	var back struct{ Output string }
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.Output != name {
		t.Errorf("a program reads %q, %v; want %q", back.Output, err, name)
	}
}

func TestRetryable(t *testing.T) {
	for _, c := range []struct {
		r    Result
		want bool
	}{
		{Result{Kind: "network"}, true}, {Result{Kind: "timeout"}, true}, {Result{Kind: "locked"}, true},
		{Result{Kind: "http", Status: 503}, true}, {Result{Kind: "http", Status: 429}, true},
		{Result{Kind: "http", Status: 404}, false}, {Result{Kind: "io", Resumable: true}, false}, {Result{Kind: "integrity"}, false},
	} {
		if got := retryable(c.r); got != c.want {
			t.Errorf("%+v: %v", c.r, got)
		}
	}
}

func TestAClosedStdoutStopsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tell(For(Options{JSON: true, Out: broken{}, Err: broken{}}), goodEnd())
	})
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// A schema is as much of JSON Schema as events.schema.json uses.
type schema struct {
	Ref        string            `json:"$ref"`
	Type       string            `json:"type"`
	Const      any               `json:"const"`
	Enum       []any             `json:"enum"`
	Required   []string          `json:"required"`
	Properties map[string]schema `json:"properties"`
	OneOf      []schema          `json:"oneOf"`
	Defs       map[string]schema `json:"$defs"`
}

// checkSchema holds every line against the schema, and is stricter than it: a
// field that the schema does not name is one that nobody documented.
func checkSchema(t *testing.T, lines string) {
	t.Helper()
	raw, err := os.ReadFile("events.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var root schema
	if err := json.Unmarshal(raw, &root); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(lines) {
		var event map[string]any
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Errorf("%v: %s", err, line)
			continue
		}
		kind, _ := event["type"].(string)
		def, ok := root.Defs[kind]
		if !ok || kind == "problem" {
			t.Errorf("the schema has no %q: %s", kind, line)
			continue
		}
		all := schema{Type: "object", Required: append(root.Required, def.Required...), Properties: map[string]schema{}}
		for _, from := range []schema{root, def} {
			for k, v := range from.Properties {
				all.Properties[k] = v
			}
		}
		if err := root.check(all, event); err != nil {
			t.Errorf("%v: %s", err, line)
		}
	}
}

func (root schema) check(s schema, v any) error {
	if s.Ref != "" {
		s = root.Defs[strings.TrimPrefix(s.Ref, "#/$defs/")]
	}
	if s.Const != nil && s.Const != v {
		return fmt.Errorf("%v is not %v", v, s.Const)
	}
	ok := true
	switch s.Type {
	case "string":
		_, ok = v.(string)
	case "boolean":
		_, ok = v.(bool)
	case "number":
		_, ok = v.(float64)
	case "integer":
		n, is := v.(float64)
		ok = is && n == float64(int64(n))
	case "object":
		object, is := v.(map[string]any)
		if !is {
			return fmt.Errorf("%v is no object", v)
		}
		for _, name := range s.Required {
			if _, has := object[name]; !has {
				return fmt.Errorf("%s is missing", name)
			}
		}
		for name, value := range object {
			p, known := s.Properties[name]
			if !known {
				return fmt.Errorf("%s is not in the schema", name)
			}
			if err := root.check(p, value); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	if !ok {
		return fmt.Errorf("%v is no %s", v, s.Type)
	}
	return nil
}
