package cli

import (
	"braid/internal/ui"
	"braid/scheduler/source"
)

// screen is what every command that shows a download lets people choose.
type screen struct {
	JSON, Quiet bool
	Progress    bool
	Color       string
}

func newScreen() screen { return screen{Progress: true, Color: "auto"} }

func (s *screen) flags() []*option {
	return []*option{
		{name: "progress", group: "screen", on: true, use: "show how far it is", set: toggle(&s.Progress)},
		{name: "quiet", aliases: []string{"q", "s", "silent"}, group: "screen", use: "say nothing but errors and warnings", set: toggle(&s.Quiet)},
		{name: "json", group: "screen", use: "events on stdout, one JSON object a line; see braid help json", set: toggle(&s.JSON)},
		s.color(),
	}
}

func (s *screen) color() *option {
	return &option{
		name: "color", arg: "WHEN", group: "screen", def: "auto", use: "colours: auto, always or never",
		set: into(&s.Color, choice("auto", "always", "never")),
	}
}

// reporter is the reporter that the user chose; retries is how often something
// is asked for again in a row.
func (s *screen) reporter(e *env, retries int) ui.Reporter {
	return ui.For(ui.Options{
		Out: e.out, Err: e.err,
		JSON: s.JSON, Quiet: s.Quiet, NoProgress: !s.Progress, Color: s.Color,
		Retries: retries,
		Redact:  source.Redact,
		Kind:    kindOf,
	})
}
