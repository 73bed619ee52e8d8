package source

import (
	"net/http"
	"strings"
	"testing"

	"braid/scheduler/source/nametest"
)

// disposed is the name that a Content-Disposition gives, or "none".
func disposed(value string) string {
	name, ok := Disposition(http.Header{"Content-Disposition": {value}})
	if !ok {
		return "none"
	}
	return name
}

// quoted is the name that a server gives which quotes it well.
func quoted(name string) string {
	return disposed(`attachment; filename="` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(name) + `"`)
}

func TestDisposition(t *testing.T) {
	rows := []struct{ in, want string }{
		{`attachment; filename=a.zip`, "a.zip"},
		{`attachment; filename="a.zip"`, "a.zip"},
		{`ATTACHMENT;FILENAME="a.zip"`, "a.zip"},
		{`inline; filename="a.zip"`, "a.zip"},
		{`form-data; name=x; filename="a.zip"`, "a.zip"},
		{`attachment ; filename = "a.zip" ;`, "a.zip"},
		{`attachment; filename=a b.zip; size=5`, "a b.zip"},
		{`attachment; filename="a;b=c.zip"`, "a;b=c.zip"},
		{`attachment; filename="a \"b\".zip"`, "a _b_.zip"},
		{`attachment; filename="a%20b.zip"`, "a%20b.zip"},
		{`attachment; filename="=?UTF-8?B?YS56aXA=?="`, "=_UTF-8_B_YS56aXA=_="},
		{`attachment; filename="na\u00efve.zip"`, "u00efve.zip"},
		{"attachment; filename=\"na\u00efve.zip\"", "naïve.zip"},
		{"attachment; filename=\"na\xefve.zip\"", "naïve.zip"},

		// RFC 8187 and the examples of RFC 6266, section 5.
		{`attachment; filename="EURO rates"; filename*=utf-8''%e2%82%ac%20rates`, "€ rates"},
		{`attachment; filename*=UTF-8''%e2%82%ac%20rates; filename="EURO rates"`, "€ rates"},
		{`attachment; filename*=iso-8859-1'en'%A3%20rates`, "£ rates"},
		{`attachment; filename*=UTF-8'de'na%C3%AFve`, "naïve"},
		{`attachment; filename*=UTF-8''o'neill(1).txt`, "o'neill(1).txt"},
		{`attachment; filename=plain; filename*=KOI8-R''%c1`, "plain"},
		{`attachment; filename=plain; filename*=UTF-8''%ff`, "plain"},
		{`attachment; filename=plain; filename*=UTF-8''a%ff`, "plain"},
		{`attachment; filename=plain; filename*=UTF-8''%zz`, "plain"},
		{`attachment; filename=plain; filename*=UTF-8''%`, "plain"},
		{`attachment; filename=plain; filename*=UTF-8'x`, "plain"},
		{`attachment; filename=plain; filename*=x`, "plain"},
		{`attachment; filename=plain; filename*=UTF-8''..`, "plain"},
		{`attachment; filename=plain; filename*=UTF-8''`, "plain"},
		{`attachment; filename=plain; filename*0=evil; filename*1*=worse`, "plain"},
		{`attachment; xfilename=evil; filename=plain`, "plain"},

		// No path, and nothing else that a name must not be.
		{`attachment; filename="/etc/passwd"`, "passwd"},
		{`attachment; filename="../../.ssh/authorized_keys"`, "authorized_keys"},
		{`attachment; filename="C:\Users\me\a.txt"`, "a.txt"},
		{`attachment; filename="C:\\Users\\me\\a.txt"`, "a.txt"},
		{`attachment; filename*=UTF-8''..%2f..%2f.bashrc`, "_bashrc"},
		{`attachment; filename*=UTF-8''..%5c..%5cx`, "x"},
		{`attachment; filename="c:x"`, "c_x"},
		{`attachment; filename=".bashrc"`, "_bashrc"},
		{`attachment; filename="nul.txt"`, "_nul.txt"},
		{`attachment; filename="big.iso.part.ck"`, "big.iso.part.ck_"},

		// No name.
		{``, "none"},
		{`attachment`, "none"},
		{`attachment;`, "none"},
		{`attachment; filename`, "none"},
		{`attachment; filename=`, "none"},
		{`attachment; filename=""`, "none"},
		{`attachment; filename=".."`, "none"},
		{`attachment; filename="x/"`, "none"},
		{`attachment; filename="..\"`, "none"},
		{`attachment; filename="x`, "none"},
		{`attachment; filename="x\`, "none"},
		{`attachment; filename="x"y`, "none"},
		{`attachment; filename="x"y=z`, "none"},
		{`attachment; filename=x"y"`, "none"},
		{`attachment; filename="x"; filename="evil.html"`, "none"},
		{`attachment; filename=x; FileName=y`, "none"},
		{`attachment; filename*=UTF-8''x; filename*=UTF-8''y`, "none"},
		{`filename=x`, "none"},
		{`"attachment"; filename=x`, "none"},
		{`attachment; =x; filename=y`, "none"},
		{`attachment; filename=` + strings.Repeat("x", maxDisposition), "none"},
	}
	for _, row := range rows {
		if got := disposed(row.in); got != row.want {
			t.Errorf("%s: %q, want %q", clean(row.in, 100), got, row.want)
		}
	}
	twice := http.Header{"Content-Disposition": {"attachment; filename=a", "attachment; filename=b"}}
	if name, ok := Disposition(twice); ok {
		t.Errorf("two lines: %q", name)
	}
}

func FuzzDisposition(f *testing.F) {
	for _, s := range []string{
		"attachment", `attachment; filename="a.zip"`, `inline; filename=a b; filename*=UTF-8'en'%e2%82%ac`, `a; b="\"\\"; filename*=ISO-8859-1''%A3`,
		`attachment; filename="C:\x\..\nul.txt"`, `attachment;;`, "attachment; filename=\"\xff\x00\x1b\"", `attachment; filename="a"; filename="b"`,
	} {
		f.Add(s)
	}
	for _, h := range nametest.Hostile() {
		f.Add("attachment; filename*=UTF-8''" + percent(h.Raw))
		f.Add(`attachment; filename="` + h.Raw + `"`)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, ok := Disposition(http.Header{"Content-Disposition": {s}})
		if ok != (name != "") {
			t.Errorf("%q, %v", name, ok)
		}
		if harm := nametest.Harm(name); ok && harm != "" {
			t.Errorf("%q %s", name, harm)
		}
	})
}
