package server

import (
	"mime"
	"testing"
)

func TestAttachment(t *testing.T) {
	tests := []struct {
		row              int
		name, want, read string
	}{
		{89, "a b.txt", `attachment; filename="a b.txt"`, "a b.txt"},
		{89, "dir/x.iso", `attachment; filename="x.iso"`, "x.iso"},
		{89, "a\r\nb\x7f", `attachment; filename="a__b_"`, "a__b_"},
		{89, "{a}'(b).txt", `attachment; filename="{a}'(b).txt"`, "{a}'(b).txt"},
		{90, "€ rates", `attachment; filename="_ rates"; filename*=UTF-8''%E2%82%AC%20rates`, "€ rates"},
		{90, "100%41.txt", `attachment; filename="100_41.txt"; filename*=UTF-8''100%2541.txt`, "100%41.txt"},
		{90, "é!#$&+-.^_`|~'()*", "attachment; filename=\"_!#$&+-.^_`|~'()*\"; filename*=UTF-8''%C3%A9!#$&+-.^_`|~%27%28%29%2A", "é!#$&+-.^_`|~'()*"},
		{90, "a\u0085é", `attachment; filename="a__"; filename*=UTF-8''a_%C3%A9`, "a_é"},
		{91, `x"; filename="evil.html`, `attachment; filename="x_; filename=_evil.html"; filename*=UTF-8''x%22%3B%20filename%3D%22evil.html`, `x"; filename="evil.html`},
		{91, `a\b`, `attachment; filename="b"`, "b"},
	}
	for _, tt := range tests {
		got := attachment(tt.name)
		if got != tt.want {
			t.Errorf("row %d: attachment(%q) = %s\nwant %s", tt.row, tt.name, got, tt.want)
		}
		kind, params, err := mime.ParseMediaType(got)
		if err != nil || kind != "attachment" || len(params) != 1 || params["filename"] != tt.read {
			t.Errorf("row %d: %s reads as %s %q, %v; want %q", tt.row, got, kind, params, err, tt.read)
		}
	}
}
