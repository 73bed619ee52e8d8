package source

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Of RFC 9530, appendix B: {"hello": "world"} and a line feed.
const (
	hello256 = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
	hello512 = "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:"
)

func TestReprDigest(t *testing.T) {
	sum256 := "sha256:44aff4ab2d7c3250525675a08f0cfa9591168cffe51791c5f5bbc417c15a6c38"
	sum512 := "sha512:60c01a9b9d49cff8ce0134faff3bc7acb5603984c6172d5de862623874e886ae323fea60938bdfd9a0acc9164eb70f0c8e433b8b0ef267f5a4a6998ce384f7aa"
	rows := []struct{ in, want string }{
		{hello256, sum256},
		{hello512, sum512},
		{hello512 + ", " + hello256, sum256},
		{"  " + hello256 + " \t,\t " + hello512 + "  ", sum256},
		{"md5=:AAAA:, sha=:AAAA:, unixsum=1, " + hello256, sum256},
		{`a, b=1.5;x, c="a,\"b", d=(1 "2";y=?0 :AA==:), e=@5, f=?1, g=t/*, ` + hello256 + `;p=1;q`, sum256},
		{"sha-256=:AAAA:, " + hello256, sum256}, // the second counts
		{"sha-256=:AAAA:, " + hello512, sum512}, // too short
		{"sha-256=1, " + hello512, sum512},      // no bytes
		{strings.TrimSuffix(hello256, "=:") + "=:;x", sum256},
		{"", ""},
		{"sha-256", ""},
		{"sha-256=::", ""},
		{hello256 + ", sha-256", ""}, // the second counts
		{"md5=:AAAA:", ""},
		{"SHA-256=" + hello256[8:], ""}, // keys are small
		{strings.ReplaceAll(hello256, ":", ""), ""},
		{"sha-256=:!!!!:", ""},
		{"sha-256=:RK/0:x, " + hello256, ""},
		{hello256 + ",", ""},
		{"," + hello256, ""},
		{hello256 + ",," + hello512, ""},
		{hello256 + " " + hello512, ""},
		{hello256 + ";P=1", ""},
		{hello256 + ", c=\"open", ""},
		{hello256 + ", \x00", ""},
		{hello256 + ", é=1", ""},
		{hello256 + ", x=" + strings.Repeat("y", maxDigests), ""},
	}
	for _, row := range rows {
		got := ""
		if d, ok := ReprDigest(head("Repr-Digest: " + row.in)); ok {
			got = d.String()
		}
		if got != row.want {
			t.Errorf("%s: %s, want %s", clean(row.in, 100), got, row.want)
		}
	}
	two := http.Header{"Repr-Digest": {"x=1", hello256}}
	if d, ok := ReprDigest(two); !ok || d.String() != sum256 {
		t.Errorf("two lines: %v, %v", d, ok)
	}
	if d, _ := ReprDigest(two); d.Check(strings.NewReader("{\"hello\": \"world\"}\n")) != nil {
		t.Error("it is not the digest of what it says")
	}
}

func FuzzReprDigest(f *testing.F) {
	for _, s := range []string{
		hello256, hello512, hello256 + "," + hello512, "sha-256=:AAAA:;a=1;b, x=(1 2);y", `a="\"", b=%"c3", c=-1.5, d=@1`, "sha-256=::", "a,b,c", ":", "",
		"sha-256=:" + strings.Repeat("A", 43) + "=:, sha-256=?1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := ReprDigest(http.Header{"Repr-Digest": {s}})
		if !ok {
			if d.Algorithm != "" || d.Sum != nil {
				t.Errorf("no digest, and %v", d)
			}
			return
		}
		if len(d.Sum) != d.Hash().Size() || len(s) > maxDigests {
			t.Errorf("%v of %q", d, s)
		}
		again, ok := ReprDigest(head(fmt.Sprintf("Repr-Digest: %s=:%s:", map[string]string{"sha256": "sha-256", "sha512": "sha-512"}[d.Algorithm], base64.StdEncoding.EncodeToString(d.Sum))))
		if !ok || !bytes.Equal(again.Sum, d.Sum) {
			t.Errorf("%v becomes %v", d, again)
		}
	})
}
