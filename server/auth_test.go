package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// hashedLine is a line of a list of users, with the least cost there is.
func hashedLine(t *testing.T, name, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return name + ":" + string(hash) + "\n"
}

func parsed(t *testing.T, list string) *Users {
	t.Helper()
	u, err := ParseUsers([]byte(list))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func basic(name, password string) string {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(name, password)
	return "Authorization: " + r.Header.Get("Authorization")
}

func TestPasswordIsAsked(t *testing.T) {
	dir := t.TempDir()
	oldFile(t, filepath.Join(dir, "f"), patterned(5000))
	log := make(chan Access, 100)
	users := parsed(t, hashedLine(t, "ann", "right:one")+"# nobody\n\n"+hashedLine(t, "bjørn", "пароль"))
	users.Realm = `the "files"`
	c := dial(t, start(t, Options{Root: dir, Users: users, CORS: true, Health: "/health", Log: func(a Access) { log <- a }}))
	const challenge = `Basic realm="the \"files\"", charset="UTF-8"`
	for _, tt := range []struct {
		line, field, user string
		status            int
	}{
		{"GET /f", "X: y", "", 401},
		{"HEAD /f", "X: y", "", 401},
		{"GET /", "X: y", "", 401},
		{"GET /no", "X: y", "", 401},
		{"GET /../no", "X: y", "", 401},
		{"POST /f", "X: y", "", 401},
		{"OPTIONS /f", "X: y", "", 401},
		{"GET /f", "Authorization: Bearer x", "", 401},
		{"GET /f", "Authorization: Basic !", "", 401},
		{"GET /f", basic("", ""), "", 401},
		{"GET /f", basic("ann", ""), "", 401},
		{"GET /f", basic("ann", "wrong"), "", 401},
		{"GET /f", basic("Ann", "right:one"), "", 401},
		{"GET /f", basic("ann", strings.Repeat("x", 2000)), "", 401},
		{"GET /f", basic("ann", "right:one"), "ann", 200},
		{"GET /f", basic("ann", "right:one"), "ann", 200}, // remembered
		{"GET /no", basic("ann", "right:one"), "ann", 404},
		{"GET /f", basic("annr", "ight:one"), "", 401},
		{"GET /f", basic("bjørn", "пароль"), "bjørn", 200},
		{"GET /f", basic("bjørn", "right:one"), "", 401},
		{"OPTIONS /f", "Origin: http://x\r\nAccess-Control-Request-Method: GET", "", 204},
	} {
		resp, _ := c.get(tt.line, tt.field)
		a := <-log
		if resp.StatusCode != tt.status || a.Status != tt.status || a.User != tt.user {
			t.Errorf("%s, %s: %d, logged %+v", tt.line, tt.field, resp.StatusCode, a)
		}
		if got := resp.Header.Get("WWW-Authenticate"); (got == challenge) != (tt.status == 401) {
			t.Errorf("%s, %s: WWW-Authenticate: %s", tt.line, tt.field, got)
		}
		if tt.status == 401 && (resp.Header.Get("Last-Modified") != "" || resp.Header.Get("Accept-Ranges") != "" || resp.Header["Allow"] != nil) {
			t.Errorf("%s, %s: more than that a password is wanted: %v", tt.line, tt.field, resp.Header)
		}
		if resp.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s, %s: a script cannot see the answer", tt.line, tt.field)
		}
	}
	if resp, content := c.get("GET /health"); resp.StatusCode != 200 || string(content) != "ok\n" || len(log) > 0 {
		t.Errorf("health: %d %s, logged %d", resp.StatusCode, content, len(log))
	}
}

func TestUsersThatAreWrong(t *testing.T) {
	good := strings.TrimSpace(hashedLine(t, "ann", "x"))
	for list, want := range map[string]string{
		"":                                      "there is no user in it",
		"# ann\n\n":                             "there is no user in it",
		good + "\n" + good:                      `line 2: the name "ann" is there twice`,
		"\n# c\nann":                            "line 3: it is not of the form NAME:HASH",
		":x":                                    "line 1: it is not of the form NAME:HASH",
		"ann:secret":                            `line 1: the password of "ann" is not hashed with bcrypt`,
		"ann:$apr1$x$yyyyyyyyyy":                `line 1: the password of "ann" is not hashed with bcrypt`,
		"ann:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=": `line 1: the password of "ann" is not hashed with bcrypt`,
		good + "x":                              `line 1: the password of "ann" is not hashed with bcrypt`,
		good + " ":                              `line 1: the password of "ann" is not hashed with bcrypt`,
		"ann:" + strings.Replace(good[4:], "$04$", "$17$", 1): `line 1: the hash of "ann" has cost 17, which would take long to check; 16 is the most`,
		"ann:" + strings.Replace(good[4:], "$04$", "$99$", 1): `line 1: the password of "ann" is not hashed with bcrypt`,
	} {
		_, err := ParseUsers([]byte(list))
		if _, ok := errors.AsType[*UsersError](err); !ok || err.Error() != want {
			t.Errorf("%q: %v", list, err)
		}
	}
	// As htpasswd -B writes them.
	parsed(t, "ann:"+strings.Replace(good[4:], "$2a$", "$2y$", 1)+"\r\n")
}

func TestUsersAreReadAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users")
	write := func(list string) {
		if err := os.WriteFile(file+".new", []byte(list), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	ann, bob := hashedLine(t, "ann", "a"), hashedLine(t, "bob", "b")
	write(ann)
	synctest.Test(t, func(t *testing.T) {
		var told []string
		users, err := LoadUsers(file, func(err error) { told = append(told, err.Error()) })
		if err != nil {
			t.Fatal(err)
		}
		in := func(name, password string) bool {
			v, _ := users.admit(t.Context(), name, password, clientFrom("192.0.2.1:1"))
			return v == granted
		}
		is := func(when string, a, b bool, warnings int) {
			t.Helper()
			time.Sleep(time.Minute) // to guess again, too
			if gotA, gotB := in("ann", "a"), in("bob", "b"); gotA != a || gotB != b || len(told) != warnings {
				t.Errorf("%s: ann %v, bob %v, told %q", when, gotA, gotB, told)
			}
		}
		is("at first", true, false, 0)
		write(ann + bob)
		time.Sleep(time.Second)
		if who := users.list().users["ann"]; len(users.list().names) != 2 || who.known.Load() == nil {
			t.Error("who has not changed must be checked again")
		}
		is("one more", true, true, 0)
		write(bob)
		is("one less", false, true, 0)
		write(hashedLine(t, "bob", "c") + ann)
		is("another password", true, false, 0)
		write(ann + bob + "carl:secret\n")
		is("a wrong line", true, false, 1)
		if len(told) > 0 && strings.Contains(told[0], "secret") {
			t.Error("a secret was told")
		}
		write("")
		is("empty", true, false, 2)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		is("gone", true, false, 3)
		is("still gone", true, false, 3)
		write(bob)
		is("back", false, true, 3)
	})
	if _, err := LoadUsers(filepath.Join(t.TempDir(), "none"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// Those who are being checked are told apart by nothing else.
func TestCredentialsDiffer(t *testing.T) {
	u := parsed(t, hashedLine(t, "ann", "a"))
	first := u.credential("ann", "a")
	if u.credential("ann", "right") == u.credential("annr", "ight") || u.credential("ann", "a") != first {
		t.Error("a credential is not a name and a password")
	}
	if first == parsed(t, hashedLine(t, "ann", "a")).credential("ann", "a") {
		t.Error("two processes remember the same")
	}
}

// Sixteen segments that come at once with one password have it checked once.
func TestOneCheckPerCredential(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor()
		for _, holds := range []bool{true, false} {
			begun, n := make(chan struct{}), 0
			var all sync.WaitGroup
			for range 16 {
				all.Go(func() {
					v, _ := d.try(t.Context(), credential{1}, clientFrom("192.0.2.1:1"), func() bool {
						n++ // by one goroutine, or the race detector says so
						<-begun
						return holds
					})
					if (v == granted) != holds || !holds && v != denied {
						t.Error(v)
					}
				})
			}
			synctest.Wait()
			close(begun)
			all.Wait()
			if n != 1 {
				t.Errorf("it was checked %d times", n)
			}
		}
	})
}

// When the first of those who offer a password leaves before its turn has come, another takes its place.
func TestWaitingForACheckOutlivesWhoBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor()
		for range cap(d.slots) {
			d.slots <- struct{}{}
		}
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		first, second := make(chan verdict, 1), make(chan verdict, 1)
		go func() {
			v, _ := d.try(ctx, credential{1}, clientFrom("x"), func() bool { return true })
			first <- v
		}()
		synctest.Wait()
		go func() {
			v, _ := d.try(t.Context(), credential{1}, clientFrom("x"), func() bool { return true })
			second <- v
		}()
		synctest.Wait()
		leave()
		if v := <-first; v != departed {
			t.Error(v)
		}
		<-d.slots
		if v := <-second; v != granted {
			t.Error(v)
		}
	})
}

func TestGuessingIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor()
		n := 0
		try := func(from string, holds bool) (verdict, time.Duration) {
			n++
			return d.try(t.Context(), credential{byte(n), byte(n >> 8)}, clientFrom(from), func() bool { return holds })
		}
		for i := range guesses {
			if v, _ := try("192.0.2.1:1", false); v != denied {
				t.Fatalf("guess %d: %v", i, v)
			}
		}
		if v, wait := try("192.0.2.1:2", true); v != tooOften || wait != guessAgain {
			t.Errorf("one more: %v, wait %v", v, wait)
		}
		if v, _ := try("192.0.2.2:1", true); v != granted {
			t.Errorf("another client: %v", v)
		}
		time.Sleep(guessAgain)
		for range 2 { // the first is none, it was right
			if v, _ := try("192.0.2.1:2", true); v != granted {
				t.Errorf("after some time: %v", v)
			}
		}
		if v, _ := try("192.0.2.1:2", false); v != denied {
			t.Errorf("a guess: %v", v)
		}
		if v, _ := try("192.0.2.1:2", false); v != tooOften {
			t.Errorf("two guesses: %v", v)
		}
		for i := range 3 * maxGuessers {
			try(fmt.Sprintf("10.0.%d.%d:1", i>>8, i&255), false)
		}
		if len(d.guessers) > maxGuessers+1 {
			t.Errorf("%d clients are remembered", len(d.guessers))
		}
		if v, _ := try("10.9.9.9:1", false); v != tooOften {
			t.Errorf("one of too many: %v", v)
		}
		time.Sleep(time.Hour)
		if v, _ := try("10.9.9.9:1", false); v != denied || len(d.guessers) > 1 {
			t.Errorf("an hour later: %v, %d clients are remembered", v, len(d.guessers))
		}
	})
}

func TestChecksAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor()
		end := make(chan struct{})
		var all sync.WaitGroup
		running, most := make(chan struct{}, maxChecks), 0
		for i := range maxChecks {
			all.Go(func() {
				d.try(t.Context(), credential{byte(i)}, clientFrom(fmt.Sprintf("10.0.0.%d:1", i)), func() bool {
					running <- struct{}{}
					<-end
					<-running
					return false
				})
			})
		}
		synctest.Wait()
		most = len(running)
		if most != cap(d.slots) {
			t.Errorf("%d are checked at once, not %d", most, cap(d.slots))
		}
		if v, wait := d.try(t.Context(), credential{255}, clientFrom("10.0.1.1:1"), func() bool { return true }); v != tooMany || wait <= 0 {
			t.Errorf("one more: %v, wait %v", v, wait)
		}
		close(end)
		all.Wait()
		if len(d.checks) > 0 {
			t.Errorf("%d are left", len(d.checks))
		}
	})
}

// What a name that nobody has is compared with depends on the name and on nothing else.
func TestStrangersAreCheckedToo(t *testing.T) {
	u := parsed(t, hashedLine(t, "ann", "a")+hashedLine(t, "bob", "b")+hashedLine(t, "eve", "c"))
	met := make(map[*user]bool)
	for i := range 64 {
		name := fmt.Sprint("stranger", i)
		c := u.credential(name, "a")
		who, ok := u.list().find(name, c)
		again, _ := u.list().find(name, c)
		if ok || who == nil || who != again {
			t.Fatalf("%s: %v %v", name, who, ok)
		}
		met[who] = true
		if v, _ := u.admit(t.Context(), name, "a", clientFrom(fmt.Sprintf("10.0.0.%d:1", i))); v != denied {
			t.Errorf("%s with the password of another: %v", name, v)
		}
	}
	if len(met) != 3 {
		t.Errorf("strangers are taken for %d of 3", len(met))
	}
}

func TestRefusalsSayWhen(t *testing.T) {
	users := parsed(t, hashedLine(t, "ann", "a"))
	c := dial(t, start(t, Options{Pattern: true, Users: users}))
	for range guesses {
		c.get("GET /", basic("ann", "wrong"))
	}
	resp, _ := c.get("GET /", basic("ann", "wronger"))
	if after := resp.Header.Get("Retry-After"); resp.StatusCode != 429 || after != "5" {
		t.Errorf("%d, Retry-After: %s", resp.StatusCode, after)
	}
}
