package source

import (
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	rows := []struct{ in, want string }{
		{"https://example.com/a.zip", "https://example.com/a.zip"},
		{"https://user:canary@example.com/a", "https://example.com/a"},
		{"https://canary@example.com/a", "https://example.com/a"},
		{"https://example.com/a#canary", "https://example.com/a"},
		{"https://example.com/a?page=canary&lang=canary", "https://example.com/a?page=REDACTED&lang=REDACTED"},
		{"https://example.com/a?sig=canary&page=2", "https://example.com/a?sig=REDACTED&page=REDACTED"},
		{"https://example.com/a?b=1;token=canary", "https://example.com/a?b=REDACTED;token=REDACTED"},
		{"https://example.com/a?Signature=canary==", "https://example.com/a?Signature=REDACTED"},
		{"https://example.com/a?X-Amz-Credential=canary&X-Amz-Date=canary", "https://example.com/a?X-Amz-Credential=REDACTED&X-Amz-Date=REDACTED"},
		{"https://example.com/a?x-goog-foo=canary", "https://example.com/a?x-goog-foo=REDACTED"},
		{"https://example.com/a?api%5Fk%65y=canary", "https://example.com/a?api%5Fk%65y=REDACTED"},
		{"https://example.com/a?API_KEY=canary", "https://example.com/a?API_KEY=REDACTED"},
		{"https://example.com/a?access_token=canary", "https://example.com/a?access_token=REDACTED"},
		{"https://example.com/a?PASSWORD=canary", "https://example.com/a?PASSWORD=REDACTED"},
		{"https://example.com/a?Key-Pair-Id=canary&Policy=canary", "https://example.com/a?Key-Pair-Id=REDACTED&Policy=REDACTED"},
		{"https://example.com/a?canarycanarycanary", "https://example.com/a?REDACTED"},
		{"https://example.com/a?sig=", "https://example.com/a?REDACTED"},
		{"https://example.com/a?canary=", "https://example.com/a?REDACTED"},
		{"https://example.com/a?canary==", "https://example.com/a?REDACTED"},
		{"https://example.com/a?canary&x=canary&canary", "https://example.com/a?REDACTED&x=REDACTED&REDACTED"},
		{"https://example.com/a?hm=canary&st=canary&t=canary&verify=canary", "https://example.com/a?hm=REDACTED&st=REDACTED&t=REDACTED&verify=REDACTED"},
		{"https://example.com/a?canary12", "https://example.com/a?REDACTED"},
		{"https://example.com/a?seed=7", "https://example.com/a?seed=REDACTED"},
		{"https://example.com/a?&&x=1", "https://example.com/a?&&x=REDACTED"},
		{"https://example.com/a?\u202e=1", `https://example.com/a?\u202e=REDACTED`},
		{"https://example.com/a\u202eb", "https://example.com/a%E2%80%AEb"},
		{"https://u:canary@example.com:x/a", "…example.com:x/a"},
		{"https://u:canary%zz@example.com/?canary", "…example.com/"},
		{"https://example.com/\x1b[2J?canary", `https://example.com/\x1b[2J`},
		{"http:u:canary@example.com", "…example.com"},
		{"http://canary:p#ssw0rd@h/f", "…"},
		{"http://canary:p?ssw0rd@h/f", "…"},
		{"http://canary:p/ssw0rd@h/f", "…h/f"},
		{"http://canary:1#canary@h/f", "…"},
		{"http://canary:1?canary@h/f", "…"},
		{"http://canary:1/canary@h/f", "…h/f"},
		{"http://user:canary@canary#canary@h/f", "…"},
		{"http://user:canary@canary?canary@h/f", "…"},
		{"http://user:canary@canary/canary@h/f", "…h/f"},
		{"http://canary#canary@h/f", "…"},
		{"http://user:canary@canary@h/f?x=y", "http://h/f?x=REDACTED"},
		{"http://h:bad/f?mail=me@canary", "…"},
		{"http:///u:canary@h/f", "…h/f"},
		{"http:/u:canary@h/f?canary", "…h/f"},
		{"https://example.com/@scope/p@1.2.tgz", "https://example.com/@scope/p@1.2.tgz"},
		{"https://example.com/f?mail=me@canary", "https://example.com/f?mail=REDACTED"},
		{"a.zip", "a.zip"},
		{"", ""},
	}
	for _, row := range rows {
		got := Redact(row.in)
		if got != row.want {
			t.Errorf("%q: %s, want %s", row.in, got, row.want)
		}
		if strings.Contains(got, "canary") {
			t.Errorf("%q: %s tells a secret", row.in, got)
		}
	}
}

func TestClean(t *testing.T) {
	rows := []struct {
		in    string
		limit int
		want  string
	}{
		{"plain", 9, "plain"},
		{"a\r\nb\tc", 99, `a\r\nb\tc`},
		{"\x1b[31mred\x00", 99, `\x1b[31mred\x00`},
		{"\u0085\u202e\u2028", 99, `\u0085\u202e\u2028`},
		{"\xff\xfe", 99, `\xff\xfe`},
		{"日本", 99, "日本"},
		{"日本", 4, "日…"},
		{"abcdef", 3, "abc…"},
	}
	for _, row := range rows {
		if got := clean(row.in, row.limit); got != row.want {
			t.Errorf("%q: %s, want %s", row.in, got, row.want)
		}
	}
}
