package ui

import (
	"bytes"
	"fmt"
	"os"
	"testing"
)

func TestFor(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{}, "*ui.lines"},
		{Options{Err: null}, "*ui.lines"}, // a character device, and no terminal
		{Options{NoProgress: true}, "*ui.lines"},
		{Options{Quiet: true, NoProgress: true}, "*ui.quiet"},
		{Options{JSON: true, Quiet: true}, "*ui.events"},
	} {
		if c.o.Err == nil {
			c.o.Err = &bytes.Buffer{}
		}
		if got := fmt.Sprintf("%T", For(c.o)); got != c.want {
			t.Errorf("%+v: %s, want %s", c.o, got, c.want)
		}
	}
}

func TestColored(t *testing.T) {
	for _, c := range []struct {
		flag, env string
		terminal  bool
		want      bool
	}{
		{"auto", "", true, true},
		{"auto", "", false, false},
		{"always", "NO_COLOR", false, true},
		{"never", "FORCE_COLOR", true, false},
		{"auto", "NO_COLOR", true, false},
		{"auto", "FORCE_COLOR", false, true},
		{"auto", "CLICOLOR_FORCE", false, true},
		{"", "", true, true},
	} {
		for _, name := range []string{"NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"} {
			t.Setenv(name, map[bool]string{true: "1"}[name == c.env])
		}
		t.Setenv("TERM", "xterm")
		if got := colored(c.flag, c.terminal); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	t.Setenv("CLICOLOR_FORCE", "")
	t.Setenv("TERM", "dumb")
	if colored("auto", true) {
		t.Error("a dumb terminal gets colours")
	}
}
