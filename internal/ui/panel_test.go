package ui

import (
	"bytes"
	"testing"
)

// Each picture takes the place of the one before, whatever their heights, and no
// line of it is wider than the terminal or obeyed by it.
func TestPanel(t *testing.T) {
	var b bytes.Buffer
	columns := 31
	p := &Panel{to: &b, width: func() int { return columns }}
	draw := func(lines ...string) string {
		b.Reset()
		p.Draw(func(width int) []string {
			if width != columns-1 {
				t.Errorf("asked for %d columns of %d", width, columns)
			}
			return lines
		})
		return b.String()
	}
	for _, row := range []struct{ got, want string }{
		{draw("one", "two  "), home + "one\n" + home + "two\n"},
		{draw("three", "", "fo\x1b[31mur"), "\r\x1b[2A\x1b[J" + home + "three\n" + home + "\n" + home + `fo\x1b[31mur` + "\n"},
		{draw("0123456789012345678901234567890123"), "\r\x1b[3A\x1b[J" + home + "01234567890123456789012345678…\n"},
	} {
		if row.got != row.want {
			t.Errorf("%q, want %q", row.got, row.want)
		}
	}
	columns = narrowest - 1
	p.Draw(func(int) []string { t.Error("drawn in too few columns"); return nil })
	b.Reset()
	p.Clear()
	p.Clear()
	if got, want := b.String(), "\r\x1b[1A\x1b[J"; got != want {
		t.Errorf("cleared by %q, want %q", got, want)
	}
	if NewPanel(&b) != nil {
		t.Error("a panel on what is no terminal")
	}
}
