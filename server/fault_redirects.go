package server

import (
	"net"
	"net/url"
	"strconv"
)

// chainLength is how many redirects a chain has: more than the ten that clients commonly follow.
const chainLength = 12

// redirectFaults lead away from the file.
func redirectFaults() []fault {
	return []fault{
		{name: "redirect-loop", says: "two URLs redirect to each other for ever",
			turn: onFile(func(p *play, rep *reply) bool {
				rep.move(p.address(map[string]string{"hop": strconv.Itoa(1 + p.hop()%2)}))
				return true
			})},
		{name: "redirect-chain", says: "12 redirects come before the file",
			turn: onFile(func(p *play, rep *reply) bool {
				if p.hop() >= chainLength {
					return false
				}
				rep.move(p.address(map[string]string{"hop": strconv.Itoa(p.hop() + 1)}))
				return true
			})},
		{name: "redirect-downgrade", says: "https redirects to http, on the same host and port",
			turn: onFile(func(p *play, rep *reply) bool {
				if p.r.TLS == nil {
					return false
				}
				rep.move((&url.URL{Scheme: "http", Host: p.r.Host}).String() + p.address(nil))
				return true
			})},
		{name: "redirect-cross-origin", says: "the file is at another origin: the same server by its other name, localhost or 127.0.0.1",
			turn: onFile(func(p *play, rep *reply) bool {
				if p.hop() > 0 {
					return false
				}
				u := url.URL{Scheme: "http", Host: otherName(p.r.Host)}
				if p.r.TLS != nil {
					u.Scheme = "https"
				}
				rep.move(u.String() + p.address(map[string]string{"hop": "1"}))
				return true
			})},
		{name: "redirect-file", says: "a redirect to a URL of file:, ftp: or gopher:, in turn",
			turn: onFile(func(p *play, rep *reply) bool {
				targets := []string{"file:///etc/passwd", "ftp://127.0.0.1/f", "gopher://127.0.0.1:70/1"}
				rep.move(targets[p.attempt%len(targets)])
				return true
			})},
		{name: "redirect-private", says: "a redirect to 169.254.169.254, where clouds keep credentials",
			turn: onFile(func(p *play, rep *reply) bool {
				rep.move("http://169.254.169.254/latest/meta-data/")
				return true
			})},
	}
}

// onFile keeps a turn to answers that hold bytes of a file.
func onFile(turn func(*play, *reply) bool) func(*play, *reply) bool {
	return func(p *play, rep *reply) bool { return rep.file && turn(p, rep) }
}

// onPart keeps a turn to a range of a file.
func onPart(turn func(*play, *reply) bool) func(*play, *reply) bool {
	return func(p *play, rep *reply) bool { return rep.partial() && turn(p, rep) }
}

// otherName is another name for this machine than the one that host has.
func otherName(host string) string {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = host, ""
	}
	other := "localhost"
	if name == other {
		other = "127.0.0.1"
	}
	if port == "" {
		return other
	}
	return net.JoinHostPort(other, port)
}
