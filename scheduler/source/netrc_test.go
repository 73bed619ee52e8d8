package source

import (
	"net/url"
	"strings"
	"testing"
)

const netrc = `# of a test
machine example.com login me password canary
machine files.example.com
	login "he \"self\""
	password "can ary"
machine files.example.com login other password canary2 account x
machine port.example.com:8080 login p password canary3
machine [::1]:8080 login six password canary4
machine ::1 login six password canary5
machine nobody.example.com password canary
machine silent.example.com login me
macdef init
	machine macro.example.com login evil password evil
	default login evil password evil

machine After.Example.com login me password #canary
default login anybody password canary
`

func TestNetrc(t *testing.T) { // rule C6
	n, err := ParseNetrc(netrc)
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct{ url, user, password string }{
		{"https://example.com/f", "me", "canary"},
		{"http://example.com/f", "me", "canary"},
		{"https://EXAMPLE.com:443/f", "me", "canary"},
		{"http://example.com:80/f", "me", "canary"},
		{"http://me@example.com/f", "me", "canary"},
		{"https://files.example.com/f", `he "self"`, "can ary"},
		{"https://other@files.example.com/f", "other", "canary2"},
		{"http://port.example.com:8080/f", "p", "canary3"},
		{"http://[::1]:8080/f", "six", "canary4"},
		{"http://[::1]/f", "six", "canary5"},
		{"http://after.example.com/f", "me", "#canary"},

		{"https://you@example.com/f", "", ""},
		{"https://example.com:8443/f", "", ""},
		{"https://example.com:80/f", "", ""},
		{"http://port.example.com/f", "", ""},
		{"http://port.example.com:8081/f", "", ""},
		{"https://sub.example.com/f", "", ""},
		{"https://example.com./f", "", ""},
		{"https://example.com.evil/f", "", ""},
		{"https://com/f", "", ""},
		{"https://nobody.example.com/f", "", ""},
		{"https://silent.example.com/f", "", ""},
		{"https://macro.example.com/f", "", ""},
		{"https://anywhere.else/f", "", ""},
	}
	for _, row := range rows {
		u, _ := url.Parse(row.url)
		user, password, ok := n.Find(u)
		if user != row.user || password != row.password || ok != (row.user != "") {
			t.Errorf("%s: %q, %q, %v", row.url, user, password, ok)
		}
	}
	for text, want := range map[string]string{
		"machine":         "line 1: nothing behind machine",
		"machine x login": "line 1: nothing behind login",
		"login canary":    "line 1: a login before the first machine",
		"\n\nmachine x\npassword canary canary login":     "line 4: want machine, default, login, password, account or macdef",
		"machine x password \"canary":                     "line 1: a quote is not closed",
		"machine x\r\nlogin me password canary\r\ncanary": "line 3: want machine",
	} {
		_, err := ParseNetrc(text)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func FuzzNetrc(f *testing.F) {
	for _, s := range []string{
		netrc, "", "machine", "machine x login y password z", "default", "macdef x\n\nmachine y login a password b", "machine \"\\", "#\nmachine x # login",
		"machine x\n\nlogin y\r\n\tpassword \"\\\"\"", "login x", "machine x account macdef login y password z",
	} {
		f.Add(s, "https://example.com/f")
	}
	f.Fuzz(func(t *testing.T, text, raw string) {
		n, err := ParseNetrc(text)
		u, bad := url.Parse(raw)
		if bad != nil {
			return
		}
		user, password, ok := n.Find(u)
		if ok != (user != "") || ok != (password != "") || ok && err != nil {
			t.Errorf("%q, %v, %v", user, ok, err)
		}
		if ok && !strings.Contains(strings.ToLower(strings.ReplaceAll(text, `\`, "")), strings.ToLower(strings.ReplaceAll(u.Hostname(), `\`, ""))) {
			t.Errorf("a login for %s, which %q does not name", u.Hostname(), text)
		}
	})
}
