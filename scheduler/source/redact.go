package source

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

const redacted = "REDACTED"

// secretWords are what the names of query keys that hold secrets are made of:
// a key that contains one of them, in any case, is redacted. It is better to
// hide too much than too little.
var secretWords = []string{
	"access", "auth", "code", "cred", "hash", "hmac", "jwt", "key", "md5", "nonce", "otp", "pass", "policy", "pwd",
	"secret", "session", "sid", "sig", "ticket", "token", "x-amz-", "x-goog-", "x-ms-", "x-oss-",
}

// Redact writes a URL for messages, logs and JSON: without userinfo and
// fragment, with REDACTED for the value of every query key that looks as if it
// held a secret, and with control characters escaped. It takes anything, also
// what is no URL.
func Redact(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil || u.Opaque != "" {
		return redactText(rawURL)
	}
	return redactURL(u)
}

func redactURL(u *url.URL) string {
	shown := *u
	shown.User, shown.Fragment, shown.RawFragment = nil, "", ""
	shown.RawQuery = redactQuery(u.RawQuery)
	return clean(shown.String(), 2000)
}

// redactText saves what can be shown of a text that is no URL: what stands
// before a query, without anything that might be userinfo.
func redactText(s string) string {
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = "…" + s[i+1:]
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
		key, value, hasValue := strings.Cut(pair, "=")
		switch {
		case hasValue && value != "" && secretKey(key):
			b.WriteString(key + "=" + redacted)
		case !hasValue && len(key) > 16: // a bare token
			b.WriteString(redacted)
		default:
			b.WriteString(pair)
		}
		b.WriteString(sep)
	}
	return b.String()
}

func secretKey(key string) bool {
	if plain, err := url.QueryUnescape(key); err == nil {
		key = plain
	}
	key = strings.ToLower(key)
	for _, word := range secretWords {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
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
