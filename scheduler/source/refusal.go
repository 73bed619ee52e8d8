package source

import (
	"fmt"
	"net/http"
)

// judgeRefusal judges an answer that brings no bytes.
func judgeRefusal(q question, a answer) verdict {
	v := verdict{class: fatal, status: a.status, after: parseRetryAfter(a.header)}
	switch status := a.status; {
	case status == http.StatusNotModified || status == http.StatusPreconditionFailed:
		return q.strikeOut(fatal, fmt.Sprintf("it answers %d to a request without conditions", status))
	case status < 300:
		return verdict{class: fatal, reason: fmt.Sprintf("%d %s brings no file", status, http.StatusText(status))}
	case status < 400:
		return verdict{class: fatal, reason: fmt.Sprintf("it redirects with %d and does not say where to", status)}
	case q.probe && q.ranged && v.after == 0 && refusesRange(status):
		v.class = noRange
	case q.probe && (status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable):
		v.class = retry // there is one request only
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		v.class = shrink
	case status == http.StatusForbidden && !q.probe && (q.resolved || !q.redirected):
		v.class, v.final = shrink, true
	case !q.probe && !q.resolved && expires(status):
		v.class = reresolve
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status >= 500 && status < 600:
		v.class = retry
	}
	return v
}

// refusesRange says whether some servers answer so to a range, and not to a
// request for the whole.
func refusesRange(status int) bool {
	return status == http.StatusForbidden || status == http.StatusNotFound || status == http.StatusServiceUnavailable
}

// expires says whether a link that has been good may be answered so once its
// time is over, or its credentials.
func expires(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusProxyAuthRequired, http.StatusGone:
		return true
	}
	return false
}

// strikeOut lets the first answer off that cannot be put at an offset, or not
// with any certainty: caches and load balancers have their moments. The second
// in a row is of class then.
func (q question) strikeOut(then class, reason string) verdict {
	v := verdict{class: retry, reason: reason, strike: true}
	if q.strikes > 0 {
		v.class = then
	}
	return v
}

// encoded judges an answer in a content coding that was not asked for. Such
// bytes may be kept, in one piece, but not be put together from parts.
func (q question) encoded(coding string) verdict {
	v := verdict{class: fatal, reason: "it does not send the file in the content coding of before"}
	if coding != "" {
		v.reason = fmt.Sprintf(`it sends the file in the content coding "%s"`, clean(coding, 40))
	}
	if q.probe {
		v.class = noRange
	}
	return v
}
