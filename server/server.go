package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

// Options say what an origin serves and how. The zero value serves nothing, and [New] says so.
type Options struct {
	// Root is the folder whose files are served at /; "" means none.
	Root string

	// FS has the files to be served at / instead of a folder's. Those of an embed.FS have strong tags and digests, made of
	// their content; those of any other have weak tags, made of size and time, or none if they have no time either. A file
	// must be an io.Seeker, as those of an archive are not; else it is answered for with 500. For a folder on disk Root is
	// the better choice: what an os.DirFS serves has the same tags, but its links may lead out of it.
	FS fs.FS

	// Roots are served each under its name, and / lists them. It takes the place of Root and FS.
	Roots []Root

	// Pattern serves computed bytes at /pattern/SIZE; see [Pattern].
	Pattern bool

	// NoListing answers 404 where a folder would be listed.
	NoListing bool

	// Precompressed answers for FILE with FILE.zst, FILE.br or FILE.gz, if there is one that is no older and the client's
	// Accept-Encoding prefers it. The package comment says more, under "Stored compressed".
	Precompressed bool

	// NoDigest leaves out Repr-Digest, and answers 404 at PATH.sha256 and SHA256SUMS unless there are such files. No file
	// is then read but to be sent.
	NoDigest bool

	// Shape slows the origin down. [New] sees to the latency and the rate per client, [Serve] to the rate per connection.
	Shape

	// Rogue makes the origin misbehave.
	Rogue Rogue

	// Users are the only ones who get anything; nil means that nobody is asked who they are. Passwords are sent in the
	// clear unless there is TLS.
	Users *Users

	// CORS lets scripts of any web site fetch from the origin, and read what a client goes by: ranges, tags, digests.
	CORS bool

	// Health is a path, such as /health, that answers 200 if all that is served can be read, and 503 if not or if [Serve]
	// has been told to stop. It asks for no password and is not logged. It hides a file of that name. "" means none.
	Health string

	// Log is called once for every request answered, from the goroutine that answered it; nil means nobody listens.
	Log func(Access)

	// Limits bound what clients can take. [Serve] sees to them.
	Limits Limits

	// TLS makes [Serve] speak TLS 1.2 or later, and HTTP/2 to whoever wants it unless NextProtos says otherwise; it must
	// hold a certificate, or a way to get one. nil means plain HTTP/1.1.
	TLS *tls.Config

	// Grace is how long responses may go on after Serve has been told to stop; 0 means 10 s.
	Grace time.Duration

	// Counts is where Serve counts what happens; nil means nobody looks.
	Counts *Counts
}

// New puts an origin together. It fails if there is nothing to serve, if a root cannot be opened or have the name it is
// given (*[RootError]), or if there is no such fault as is asked for.
//
// Files are hashed by goroutines of the handler's own, which [Serve] waits for. In another server they end by themselves,
// when what has been asked for is hashed; the handler is also an [io.Closer], whose Close ends them and waits for that.
// Nothing is hashed afterwards.
//
// The paths /transfer/ and, with Pattern, /pattern/ are the origin's own: a folder of that name directly under Root is
// hidden behind them.
func New(o Options) (http.Handler, error) {
	if o.Root == "" && o.FS == nil && len(o.Roots) == 0 && !o.Pattern {
		return nil, errors.New("nothing to serve: neither a folder nor the pattern")
	}
	if o.Latency < 0 || o.RatePerConnection < 0 || o.RatePerClient < 0 {
		return nil, fmt.Errorf("a negative latency or rate: %v, %d and %d bytes/s", o.Latency, o.RatePerConnection, o.RatePerClient)
	}
	if err := o.Limits.validate(); err != nil {
		return nil, err
	}
	if o.Health != "" && !strings.HasPrefix(o.Health, "/") {
		return nil, fmt.Errorf("the path for health does not begin with a slash: %q", o.Health)
	}
	files, err := plant(o)
	if err != nil {
		return nil, err
	}
	origin := &origin{files: files, precompressed: o.Precompressed}
	if o.Pattern {
		origin.pattern = newPattern()
		origin.pattern.undigested = o.NoDigest
	}
	if !o.NoDigest {
		origin.digests = newDigests()
	}
	if !o.NoListing {
		origin.listing = newListing(o.Pattern, origin.digests)
	}
	var h http.Handler = origin
	if o.RatePerClient > 0 {
		h = portioned(h, o.RatePerClient)
	}
	if o.Latency > 0 {
		h = delayed(h, o.Latency)
	}
	if h, err = o.Rogue.sabotaged(h); err != nil {
		return nil, err
	}
	if o.Users != nil {
		h = guarded(h, o.Users)
	}
	if o.CORS {
		h = shared(h)
	}
	if o.Log != nil {
		h = logged(h, o.Log)
	}
	if o.Health != "" {
		h = checkup(h, o.Health, files)
	}
	made := &handler{h, origin}
	if places := placesOf(files); len(places) > 0 {
		return &watched{handler: made, places: places}, nil
	}
	return made, nil
}

