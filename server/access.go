package server

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// An Access tells of one request, after it has been answered. Path and Range are as the client wrote them, cut at 1 KiB:
// quote them before they are printed.
type Access struct {
	Time     time.Time     // when the request's header had been read
	Remote   string        // the client's address and port
	Method   string        // GET, HEAD, …
	Path     string        // the request target, with its query
	Range    string        // the Range field; "" for none
	Status   int           // the status sent; 0 if there was none
	Bytes    int64         // how much content went out, header not counted
	Duration time.Duration // from Time until the last byte was handed to the system
	Cut      bool          // the response ended early: the client left, was too slow, or the file changed meanwhile
	Faults   string        // names of the faults that were played, by comma; "" for none
}

// maxLogged is the most of a client's own words an Access carries.
const maxLogged = 1 << 10

// logged calls log after each request h has answered.
func logged(h http.Handler, log func(Access)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w}
		begin := time.Now()
		cut := true
		defer func() { // also while the handler panics, which is how a response is cut
			log(Access{
				Time:     begin,
				Remote:   r.RemoteAddr,
				Method:   capped(r.Method),
				Path:     capped(r.RequestURI),
				Range:    capped(strings.Join(r.Header["Range"], ", ")),
				Status:   rec.status,
				Bytes:    rec.bytes,
				Duration: time.Since(begin),
				Cut:      cut,
				Faults:   strings.Join(rec.faults, ","),
			})
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
	status int
	bytes  int64
	faults []string
}

func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 && status >= 200 {
		rec.status = status
	}
	rec.ResponseWriter.WriteHeader(status)
}

func (rec *recorder) Write(p []byte) (int, error) {
	rec.began()
	n, err := rec.ResponseWriter.Write(p)
	rec.bytes += int64(n)
	return n, err
}

func (rec *recorder) ReadFrom(src io.Reader) (int64, error) {
	rec.began()
	n, err := io.Copy(rec.ResponseWriter, src) // finds the writer's own ReadFrom
	rec.bytes += n
	return n, err
}

func (rec *recorder) began() {
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
}

func (rec *recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }
