package server

import (
	"bytes"
	"log"
)

// complaints is where net/http complains. Of handshakes that fail it would write a line each, as many as anybody likes to
// cause; what is left, such as a panic, goes where the program logs.
func complaints() *log.Logger { return log.New(sieve{}, "", 0) }

type sieve struct{}

func (sieve) Write(p []byte) (int, error) {
	if !bytes.HasPrefix(p, []byte("http: TLS handshake error ")) {
		log.Print(string(p))
	}
	return len(p), nil
}
