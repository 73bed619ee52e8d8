package source

import (
	"strings"
	"testing"
)

func TestMismatch(t *testing.T) { // cases 30 and 40
	rows := []struct{ name, want, got, says string }{
		{"big.iso", "", "text/html", "it sends a web page (text/html) in place of big.iso"},
		{"BIG.ISO", "", "application/xhtml+xml", "a web page"},
		{"a.tar.gz", "", "text/html", "a web page"},
		{"a.png", "", "text/html", "a web page"},
		{"a.mp4", "", "text/html", "a web page"},
		{"a.exe", "", "text/html", "a web page"},
		{"a.safetensors", "", "text/html", "a web page"},
		{"big.iso", "", "application/metalink4+xml", "it sends a list of mirrors (application/metalink4+xml) in place of big.iso"},
		{"big.iso", "", "application/metalink+xml", "a list of mirrors"},

		{"big.iso", "", "", ""},
		{"big.iso", "", "application/octet-stream", ""},
		{"big.iso", "", "text/plain", ""},
		{"big.iso", "", "application/x-iso9660-image", ""},
		{"a.tar.gz", "", "application/x-tar", ""},
		{"a", "", "text/html", ""},
		{"download", "", "text/html", ""},
		{"v1.2", "", "text/html", ""},
		{"a.html", "", "text/html", ""},
		{"a.htm", "", "text/html", ""},
		{"a.php", "", "text/html", ""},
		{"a.asp", "", "text/html", ""},
		{"a.json", "", "text/html", ""},
		{"a.xhtml", "", "application/xhtml+xml", ""},
		{"a.html.gz", "", "text/html", ""},
		{"A.HTML.GZ", "", "text/html", ""},
		{"a.iso.meta4", "", "application/metalink4+xml", ""},
		{"a.iso.metalink", "", "application/metalink+xml", ""},
		{"", "", "text/html", ""},

		{"big.iso", "any", "text/html", ""},
		{"big.iso", "any", "", ""},
		{"big.iso", "text/html", "text/html", ""},
		{"big.iso", "text/*", "text/html", ""},
		{"big", "application/zip", "application/zip", ""},
		{"big", "application/zip", "application/octet-stream", "it sends application/octet-stream, and application/zip was expected"},
		{"big", "application/*", "application/octet-stream", ""},
		{"big", "application/*", "text/html", "it sends text/html, and application/* was expected"},
		{"big", "app/*", "application/zip", "was expected"},
		{"big", "application/zip", "", "it does not say what it sends, and application/zip was expected"},
		{"big", "application/zip", "x/\x1b[2J", `it sends x/\x1b[2J, and`},
	}
	for _, row := range rows {
		got := Mismatch(row.name, row.want, row.got)
		if (got == "") != (row.says == "") || !strings.Contains(got, row.says) {
			t.Errorf("%s, %q, %q: %q, want %q", row.name, row.want, row.got, got, row.says)
		}
	}
}
