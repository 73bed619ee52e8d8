package source

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

const redacted = "REDACTED"

// Redact writes a URL for messages, logs and JSON: without userinfo and
// fragment, with REDACTED for every value in its query, and with control
// characters escaped. The keys stay. It takes anything, also what is no URL; of
// what may be a password with an unescaped #, ? or / in it nothing is shown,
// for it is better to hide too much than too little.
func Redact(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil || u.Opaque != "" || mayHoldUserinfo(u) {
		return redactText(rawURL)
	}
	return redactURL(u)
}

// mayHoldUserinfo says whether an @ behind the host may be meant for the one in
// front of it, so that what was parsed as the host and port is of the userinfo:
// "http://user:1/2@host/", "http://user:1@2#3@host/".
func mayHoldUserinfo(u *url.URL) bool {
	at := func(s string) bool { return strings.Contains(s, "@") }
	return at(u.Fragment) || (u.User != nil || u.Host == "" || u.Port() != "") && (at(u.EscapedPath()) || at(u.RawQuery))
}

func redactURL(u *url.URL) string {
	shown := *u
	shown.User, shown.Fragment, shown.RawFragment = nil, "", ""
	shown.RawQuery = redactQuery(u.RawQuery)
	return clean(shown.String(), 2000)
}

// redactText saves what can be shown of a text that is no URL: what stands
// before a query, without anything that might be userinfo. If an @ comes after
// a ? or #, either may be of a password or of a query, and nothing is safe.
func redactText(s string) string {
	at := strings.LastIndexByte(s, '@')
	query := strings.IndexAny(s, "?#")
	switch {
	case query >= 0 && query < at:
		return "…"
	case query >= 0:
		s = s[:query]
	}
	if at >= 0 {
		s = "…" + s[at+1:]
	}
	return clean(s, 200)
}

// redactQuery keeps the order and the spelling of the query, which a parse into
// url.Values would lose.
func redactQuery(query string) string {
	var b strings.Builder
	for query != "" {
		pair, sep := query, ""
		if i := strings.IndexAny(query, "&;"); i >= 0 {
			pair, sep = query[:i], query[i:i+1]
		}
		query = query[len(pair)+len(sep):]
		key, value, _ := strings.Cut(pair, "=")
		switch {
		case strings.Trim(value, "=") != "":
			b.WriteString(key + "=" + redacted)
		case pair != "": // a bare token, perhaps one of base64 that ends in =
			b.WriteString(redacted)
		}
		b.WriteString(sep)
	}
	return b.String()
}

// clean makes s fit to print: what is not printable is escaped as Go does it,
// and what is longer than limit bytes is cut. Texts that come from a server
// reach people only through here.
func clean(s string, limit int) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		part := s[i : i+size]
		if !strconv.IsPrint(r) || r == utf8.RuneError && size == 1 {
			quoted := strconv.QuoteToASCII(part)
			part = quoted[1 : len(quoted)-1]
		}
		if b.Len()+len(part) > limit {
			b.WriteString("…")
			break
		}
		b.WriteString(part)
		i += size
	}
	return b.String()
}