// A handler is an origin with all that was asked for around it.
type handler struct {
	http.Handler
	origin *origin
}

// Close ends the hashing, and waits until it has ended.
func (h *handler) Close() error {
	if h.origin.digests != nil {
		h.origin.digests.close()
	}
	return nil
}

// An origin finds what a path stands for. It is not an http.ServeMux, which would redirect unclean paths by itself.
type origin struct {
	files   tree
	embeds  embeds
	pattern *pattern // nil: no pattern
	listing *listing // nil: no listings
	digests *digests // nil: no digests

	precompressed bool
}

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !admit(w, r) {
		return
	}
	if ambiguous(r.URL.EscapedPath()) {
		fail(w, http.StatusNotFound)
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/") // which an http.StripPrefix may have taken off
	if rest, ok := strings.CutPrefix(path, "transfer/"); ok {
		o.transfer(w, r, rest)
	} else if o.pattern != nil && (path == "pattern" || strings.HasPrefix(path, "pattern/")) {
		o.pattern.serve(w, r)
	} else {
		o.file(w, r, path)
	}
}

// file answers for a file or a folder.
func (o *origin) file(w http.ResponseWriter, r *http.Request, path string) {
	if path == "" {
		if mount := requested(r).Path; mount != "" && !strings.HasSuffix(mount, "/") {
			moved(w, mount) // the links of the top folder would lead beside where the origin is mounted
			return
		}
	}
	name, slash, ok := nameOf(path)
	if !ok {
		fail(w, http.StatusNotFound)
		return
	}
	f, fi, err := o.files.open(name)
	if err != nil {
		if slash || !errors.Is(err, fs.ErrNotExist) || !o.sums(w, r, name) {
			failOpen(w, err)
		}
		return
	}
	defer f.Close()
	switch {
	case fi.IsDir() && o.listing == nil, !fi.IsDir() && slash:
		fail(w, http.StatusNotFound)
	case fi.IsDir() && !slash:
		moved(w, name)
	case fi.IsDir():
		o.listing.serve(w, r, o.files, name, f, fi)
	default:
		o.serveFile(w, r, name, f, fi)
	}
}

// admit does what is the same for every request: it starts the clock, answers the methods that are about the server
// and not about a file, and says whether there is still something to answer.
func admit(w http.ResponseWriter, r *http.Request) bool {
	greet(w, r)
	h := w.Header()
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return true
	case http.MethodOptions:
		h.Set("Allow", "GET, HEAD, OPTIONS")
		w.WriteHeader(http.StatusNoContent)
	default:
		h.Set("Allow", "GET, HEAD, OPTIONS")
		h.Set("Connection", "close") // there may be more that was meant for another server
		fail(w, http.StatusMethodNotAllowed)
	}
	return false
}

// greet begins every answer.
func greet(w http.ResponseWriter, r *http.Request) {
	// For pages and errors; content is given more time as it goes out. If the connection is gone the answer finds out.
	_ = patienceFor(w, r).allow(0)
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	unread(w, r)
}

// unread ends the connection of a request with content, rather than read what the client wants to send. net/http reads some
// of it all the same when the answer has gone out, for as long as it is let.
func unread(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 || r.ProtoMajor >= 2 {
		return
	}
	w.Header().Set("Connection", "close")
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(headerTimeout)) // there is none in a test that records a response
}

// delayed waits before every response.
func delayed(h http.Handler, d time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			h.ServeHTTP(w, r)
		case <-r.Context().Done(): // the client has gone
			abort()
		}
	})
}
