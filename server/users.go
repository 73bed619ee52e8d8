package server

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/bcrypt"
)

// maxCost is the highest cost of a hash that is accepted: a password takes some seconds to be checked. Each step doubles it.
const maxCost = 16

// A UsersError says what is wrong with a list of users.
type UsersError struct {
	Line    int // of the list, from 1 on; 0 if it is about all of it
	Problem string
}

func (e *UsersError) Error() string {
	if e.Line == 0 {
		return e.Problem
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Problem)
}

// Users are who may use an origin, and what their passwords hash to. Passwords are checked as bcrypt does, which takes long
// on purpose; those found right are remembered, as a digest under a key that the process never tells, so that a client that
// fetches in many parts is checked once. Of a password only the first 72 bytes matter.
type Users struct {
	list  func() *roster
	door  *door
	key   [32]byte // of the digests
	Realm string   // what a browser shows beside its question, in printable ASCII; "" means "files"
}

// ParseUsers reads a list of users in the form of htpasswd: lines of NAME:HASH, where empty ones and those that begin with #
// do not count. Hashes are bcrypt's (htpasswd -B). It fails with a *[UsersError].
func ParseUsers(list []byte) (*Users, error) {
	r, err := parseRoster(list)
	if err != nil {
		return nil, err
	}
	return newUsers(func() *roster { return r }), nil
}

// LoadUsers is [ParseUsers] for a file. It also fails with an *fs.PathError.
//
// When the file has changed it is read again with a request, at most once a second. If there is something wrong with it then,
// or nobody is left in it, the users stay as they were, and warn is told so, once for each thing wrong; nil means nobody is
// told.
func LoadUsers(file string, warn func(error)) (*Users, error) {
	var last *roster
	read := func() (*roster, error) {
		list, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		r, err := parseRoster(list)
		if err != nil {
			return nil, err
		}
		r.remember(last)
		last = r
		return r, nil
	}
	k, err := keep(read, warn, file)
	if err != nil {
		return nil, err
	}
	return newUsers(k.get), nil
}

func newUsers(list func() *roster) *Users {
	u := &Users{list: list, door: newDoor()}
	_, _ = rand.Read(u.key[:]) // never fails
	return u
}

// A credential is a digest of a name and a password, which tells nothing of either.
type credential [sha256.Size]byte

func (u *Users) credential(name, password string) credential {
	mac := hmac.New(sha256.New, u.key[:])
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(name)))
	mac.Write(length[:])
	mac.Write([]byte(name))
	mac.Write([]byte(password))
	return credential(mac.Sum(nil))
}

// A roster is one version of a list of users.
type roster struct {
	users map[string]*user
	names []string // in the order of the list
}

// A user is one line of a roster.
type user struct {
	hash  []byte
	known atomic.Pointer[credential] // the one that was found right
}

// find gives the user of a name. For a name that nobody has it gives some other user: their password takes as long to
// check, so that the time does not tell who there is. Which one it is depends on nothing but the name and the key of c.
func (r *roster) find(name string, c credential) (who *user, ok bool) {
	if who, ok = r.users[name]; ok {
		return who, true
	}
	n := binary.BigEndian.Uint64(c[:8]) % uint64(len(r.names))
	return r.users[r.names[n]], false
}

// remember takes over what was known of those whose password is still the same.
func (r *roster) remember(old *roster) {
	if old == nil {
		return
	}
	for name, who := range r.users {
		if was, ok := old.users[name]; ok && bytes.Equal(was.hash, who.hash) {
			who.known.Store(was.known.Load())
		}
	}
}

func parseRoster(list []byte) (*roster, error) {
	r := &roster{users: make(map[string]*user)}
	n := 0
	for line := range strings.Lines(string(list)) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		name, hash, ok := strings.Cut(line, ":")
		if problem := wrongWith(name, hash, ok); problem != "" {
			return nil, &UsersError{n, problem}
		}
		if _, twice := r.users[name]; twice {
			return nil, &UsersError{n, fmt.Sprintf("the name %q is there twice", name)}
		}
		r.users[name] = &user{hash: []byte(hash)}
		r.names = append(r.names, name)
	}
	if len(r.names) == 0 {
		return nil, &UsersError{Problem: "there is no user in it"}
	}
	return r, nil
}

// bcryptForm is the form of a hash: version, cost, 22 letters of salt, 31 of hash. The library is content with less.
var bcryptForm = regexp.MustCompile(`^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$`)

// wrongWith says what is wrong with a line of a list of users. It never repeats what may be a password.
func wrongWith(name, hash string, ok bool) string {
	if !ok || name == "" {
		return "it is not of the form NAME:HASH"
	}
	cost, err := bcrypt.Cost([]byte(hash))
	switch {
	case err != nil, !bcryptForm.MatchString(hash):
		return fmt.Sprintf("the password of %q is not hashed with bcrypt", name)
	case cost > maxCost:
		return fmt.Sprintf("the hash of %q has cost %d, which would take long to check; %d is the most", name, cost, maxCost)
	}
	return ""
}
