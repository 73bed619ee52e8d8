package cli

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"braid/scheduler/source"
)

// maxNetrc is the largest .netrc that is read, in bytes.
const maxNetrc = 1 << 20

// logins reads the user's .netrc, if they asked for it.
func (o *getOptions) logins() (source.Netrc, error) {
	if !o.Netrc {
		return source.Netrc{}, nil
	}
	path, err := netrcPath()
	if err != nil {
		return source.Netrc{}, try("NETRC=FILE braid --netrc …", "--netrc: %v", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return source.Netrc{}, try("NETRC=FILE braid --netrc …", "--netrc: %v", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxNetrc+1))
	if err == nil && len(text) > maxNetrc {
		err = errors.New("it is larger than any .netrc")
	}
	var n source.Netrc
	if err == nil {
		n, err = source.ParseNetrc(string(text))
	}
	if err != nil {
		return n, &usageError{problem: "--netrc: " + path + ": " + err.Error()}
	}
	return n, nil
}

func netrcPath() (string, error) {
	if path := os.Getenv("NETRC"); path != "" {
		return path, nil
	}
	home, err := os.UserHomeDir()
	path := filepath.Join(home, ".netrc")
	if runtime.GOOS == "windows" {
		if _, err := os.Stat(path); err != nil {
			path = filepath.Join(home, "_netrc") // where curl and git look too
		}
	}
	return path, err
}

// loggedIn is o with the login for rawURL, if nothing that the user typed says
// one. It goes where their headers go: to the origin of the URL, and no
// redirect takes it elsewhere or brings another.
func (o getOptions) loggedIn(rawURL string, logins source.Netrc) *getOptions {
	u, err := url.Parse(rawURL)
	if err != nil || o.Header.Get("Authorization") != "" {
		return &o
	}
	if _, typed := u.User.Password(); typed {
		return &o
	}
	if user, password, ok := logins.Find(u); ok {
		o.Header = o.Header.Clone()
		(&http.Request{Header: o.Header}).SetBasicAuth(user, password)
	}
	return &o
}
