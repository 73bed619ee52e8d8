package server

import (
	"context"
	"crypto/subtle"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"time"
)

// maxWord is the most bytes a name or a password may have; no list has longer ones.
const maxWord = 1 << 10

// guarded lets nobody see anything of h without a password (RFC 7617).
func guarded(h http.Handler, u *Users) http.Handler {
	realm := u.Realm
	if realm == "" {
		realm = "files"
	}
	challenge := `Basic realm=` + strconv.QuoteToASCII(realm) + `, charset="UTF-8"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, password, offered := r.BasicAuth()
		verdict, wait := denied, time.Duration(0)
		if offered && len(name) <= maxWord && len(password) <= maxWord {
			verdict, wait = u.admit(r.Context(), name, password, clientFrom(r.RemoteAddr))
		}
		switch verdict {
		case granted:
			if rec, logged := w.(*recorder); logged {
				rec.user = name
			}
			h.ServeHTTP(w, r)
		case departed:
			abort()
		case tooOften:
			refuse(w, r, http.StatusTooManyRequests, wait)
		case tooMany:
			refuse(w, r, http.StatusServiceUnavailable, wait)
		default:
			greet(w, r)
			w.Header().Set("WWW-Authenticate", challenge)
			fail(w, http.StatusUnauthorized)
		}
	})
}

// admit says whether somebody may come in.
func (u *Users) admit(ctx context.Context, name, password string, from netip.Addr) (verdict, time.Duration) {
	c := u.credential(name, password)
	who, ok := u.list().find(name, c)
	if known := who.known.Load(); ok && known != nil && subtle.ConstantTimeCompare(known[:], c[:]) == 1 {
		return granted, 0
	}
	return u.door.try(ctx, c, from, func() bool {
		if known := who.known.Load(); ok && known != nil && *known == c { // since we last looked
			return true
		}
		if !matches(who.hash, password) || !ok {
			return false
		}
		who.known.Store(&c)
		return true
	})
}

// refuse answers that later it may be different.
func refuse(w http.ResponseWriter, r *http.Request, status int, wait time.Duration) {
	greet(w, r)
	w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(wait.Seconds())))))
	fail(w, status)
}
