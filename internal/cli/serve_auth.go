package cli

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"runtime"

	"braid/internal/ui"
	"braid/server"
)

// sharing says who may fetch from braid serve.
type sharing struct {
	AuthFile string
	CORS     bool
}

func (o *sharing) flags() []*option {
	return []*option{
		{name: "auth-file", arg: "FILE", group: "access", set: into(&o.AuthFile, text("a file")),
			use: "ask for a name and a password (HTTP basic authentication); FILE is made by htpasswd -cB FILE NAME, and read again when it changes"},
		{name: "cors", group: "access", set: toggle(&o.CORS),
			use: "let scripts of any web site fetch from here"},
	}
}

// users reads who may fetch.
func (o *sharing) users(warn func(error)) (*server.Users, error) {
	if o.AuthFile == "" {
		return nil, nil
	}
	u, err := server.LoadUsers(o.AuthFile, func(err error) { warn(named(o.AuthFile, err)) })
	switch {
	case as[*server.UsersError](err):
		return nil, try("htpasswd -B "+ui.Safe(o.AuthFile)+" NAME", "--auth-file: %v", named(o.AuthFile, err))
	case errors.Is(err, fs.ErrNotExist):
		return nil, advised{err, "htpasswd -cB " + ui.Safe(o.AuthFile) + " NAME makes one"}
	case err != nil:
		return nil, advised{err, "it must be a file that whoever runs braid can read"}
	}
	return u, nil
}

// notes say how a client sends the password it needs.
func (o *sharing) notes() []string {
	if o.AuthFile == "" {
		return nil
	}
	return []string{"it takes a password from " + ui.Safe(o.AuthFile) + ": braid get --netrc …, or curl -u NAME"}
}

// caution warns of what is not as safe as it may seem, of a server at an
// address.
func (o *sharing) caution(a net.Addr, encrypted bool, warn func(error)) {
	if o.AuthFile == "" {
		return
	}
	if fi, err := os.Stat(o.AuthFile); err == nil && runtime.GOOS != "windows" && fi.Mode()&0o004 != 0 {
		warn(errors.New("everybody on this machine can read " + o.AuthFile + "; chmod o-r keeps it for yourself"))
	}
	if tcp, ok := a.(*net.TCPAddr); ok && !encrypted && !tcp.IP.IsLoopback() {
		warn(errors.New("passwords cross the network in the clear; --tls-self-signed or --tls-cert hides them"))
	}
}

// named is an error about the content of a file, with the name of the file.
func named(file string, err error) error {
	if e, ok := errors.AsType[*server.UsersError](err); ok {
		separator := ": "
		if e.Line > 0 {
			separator = ", "
		}
		return errors.New(file + separator + e.Error())
	}
	return err // of a file that cannot be read, which names it
}
