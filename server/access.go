package server

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"time"
)

// An Access tells of one request, after it has been answered. What the client wrote is as they wrote it, cut at 1 KiB:
// quote it before it is printed, as the Append methods do.
type Access struct {
	Time     time.Time     // when the request's header had been read
	Remote   string        // the client's address and port
	Method   string        // GET, HEAD, …
	Path     string        // the request target, with its query
	Protocol string        // HTTP/1.1, HTTP/2.0
	TLS      string        // TLS 1.2, TLS 1.3; "" for none
	User     string        // who has given the right password; "" for nobody
	Range    string        // the Range field; "" for none
	Referer  string        // the page the client came from, as it says; "" for none
	Agent    string        // the User-Agent field; "" for none
	Status   int           // the status sent; 0 if there was none
	Bytes    int64         // how much content went out, header not counted
	Wait     time.Duration // from Time until the response began; Duration if there was none
	Duration time.Duration // from Time until the last byte was handed to the system
	Cut      bool          // the response ended early: the client left, was too slow, or the file changed meanwhile
	Faults   string        // names of the faults that were played, by comma; "" for none
}

// maxLogged is the most of a client's own words an Access carries.
const maxLogged = 1 << 10

// logged calls log after each request h has answered.
func logged(h http.Handler, log func(Access)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		rec := &recorder{ResponseWriter: w, begin: begin}
		cut := true
		defer func() { // also while the handler panics, which is how a response is cut
			a := Access{
				Time:     begin,
				Remote:   r.RemoteAddr,
				Method:   capped(r.Method),
				Path:     capped(r.RequestURI),
				Protocol: capped(r.Proto),
				User:     rec.user,
				Range:    capped(strings.Join(r.Header["Range"], ", ")),
				Referer:  capped(r.Referer()),
				Agent:    capped(r.UserAgent()),
				Status:   rec.status,
				Bytes:    rec.bytes,
				Wait:     rec.wait,
				Duration: time.Since(begin),
				Cut:      cut,
				Faults:   strings.Join(rec.faults, ","),
			}
			if r.Method == http.MethodHead { // HTTP/2 takes content, and leaves it out
				a.Bytes = 0
			}
			if r.TLS != nil {
				a.TLS = tls.VersionName(r.TLS.Version)
			}
			if a.Wait == 0 {
				a.Wait = a.Duration
			}
			log(a)
		}()
		h.ServeHTTP(rec, r)
		cut = false
	})
}

func capped(s string) string { return s[:min(len(s), maxLogged)] }

// A recorder notes what passes through a ResponseWriter. ReadFrom keeps the way to sendfile open, and Unwrap the way to
// the deadlines; without either all would still work, only slower or for ever.
type recorder struct {
	http.ResponseWriter
	begin  time.Time
	wait   time.Duration
	status int
	bytes  int64
	user   string
	faults []string
}

func (rec *recorder) WriteHeader(status int) {
	if status >= 200 {
		rec.began(status)
	}
	rec.ResponseWriter.WriteHeader(status)
}

func (rec *recorder) Write(p []byte) (int, error) {
	rec.began(http.StatusOK)
	n, err := rec.ResponseWriter.Write(p)
	rec.bytes += int64(n)
	return n, err
}

func (rec *recorder) ReadFrom(src io.Reader) (int64, error) {
	rec.began(http.StatusOK)
	n, err := io.Copy(rec.ResponseWriter, src) // finds the writer's own ReadFrom
	rec.bytes += n
	return n, err
}

func (rec *recorder) began(status int) {
	if rec.status == 0 {
		rec.status, rec.wait = status, time.Since(rec.begin)
	}
}

func (rec *recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }
