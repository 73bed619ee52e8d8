package cli

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"os"
	"slices"
	"strings"
)

// reserved are the headers that a download in segments lives by. What the user
// said in them would break it.
var reserved = []string{
	"Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since",
	"Accept-Encoding", "Connection", "Content-Length", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Host",
	"Proxy-Authorization", // or a server would see it whenever there is no proxy; it comes from the proxy's URL
}

// addHeader adds "Name: value", or all lines of @FILE, to h. Values are often
// secrets, so no error holds one.
func addHeader(h http.Header, s string) error {
	file, ok := strings.CutPrefix(s, "@")
	if !ok {
		return addField(h, s)
	}
	lines, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	n := 0
	for line := range strings.Lines(string(lines)) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if err := addField(h, line); err != nil {
			return fmt.Errorf("%s, line %d: %w", file, n, err)
		}
	}
	return nil
}

func addField(h http.Header, s string) error {
	name, value, ok := strings.Cut(s, ":")
	if !ok || !isToken(name) {
		return errors.New("wants 'Name: value' or @FILE")
	}
	name, value = textproto.CanonicalMIMEHeaderKey(name), strings.Trim(value, " \t")
	if slices.Contains(reserved, name) {
		return fmt.Errorf("%s is braid's own to send", name)
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return fmt.Errorf("the value of %s has a control character in it", name)
	}
	h.Add(name, value)
	return nil
}

// isToken says whether s can be the name of a header (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
}
