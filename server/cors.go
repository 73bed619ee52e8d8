package server

import "net/http"

// The fields of CORS, by the Fetch standard, section 3.2. What is the same for every origin, and never goes with
// credentials that the browser keeps, need not vary by Origin.
const (
	// exposed are the response fields that a script may read, besides those that it always may. Content-Length and
	// Last-Modified are of the latter, but were not always.
	exposed = "Accept-Ranges, Content-Disposition, Content-Encoding, Content-Length, Content-Range, Date, ETag, " +
		"Last-Modified, Repr-Digest, Retry-After"

	// allowed are the request fields that a script may send. A browser asks first, except for a Range of the form
	// bytes=N-M or bytes=N-. Authorization must be named: the standard exempts it from "*".
	allowed = "Authorization, If-Match, If-Modified-Since, If-None-Match, If-Range, If-Unmodified-Since, Range, " +
		"Want-Repr-Digest"

	// preflightAge is for how many seconds a browser need not ask again; Chromium takes no more.
	preflightAge = "7200"
)

// shared lets scripts of any site use h. Its answers to their questions come before anything else, for a browser asks
// them without credentials.
func shared(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fields := w.Header()
		fields.Set("Access-Control-Allow-Origin", "*")
		if !preflight(r) {
			fields.Set("Access-Control-Expose-Headers", exposed)
			h.ServeHTTP(w, r)
			return
		}
		unread(w, r)
		fields.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
		fields.Set("Access-Control-Allow-Headers", allowed)
		fields.Set("Access-Control-Max-Age", preflightAge)
		if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
			fields.Set("Access-Control-Allow-Private-Network", "true")
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

// preflight says whether a browser asks what a script may ask for (Fetch, section 3.2.2).
func preflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}
